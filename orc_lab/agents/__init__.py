"""Agents: what a person's past says about their work, as plain functions over the frames of the mirror.

forecast    what every agent hands back: `Forecast`, its `Basis`, its measured `Coverage`
atoms       a predictive distribution as weighted values: quantiles, ties, draws, remaining work
trend       a slope that one odd week can't turn, with its interval
ageing      how old the open work is, beside the person's own cycle times
estimation  how long todos will take
velocity    todos and hours a week
completion  when it will be done, and whether a week fits
health      how a project is doing

No agent asks a clock or a database: `as_of` and frames come in, the same input and seed give the same answer.
"""
