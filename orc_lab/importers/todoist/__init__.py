"""Todoist.

export   the format: a project as CSV, or what the API gives as JSON
as_csv   the CSV: tasks, subtasks, sections, comments
as_json  the JSON: its many shapes, gone through record by record
rows     its projects, tasks and comments, with their history
text     labels, links and days as Todoist writes them
"""
