"""How long todos will take: the person's own estimates, corrected by what became of earlier ones.

estimator  `Estimator`: observe finished work, predict open work and the sum of it
similar    the quick model behind it: what finished work says about one task
accuracy   how good the estimates of the last weeks were, and whether correcting them helped
"""
