"""The one door for edits. Each change is one transaction with its activity and its entry in the change log.

bench      the Workbench: create, update, delete, undo, and the verbs of the others
reader     what it answers: get, find, history, settings
pipeline   a todo's way: match, refine, confirm, done, drop, snooze
weeks      weekly goals: commit, take out, confirm the plan, reflect
sessions   work on a todo: start, stop
record     the activity that a change leaves
options    the settings that held at an instant
undo       take back what was done, as a new edit, and do it again
trash      delete, and bring back what was deleted
reversal   what brings rows back to an earlier state, decided and then done
past       the workbench as of a past instant, to be read
watch      tell subscribers of each change, also of one made by another process
"""
