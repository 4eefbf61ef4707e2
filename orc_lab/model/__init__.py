"""What the words mean, with no database in sight.

entities   the rows a person owns: intentions, projects, todos, weekly goals, commitments, sessions, …
codec      the one parser: mappings and database rows to entities and back
change     what happened to a row: a change, its cells, its transaction
week       ISO weeks in a person's zone and with their day start
clock      days and instants of a person's local time
quick      the short syntax of `orc add`
ids        new and derived identifiers
json_text  JSON text of many small values
spreadsheet  what a spreadsheet must not run, in a table
"""
