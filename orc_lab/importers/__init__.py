"""Bring a history from elsewhere: identify → preview → deduplicate → commit, one transaction, nothing silently lost.

A format is a module with `NAME`, `identify(head, path)` and `read(source, context)`; run.FORMATS lists them. It turns
a file into plain records with their back-dated history; what is odd in a record is a value (an `Issue`), never an
exception, and only a file that can't be read at all raises.

record            the seam: what a format is given (Source, Context) and what it yields (Parsed in a Reading)
source            a file, a paste or bytes, and the text in it, whatever its encoding
values            words, dates, durations and numbers as files write them
fields            one record's fields in the types that a row needs, with what was odd about them
creation_store    the old web app's localStorage: the shapes it comes in, and what of it may be kept
creation_records  its records, gathered
creation_rows     its intentions, projects and todos, with their history
creation_weeks    its weekly goals and what they promise
task_csv          any CSV of tasks
csv_table         a CSV as a table: delimiter, header, rows that don't fit
mapping           which column means what: guessed, a preset, or said by the person
task_dates        how a CSV writes its dates
task_life         what the dates and the status of a task tell of its life
there             what stands in the database already
decide            what is new, what is there already, what is left out and why: a Plan, without writing
write             a Plan's rows with their history and the activities that tell it
report            the plan or the outcome, in numbers and sentences
run               plan, commit
"""
