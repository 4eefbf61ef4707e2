"""All SQL on the person's file. One `sqlite3` library opens it, and nothing else ever does.

database     open, create, transactions, errors in words
migrations/  numbered SQL files, and the code that applies each together with its record
capture      generated triggers: whatever edits a row, the change log knows
change_log   read the log: changes since, by transaction, by row; the clock
history      rows as of an instant; the log replayed from empty
bulk         many rows with their whole history at once, as an import or a sample brings them
provenance   where rows came from: what an import has brought before
repository   get, find, insert, update, delete for every kind of row
"""
