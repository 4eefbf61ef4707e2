"""The command line: `orc COMMAND …`. A command loads what it needs when it is called, and nothing before.

main       run one command: help, errors in one sentence, exit codes
table      the commands as data: what `orc --help` lists, and where each one's code is
output     what people read: aligned columns, clean text, JSON
place      which database: --db, ORC_DB, the workbench folder, the sample life
reading    what people write: days, instants, weeks, hours, field=value
then       --as-of: the same on what was known at a past moment

Each of these holds `do_COMMAND` and `args_COMMAND` (its options) for one topic:
begin      init, set, settings
todos      add, edit, match, refine, confirm, done, drop, reopen, snooze
projects   project and intention: list, add, edit
lists      list, search, show
weeks      week, goal, commit, uncommit, capacity
work       start, stop
past       log, undo, redo
trash      delete, trash: list, restore
imports    import (what a history tells at once is computed in `calibration`)
queries    sql
outlook    estimate, forecast, health (what they say is computed in `answers`)
insights   summary, today, accuracy
knowing    knowledge: list, show, why, forget, learn
backtest   backtest (its histories are read in `histories`)
pages      review, dashboard
reports    report
lab        lab
exports    export
keeping    backup, restore
care       doctor, erase
"""
