"""All SQL on the person's file. One `sqlite3` library opens it, and nothing else ever does.

database     open, create, transactions, errors in words
migrations/  numbered SQL files, and the code that applies each together with its record
capture      generated triggers: whatever edits a row, the change log knows
change_log   read the log: changes since, by transaction, by row; the clock
history      rows as of an instant; the log replayed from empty
past_views   show a connection the past, in place of its tables
references   which rows refer to which
bulk         many rows with their whole history at once, as an import or a sample brings them; shape, telling: how
removal      many rows that nothing refers to gone at once
provenance   where rows came from: what an import has brought before
copies       whole copies: made while it is in use, checked, poured back
shelf        where backups stand, and what their names say
external     edits that nothing recorded: found, and recorded
examine      what the doctor asks, and how it is mended
repository   get, find, insert, update, delete for every kind of row
web_storage  a page's localStorage in a Firefox profile, from a copy
snapshot     one state of a whole database, row by row, for an export
load         a whole database, its log included, where there is none yet
uncollected  many rows at once, without the garbage collector
meeting      what two databases must know of each other to be merged
syncing      what sync reads and writes: the log since it was sent, what the server holds; comparing: all of it compared
sharing      what is shared, and what left; losers: values that lost against another; sync_view: how each row stands
"""
