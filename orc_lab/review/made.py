"""How each number of a review is made: its rule in a line, and whose rule it is."""

from __future__ import annotations

from orc_lab.agents.completion.workload import TARGET
from orc_lab.agents.estimation.estimator import DRAWS
from orc_lab.agents.forecast import NOMINAL
from orc_lab.agents.health.rules import BASE, MIN_DONE, OVERDUE_CAP
from orc_lab.agents.velocity.throughput import SCENARIOS
from orc_lab.review.blocks import Definition
from orc_lab.review.facts import ACCURACY_WEEKS, USUAL_WEEKS

UNDATED = (
    "{todos:# imported todo|# imported todos} ended without a date that the file tells: left out of every figure over "
    "time."
)
THROUGHPUT = Definition(
    term="Todos done",
    rule=f"Todos completed in your week, Monday to Sunday. A usual week is the median of the {USUAL_WEEKS} complete "
    "weeks before it, weeks in which nothing was done included; half of them lie between the quartiles.",
    source="Kanban Guide",
)
HOURS = Definition(
    term="Hours worked",
    rule="Tracked sessions that began in the week, and what you noted beside them of the todos done in it. In tables "
    "the hours of a todo are all that it took, also in earlier weeks.",
    source="own definition",
)
RATE = Definition(
    term="Plan held",
    rule="Done ÷ (done + open + dropped) of the todos promised for the week before its plan froze: when you confirmed "
    "it, at latest 24 hours after the week began. What was done beside the plan is counted apart.",
    source="Scrum and GTD usage",
)
CARRY = Definition(
    term="Carried over",
    rule="Promised todos that are open when the week ends. Weeks before: the earlier weeks that they were promised "
    "for.",
    source="Scrum usage",
)
FIT = Definition(
    term="Next week fits",
    rule=f"Share of {DRAWS:,} scenarios in which the hours left of the proposed todos, corrected by your past, are at "
    "most the hours that one of your own weeks brings, scaled by its holidays. Proposed is what is promised, due or "
    "carried over, then what was begun or matters most, as long as there is room. Left out is the smallest set, what "
    f"isn't due and low priority first, without which it fits in {TARGET:.0%} of scenarios.",
    source="Evidence-based scheduling; own thresholds",
)
RATIO = Definition(
    term="Actual ÷ estimate",
    rule="Hours that a finished todo took ÷ the estimate it had when work on it began; the median of the todos "
    f"finished in the last {ACCURACY_WEEKS} weeks.",
    source="SiP data (arXiv 1901.01621)",
)
COVERAGE = Definition(
    term="Bands",
    rule=f"An {NOMINAL:.0%} band should hold {NOMINAL:.0%} of times. Each finished todo is forecast again from what "
    "was finished on days before it was written down; the interval around the measured share is Wilson's.",
    source="E. B. Wilson, JASA 1927",
)
FORECAST = Definition(
    term="The weeks ahead",
    rule=f"Todos done in {SCENARIOS:,} scenarios from several models of your own past (weeks worked or not, and what "
    "followed past weeks like these), in shares that follow how well each has done so far. How often such bands held "
    "in your own past stands beside them.",
    source="Kanban Guide; own backtest",
)
AGE = Definition(
    term="Ageing work",
    rule="Days since work began, or since the todo was written down, beside your own finished todos by the same clock: "
    "old is what is older than 85% of them got.",
    source="Vacanti, Actionable Agile Metrics",
)
HEALTH = Definition(
    term="Health",
    rule=f"{BASE}, moved by the patterns that hold, each with its evidence, between 0 and 100; at most {OVERDUE_CAP} "
    f"when overdue, no score under {MIN_DONE} finished todos. The adjustments are starting points.",
    source="Linear's labels; own patterns",
)
ON_TIME = Definition(
    term="P(on time)",
    rule="Share of scenarios in which everything of the project is closed by the end of its due day: the hours left, "
    "corrected by your past, at the pace of the project and yours, with what usually comes into it and without what is "
    "usually dropped, corrected by how your earlier plans went.",
    source="Evidence-based scheduling",
)

ALL = (THROUGHPUT, HOURS, RATE, CARRY, FIT, RATIO, COVERAGE, FORECAST, AGE, HEALTH, ON_TIME)
