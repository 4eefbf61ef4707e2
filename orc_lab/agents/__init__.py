"""Agents: what a person's past says about their work, as plain functions over the frames of the mirror.

forecast    what every agent hands back: `Forecast`, its `Basis`, its measured `Coverage`
atoms       a predictive distribution as weighted values: quantiles, ties, draws, remaining work
estimation  how long todos will take: `Estimator`, and the walk through one's own past
accuracy    how good the estimates of the last weeks were, and whether correcting them helped
similar     the model behind it: what finished work says about one task
velocity    todos and hours a week: level, trend, and what the next weeks will bring
trend       a slope that one odd week can't turn, with its interval
ageing      how old the open work is, beside the person's own cycle times
workload    does this week fit, and what is the smallest cut that makes it fit
project     the facts about one project at an instant: `ProjectSnapshot`
health      a score from 80 by patterns, each with its evidence
risks       what threatens a project, and the steps against it

No agent asks a clock or a database: `as_of` and frames come in, the same input and seed give the same answer.
"""
