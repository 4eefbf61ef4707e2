"""How long todos will take: the person's own estimates, corrected by what became of earlier ones.

estimator  `Estimator`: observe finished work, predict open work and the sum of it
memory     finished tasks in order, the oldest forgotten; which estimates mean something
habit      whether finished tasks still tell how the person works
similar    the quick model behind it: what finished work says about one task
forest     which finished tasks resemble a task, by what `past` knew before each
pool       the opinions thrown together
accuracy   how good the estimates of the last weeks were, and whether correcting them helped
"""
