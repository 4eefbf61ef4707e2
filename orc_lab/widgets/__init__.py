"""Widgets: what a person edits in a notebook, as a plain model that needs no browser and a small page that shows it.

asked      what a page asks to see: filters and how much of each column, read from an untrusted message
cards      a todo as a card, and what a page shows of a database: columns, cards, what can be undone
changes    what a page asks to be done, as calls of the workbench, each one edit
board      the board: pages that follow a database, messages in, states and patches out
typed      what a line says while it is being typed
estimates  how long it will take by the person's own past, computed beside the page
notebook   the board as a widget of a notebook, with what is left of it where no kernel runs
static     the page: one ES module and its style a widget
"""
