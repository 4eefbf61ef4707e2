"""Super Productivity.

backup  the format: its sections, and what of them may be kept
tasks   its tasks, with their history
rows    its projects, repeating tasks and notes
"""
