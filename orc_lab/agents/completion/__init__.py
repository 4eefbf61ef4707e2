"""When will it be done, and does it fit?

dates       the next n todos, from the days on which earlier ones were done: `forecast_completion`
project     a project or a set of todos, and what-ifs: `project_completion`
ontime      P(on time), what to cut for it, and the safe day: the one definition
workload    does this week fit, and what is the smallest cut that makes it fit

pace        days with work, todos a day, weekdays: the scenarios of `dates`
record      how own forecasts have missed, and forecasts corrected by it
lifetimes   how long todos stay open, how many are dropped
simulation  hours against pace, and the todo that is left lying: the scenarios of `project`
plan, look  what a plan's past says; a plan looked at once for all questions
outcome     what is said of a plan
"""
