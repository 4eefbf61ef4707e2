"""Super Productivity.

backup     the format: its sections, and what of them may be kept
tasks      its tasks, with their history
described  what a task tells beside its life: estimate, project, tags, when it is due
rows       its projects, repeating tasks and notes
"""
