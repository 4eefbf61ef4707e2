"""What the report of one agent says: its numbers in words, tables and figures, each with how it is made.

document    a report as data, and its head as HTML
velocity    level and trend, the weeks ahead, how such forecasts held, pauses and holidays
estimation  estimates against hours, whether the bands held, where they are no better than the person
health      each project's score with its evidence, risks with steps, chances, and the score over time
reading     from a database to a report
"""
