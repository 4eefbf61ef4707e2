"""The backtest lab: a history walked forward, each forecast made only from what was known on days before it.

history   a person's tasks as every forecast takes them, and what of them was known when
scores    how a forecast is judged: pinball loss, CRPS, coverage with ties, ratios with intervals, AUC, Brier
simple    the methods to beat: own estimate, ratio-50, log–linear, bootstrap of weeks, average rate, Monte Carlo
result    scores in rows, rows in families; as a table and as JSON
estimates single todos
sums      plans of several todos
weeks     todos and hours of the weeks ahead
dates     the day on which so many todos will be done
trouble   projects whose remaining work overruns
orders    whose order of work finishes more projects on time, simulated
run       `backtest`: all of it

Everything forecasts through the same public calls that anybody else would use.
"""
