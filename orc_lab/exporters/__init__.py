"""Take everything along: a database's rows and its whole history in formats that other programs read.

run          `export`: which format, what of it, to where; the report
leftovers    what a killed export has left, known by its name and age
target       files that nobody sees half-written, standard output, what is there already
words        what files of any kind hold: local and UTC times, cells that no spreadsheet runs
orc_json     everything, to be imported again as it was
tables_csv   a file a table, and tasks.csv as the importer and the backtest read it
parquet      a file a table, types kept
ical         todos and projects as VTODO, sessions and weeks as VEVENT
calendar     content lines of RFC 5545: escaped, folded
summary      open work, this week and the last ones, in Markdown
"""
