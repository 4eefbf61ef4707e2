"""The sample life: a deterministic, realistic year of one fictional person, for a look around and for benchmarks.

catalogue  who the person is: intentions, projects with their fate, what there is to do in each, what one says of a week
seasons    the weeks of a life: holidays, sick days, when a week is planned, how many todos it brings
days       the simulation of one pair of hands: capture, refine, plan, work, carry over, drop
life       `life` (a life as dated events), `write` (through the workbench), `make` (a database file)
"""
