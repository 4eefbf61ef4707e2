"""Files of org-mode.

files    the format
outline  settings, headings, drawers, clocks, log
tree     which heading is a todo or a project, and how it is known again
life     what a heading's stamps and log tell of its life
stamps   stamps and durations
"""
