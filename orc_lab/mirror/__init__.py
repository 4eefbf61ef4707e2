"""The mirror: what a database holds, in DuckDB and in memory, for questions about all of it at once.

duck      `Mirror`: loaded from SQLite, kept up with its change log, queried read-only
load      rows from SQLite into DuckDB, column by column
past      what a mirror of an earlier instant holds
local     instants in the person's local time, a whole column at once
features  `frames`: the tables that agents, charts and the review compute on
metrics   what the words of a page mean: one definition, one function
parquet   rows to Parquet files
"""
