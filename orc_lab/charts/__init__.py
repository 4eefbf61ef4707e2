"""Charts: every figure a function of data, and pages that ask nobody for anything.

theme      the template, the palette, and what every figure starts from
marks      what several figures draw: ribbons, reference lines, time axes
plan       a week's plan against what it took; what is carried over
flow       throughput with its forecast, arrivals against departures, cumulative flow
estimates  estimates against actual hours, their ratio over time, calibration of the bands
ages       ageing work and cycle times
projects   health by project
backtest   how models did against simpler ones on a history
rhythm     the hours of the week in which work happens
legend     the key to a figure's colours in HTML
offline    figures as HTML fragments, the script they need, a page around them, cells of notebooks
quiet      Plotly's own figures without the button that uploads them
look       what the dashboard shows, computed once
dashboard  all figures on one page
png        figures as pictures
files      files that a reader never sees half-written
"""
