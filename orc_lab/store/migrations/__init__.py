"""Numbered SQL files, applied in order. A released one is never edited: a later one mends it.

Each is committed together with its record in `schema_migrations`; the triggers are rebuilt in the same transaction,
for a table that a migration rebuilds loses its own. What a migration changes in rows is captured like any edit, but for
the columns and tables that it has just made: a new captured column starts empty, and a later migration fills it.
"""
