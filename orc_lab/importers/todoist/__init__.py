"""Todoist.

export       the format: a project as CSV, a backup of them, or what the API gives as JSON
as_csv       CSVs: a file, or all of a backup
csv_project  the project that a CSV holds
csv_rows     its rows: tasks, subtasks, sections, comments
as_json      the JSON: its many shapes, gone through record by record
task         what a task of the API tells of itself
rows         its projects, tasks and comments, with their history
text         labels, links and days as Todoist writes them
"""
