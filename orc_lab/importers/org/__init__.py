"""Files of org-mode.

files    the format
outline  settings, headings, drawers, clocks, log
walk     which heading is a todo or a project, and how it is known again
tree     the records: projects, todos, sessions, notes
entry    what a heading tells beside its life: title, text, effort, days, priority
life     what a heading's stamps and log tell of its life
stamps   stamps and durations
"""
