"""What to work on next, and whether following that pays.

rule            the numbers of the rule that orders the work, and its index
correction      what a task will really take, learned with every finished one
columns         rows of a frame, or mappings, as plain columns
backlog         open work as given: a frame of tasks or of projects, what can be begun and what can't
plan            the answer: the order with its terms and reasons, and what is left out
scheduler       `Scheduler`: learns from finished tasks, chooses among open projects
policies        how people choose otherwise: priority, first come, earliest due, shortest, at random, least slack
simulate        each way of choosing on the same made-up arrivals of real tasks: the share of projects on time
counterfactual  what one action would change in this person's open work
effects         what following an advice is expected to change, by its rule
daily           what to do today: risks first, then optimisations
followed        what the person did with it, what became of it, and what that says of a rule
"""
