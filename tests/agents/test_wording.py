"""One is one: no sentence of an agent says “1 weeks”, and no two lines of a list read alike."""

import re
from datetime import date, datetime
from itertools import product
from math import nan

import numpy as np
import pytest

from orc_lab.agents.backtest.result import Backtest
from orc_lab.agents.completion.dates import Completion, forecast_completion
from orc_lab.agents.completion.ontime import OnTime
from orc_lab.agents.completion.outcome import Change
from orc_lab.agents.estimation.accuracy import Accuracy, accuracy
from orc_lab.agents.estimation.walk import walk_forward
from orc_lab.agents.forecast import Basis, Coverage, Forecast, amount
from orc_lab.agents.health.trouble import HealthModel
from orc_lab.agents.knowledge.advice import Commit, DeepWork, Style
from orc_lab.agents.knowledge.base import KnowledgeBase
from orc_lab.agents.knowledge.entry import Parameter
from orc_lab.agents.knowledge.show import EntryView
from orc_lab.agents.ledger.entry import DAYS, HOURS, PROBABILITY, TODOS, Model
from orc_lab.agents.ledger.guard import _GRID, Recalibration
from orc_lab.agents.ledger.standing import Standing
from orc_lab.agents.trend import trend
from orc_lab.agents.velocity.pace import Rate, velocity
from orc_lab.agents.velocity.throughput import forecast_total
from orc_lab.errors import NotFound
from tests.agents.lives import AS_OF, finished, open_tasks, weekly

ONES = re.compile(
    r"(?<![\d.,–-])1 (?:more |complete |earlier |estimated |finished )?"
    r"(?:weeks|days|months|hours|todos|tasks|times|forecasts|actions|dates|persons|stretches|entries|rows)\b"
)
ONE = Coverage(nominal=0.8, hits=1.0, n=1)
NOW = datetime(2026, 11, 23, 8)


def standing(model: str, unit: str, n: int = 1, still: int = 1) -> Standing:
    return Standing(
        model=model, unit=unit, n=n, forecasts=n, censored=0, waiting=0, open=still, void=0,
        coverage=None if unit in (DAYS, PROBABILITY) else ONE, held=(ONE,) if unit == DAYS else (), crps=1.0, brier=0.2,
        brier_of_base=0.2, reliability=(),
    )  # fmt: skip


def rate(value: float, unit: str) -> Rate:
    return Rate(unit=unit, weeks=1, median=value, q25=value, q75=value, trend=trend(np.ones(1), unit=unit))


def sentences() -> list[str]:
    """What the agents say where there is one of everything."""
    one_week = weekly(finished(1, days=5.0))
    forecast = Forecast(
        subject="a", unit="todos", as_of=NOW, quantiles={0.1: 0, 0.5: 1, 0.9: 2}, basis=Basis.PRIOR, n=1
    )
    accurate = Accuracy(as_of=NOW, weeks=1, n=1, median_ratio=1.0, within_quarter=1.0, mae_own=1.0, mae_corrected=1.0,
                        coverage=ONE)  # fmt: skip
    completion = Completion(
        subject="a", today=date(2026, 11, 23), days={0.5: 1.0}, basis=Basis.PRIOR, n=1, coverage=ONE
    )
    guard = Recalibration(model="estimate", measured=ONE, one_sided=False, applied=True, since=1,
                          worth=tuple(_GRID.tolist()))  # fmt: skip
    return [
        ONE.sentence, forecast.sentence, accurate.sentence, completion.sentence, guard.sentence,
        accuracy(walk_forward(finished(0)), as_of=AS_OF, weeks=1).sentence,
        forecast_completion(["2026-11-01"], "2026-11-23", 1).sentence,
        *(standing(model, unit, n, still).sentence for model, unit, n, still in
          product(("estimate", "throughput"), (HOURS, TODOS, DAYS, PROBABILITY), (0, 1), (0, 1))),
        *(rate(1.0, unit).sentence for unit in ("todos", "h")), velocity(one_week, AS_OF).todos.sentence,
        *forecast_total(one_week, AS_OF, horizon=1).evidence, forecast_total(one_week, AS_OF, horizon=1).sentence,
        HealthModel().observe(finished(29)).score(open_tasks(1), as_of=AS_OF).needs,
        Commit(hours=1.0, todos=1.0, held=0.5, weeks=1).sentence,
        DeepWork(start=9, end=12, part=0.5, days=(), weeks=1).sentence,
        Style(block_minutes=50, wip_limit=1, switches=1.0, planned=0.5, n=1).sentence,
        KnowledgeBase().rule("a rule").sentence,
        *(Parameter(name="a", value=1.0, unit=unit, shipped=None).shown for unit in ("days", "todos", "h", "")),
        EntryView(name="a", label="a", version=1, learned_from=1, parameters=(), evidence=(), reasons=()).sentence,
        Backtest(source="a", persons=1, finished=1, seed=0, families=()).sentence,
    ]  # fmt: skip


def test_what_is_one_is_said_in_the_singular():
    told = sentences()
    assert [each for each in told if ONES.search(each)] == []
    assert sum("1 " in each for each in told) > 20, "the test has something to look at"


@pytest.mark.parametrize(("value", "unit", "told"), [
    (1, "weeks", "1 week"), (1.0, "h", "1 h"), (0.996, "days", "1 day"), (-1, "days", "-1 day"),
    (1.04, "todos", "1 todo"), (0, "weeks", "0 weeks"), (1234, "times", "1,234 times"), (1.5, "days", "1.5 days"),
    (1, "", "1"), (11, "times", "11 times"),
])  # fmt: skip
def test_an_amount_reads_as_people_write_it(value, unit, told):
    assert amount(value, unit) == told


def test_todos_and_hours_of_a_week_can_be_told_apart():
    told = [standing(Model.THROUGHPUT, unit, n).sentence for unit in (TODOS, HOURS) for n in (0, 1)]
    assert [each.partition(":")[0] for each in told] == [*["throughput of todos"] * 2, *["throughput of hours"] * 2]
    assert standing(Model.ESTIMATE, HOURS).sentence.startswith("estimate: ")


def test_who_seeks_a_recommendation_is_sent_to_today():
    assert "`orc today`" in str(NotFound("recommendation", "4f2a9c"))
    assert "`orc list`" in str(NotFound("todo", "4f2a9c"))


def change(low: float, middle: float, high: float, p: tuple[float, float, float] = (nan, nan, nan)) -> str:
    after = Completion(subject="a", today=date(2026, 11, 23), days={0.5: 1.0}, basis=Basis.PRIOR, n=1)
    p_change, p_low, p_high = p
    return Change(
        after=after, sooner={0.1: low, 0.5: middle, 0.9: high}, p_after=0.4 + p_change, p_change=p_change, p_low=p_low,
        p_high=p_high,
    ).sentence  # fmt: skip


@pytest.mark.parametrize(("days", "told"), [
    ((0, 0, 0), "no change of the date"),
    ((-10, 0, 0), "no change of the date at the median (80%: 0 to 10 days later)"),
    ((0, 0, 1), "no change of the date at the median (80%: 0 to 1 day sooner)"),
    ((-10, -3, -1), "3 days later at the median (80%: 1 to 10 days later)"),
    ((0, 2, 12), "2 days sooner at the median (80%: 0 to 12 days sooner)"),
    ((-4, 1, 6), "1 day sooner at the median (80%: 4 days later to 6 days sooner)"),
    ((3, 3, 3), "3 days sooner"),
])  # fmt: skip
def test_a_change_of_days_reads_as_people_say_it(days, told):
    assert change(*days) == told


def test_a_change_of_the_chance_has_its_interval():
    won = change(0, 0, 0, (0.05, 0.02, 0.08))
    assert won.endswith("; the chance of being on time becomes 45% (+5 points, 95% between +2 and +8)")
    assert change(0, 0, 0, (0.0, 0.0, 0.0)).endswith("; the chance of being on time stays 40%")


def test_no_trend_is_not_said_in_signed_zeros():
    flat = trend(np.full(8, 3.0), unit="todos a week").sentence
    assert flat == "no evidence of a trend (under 0.01 todos a week each week)"
    rising = trend(np.arange(8.0), unit="todos a week").sentence
    assert rising.startswith("rising (+1 todos a week each week, 90% between +1 ")
    low = trend(np.array([1.0, 1, 2, 2, 2, 3]), unit="points", step="5 days").sentence
    assert "points every 5 days" in low
    assert not re.search(r"[+-]0\b(?!\.)", low)


def test_chances_of_trouble_are_named_in_words():
    told = [standing(model, PROBABILITY).sentence for model in Model if model.startswith(("trouble", "week"))]
    assert len(told) == 4
    assert all(each.startswith("chance ") for each in told)
    assert not any("trouble:" in each for each in told)


def test_a_total_names_its_unit_once():
    told = forecast_total(weekly(finished(60)), AS_OF, horizon=4)
    assert told.sentence.startswith("the next 4 weeks together: ")
    assert told.sentence.count("todos") == 1


def test_that_all_must_go_is_no_advice():
    def told(cut: int, open: int = 12) -> str:
        ids = tuple(map(str, range(cut)))
        return OnTime(p=0.02, cut=ids, p_after=1.0, p_worked=0.1, safe_days=nan, open=open).sentence

    assert told(12) == "On time with a chance of 2%; no cut that leaves something is enough"
    assert told(3) == "On time with a chance of 2%; without 3 todos >99%"
    assert told(0) == "On time with a chance of 2%"
