"""Any CSV of tasks, or of time worked.

tasks    the format
entries  time worked: entries as sessions, their todos
table    a CSV as a table: delimiter, header, rows that don't fit
mapping  which column means what: guessed, a preset, or said by the person
dates    how a CSV writes its dates
life     what the dates and the status of a task tell of its life
"""
