"""Taskwarrior and Timewarrior.

export       the format: an export of Taskwarrior
survey       what must be known of all its tasks: projects, and which attribute is the estimate
rows         a task of it, what it depends on, its annotations
timewarrior  a format of its own: intervals of work, joined to todos by their tags
"""
