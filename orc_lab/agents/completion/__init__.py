"""When will it be done, and does it fit?

workload  does this week fit, and what is the smallest cut that makes it fit
"""
