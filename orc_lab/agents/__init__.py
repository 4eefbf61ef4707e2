"""Agents: what a person's past says about their work, as plain functions over the frames of the mirror.

forecast    what every agent hands back: `Forecast`, its `Basis`, its measured `Coverage`
given       times, names and numbers as others hand them over, read alike by every agent
atoms       a predictive distribution as weighted values: quantiles, ties, draws, remaining work
trend       a slope that one odd week can't turn, with its interval
ageing      how old the open work is, beside the person's own cycle times
estimation  how long todos will take
hours       how long one todo will take, as every screen says it
velocity    todos and hours a week
completion  when it will be done, and whether a week fits
health      how a project is doing
knowledge   what was learned from what the person did, in ten readable parts
ledger      every forecast that was shown, what came true, and how well the bands held
insight     what all agents together say about a project
recommend   what to work on next, and whether following that pays
backtest    how every model would have done on a history, beside what is simpler
desk        what a screen sits down at: all that is known, caught up, and kept when shown

No agent asks a clock or a database: `as_of` and frames come in, the same input and seed give the same answer.
"""
