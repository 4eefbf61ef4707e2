"""The weekly review: what a week was, what is at risk and what to do next, as a notebook that becomes a page.

when      which week, and from which instant
reading   from a database to the frames of a week and its review
facts     everything that a review says, computed once
monday    what next week brings, in which order and why
first     the four answers of the first screen
tiles     the key numbers
back      the sections that look back: done, plan, carried over, estimates
ahead     the sections that look ahead: throughput, ageing, health, next week
made      how each number is made
forecasts the forecasts that it shows, as entries of the ledger
weekly    `weekly_review`: all of it together, a pure function of frames
sentence  sentences that keep the values they show; how numbers are written
blocks    what a review is made of, and its JSON
tables    frames as rows of plain values
page      a review as HTML (`templates/review.css` is its style)
view      what the notebook's cells show
notebooks where the notebooks are
kernel    a kernel of this Python for one run
warm      what that kernel loads while it is connected to
execute   run a notebook on it with papermill
export    the executed notebook as page, notebook and JSON, through nbconvert (`templates/index.html.j2`)
publish   `publish`: execute, export, and put the three files into place
own_files which files in a folder of reports or notebooks orc has written
report    the same for the report of one agent; `reports` holds what each says
"""
