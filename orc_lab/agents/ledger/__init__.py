"""The ledger: every forecast that was shown, what came true, and how well the bands held.

`entry` is what a forecast says, of what, as of when; `record` keeps it; `truth` finds what came true, `scores` weighs
it, `settle` writes both down; `standing` tells how well a model has held; `guard` mends levels that have not held.
"""
