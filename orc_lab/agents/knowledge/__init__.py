"""The knowledge base: what was learned from what a person did, readable, with its reasons, and to be forgotten.

Two concepts. An *action* is something that happened (a project completed, an estimate corrected, a week closed); an
*entry* holds parameters that start at shipped values and move with each action. Ten parts hold the entries, and each
part changes an output: a score, an estimate, an order, an advice.

parts     the ten parts: what each is and which output uses it
action    what can be learned from
shrink    shares, means and points that start at a shipped value worth a few observations
entry     a name's parameters and the actions behind them: learn, why, forget
projects  what projects teach: patterns, success metrics, risk indicators, rules of advice
tasks     what todos teach: corrections of estimates, what comes first, ways through the pipeline
users     what days and weeks teach: hours of focus, weeks held, style of work
base      `KnowledgeBase`: learn, why and forget over all parts, and what later outputs ask it
advice    what follows for a person: a project beside earlier ones, hours to commit, hours for deep work
ways      unusual ways of todos through the pipeline, and the way to suggest
context   the plain numbers of an action, taken from the frames of the mirror
midway    how a finished project looked half-way
agent     `AgentKnowledge`: the knowledge base of a database, which catches up with what happened
"""
