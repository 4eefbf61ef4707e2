"""Where the server keeps accounts, devices, records and their numbers. All SQL of the server is in this room.

contract     what a store does, and what it keeps
sql          a transaction, in SQL that SQLite and PostgreSQL both know
schema       the tables
sqlite       a file, or memory
postgres     a database that several server processes share
opening      a store by its name
"""
