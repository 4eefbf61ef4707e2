"""Taskwarrior and Timewarrior.

export       the format: an export of Taskwarrior
survey       what must be known of all its tasks: projects, and which attribute is the estimate
rows         a task of it, what it depends on, its annotations
life         what a task tells of itself, as the fields of a todo and the steps of its life
templates    the templates of recurring tasks
timewarrior  a format of its own: intervals of work, joined to todos by their tags
"""
