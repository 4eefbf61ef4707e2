"""Bring a history from elsewhere: identify → preview → deduplicate → commit, one transaction, nothing silently lost.

A format is a module with `NAME`, `identify(head, path)` and `read(source, context)`; run.FORMATS lists them. It turns
a file into plain records with their back-dated history; what is odd in a record is a value (an `Issue`), never an
exception, and only a file that can't be read at all raises.

record    the seam: what a format is given (Source, Context) and what it yields (Parsed in a Reading)
reading   what formats share: a file's text, words, dates, durations, fields of a record
creation, super_productivity, taskwarrior, todoist, org, tables    the formats, a folder each
own       what `orc export` wrote: a whole workbench with its log
there     what stands in the database already
rows      a record as the row that it becomes: checked, in plain values, and in a line to be read
packed    rows that wait to be written, packed
decide    what is new, what is there already, what is left out and why: a Plan, without writing
revision  what of a record that changed since it was imported is taken over
write     a Plan's rows with their history and the activities that tell it
kept      the copy of the file, beside the database
report    the plan or the outcome: in numbers and sentences, and record by record
run       plan, commit
"""
