"""Each definition against numbers worked out by hand, and against the laws it has to keep."""

from datetime import datetime
from math import isnan, log

import pandas as pd
import pytest

from orc_lab.mirror import metrics
from orc_lab.mirror.duck import Mirror
from orc_lab.mirror.features import Frames, frames
from orc_lab.model.clock import Clock
from orc_lab.model.entities import Status
from orc_lab.model.week import Week
from orc_lab.workbench.bench import Workbench
from tests.mirror import story
from tests.mirror.conftest import CLOCK, Lived
from tests.mirror.story import W44, W45, W46, at

STAGES = [str(status) for status in Status]


@pytest.fixture
def known(bench: Workbench) -> Frames:
    story.tell(bench)
    with Mirror(bench.db) as mirror:
        return frames(mirror, at("11-11 12:00"), CLOCK)


@pytest.fixture
def nothing(bench: Workbench) -> Frames:
    with Mirror(bench.db) as mirror:
        return frames(mirror, at("11-11 12:00"), CLOCK)


def test_completion_rate(known: Frames) -> None:
    first, second, third = (metrics.completion_rate(known.commitments, week) for week in (W44, W45, W46))
    assert (first.planned, first.done, first.open, first.rate) == (1, 0, 1, 0.0)
    assert (first.unplanned, first.unplanned_done) == (1, 1)
    assert (second.planned, second.done, second.open, second.dropped, second.rate) == (2, 1, 1, 0, 0.5)
    assert (third.planned, third.done, third.rate) == (2, 1, 0.5)
    assert isnan(metrics.completion_rate(known.commitments, W46 + 1).rate)


def test_completion_rates_are_those_of_the_weeks(lived: Lived) -> None:
    found = metrics.completion_rates(lived.frames.commitments)
    assert len(found) > 10
    for row in found.itertuples():
        each = metrics.completion_rate(lived.frames.commitments, Week.parse(str(row.week)))
        assert (row.planned, row.done, row.open, row.dropped) == (each.planned, each.done, each.open, each.dropped)
        assert row.planned + row.unplanned == (lived.frames.commitments["week"] == row.week).sum()
        assert row.rate == pytest.approx(each.rate, nan_ok=True)


def test_carry_over(known: Frames) -> None:
    found = metrics.carry_over(known.commitments, W45)
    assert (found.committed, found.rate, found.items["todo_id"].to_list()) == (2, 0.5, ["clean"])
    assert metrics.carry_over(known.commitments, W44).items["todo_id"].to_list() == ["paper"]
    assert isnan(metrics.carry_over(known.commitments, W46 + 1).rate)


def test_the_longest_carried_comes_first(lived: Lived) -> None:
    weeks = [metrics.carry_over(lived.frames.commitments, lived.frames.week - back) for back in range(1, 20)]
    assert any(len(each.items) > 1 and each.items["carried"].nunique() > 1 for each in weeks)
    assert all(each.items["carried"].is_monotonic_decreasing for each in weeks)


def test_carry_survival(known: Frames) -> None:
    over = known.commitments[known.commitments["week"] < str(W46)]
    assert metrics.carry_survival(over).to_dict("list") == {
        "carried": [0, 1], "committed": [3, 1], "open": [2, 0], "share": [2 / 3, 0.0],
    }  # fmt: skip


def test_estimate_ratios(known: Frames) -> None:
    found = metrics.estimate_ratios(known.finished)
    assert found["id"].to_list() == ["call", "paper"]  # what has no estimate has no ratio
    assert found["ratio"].to_list() == [1.5, 7 / 4]
    assert found["log_ratio"].to_list() == pytest.approx([log(1.5), log(7 / 4)])


def test_net_flow(known: Frames) -> None:
    found = metrics.net_flow(known.weekly)
    assert found["arrivals"].to_list() == [2, 2, 1]
    assert found["departures"].to_list() == [1, 2, 1]
    assert found["open"].to_list() == [1, 1, 1]


def test_cumulative_flow(known: Frames) -> None:
    flow = metrics.cumulative_flow(known.events, known.tasks, known.now).set_index("day")
    assert list(flow.columns) == STAGES
    assert (flow.index[0], flow.index[-1]) == (datetime(2026, 10, 26), datetime(2026, 11, 11))
    assert flow.loc["2026-10-27"].to_dict() == dict.fromkeys(STAGES, 0) | {"committed": 1, "dumped": 1}
    assert flow.loc["2026-11-01"].to_dict() == dict.fromkeys(STAGES, 0) | {"committed": 1, "done": 1}
    assert flow.iloc[-1].to_dict() == dict.fromkeys(STAGES, 0) | {"refined": 1, "done": 3, "dropped": 1}


def test_the_flow_ends_where_the_todos_are(lived: Lived) -> None:
    tasks, events = lived.frames.tasks, lived.frames.events
    flow = metrics.cumulative_flow(events, tasks, lived.frames.now)
    assert flow[STAGES].iloc[-1].to_dict() == {stage: int((tasks["status"] == stage).sum()) for stage in STAGES}
    assert (flow[STAGES] >= 0).all(axis=None)
    assert flow["day"].diff().dropna().eq(pd.Timedelta(days=1)).all()
    born = tasks["created"].dt.normalize().value_counts().sort_index().cumsum()
    assert flow.set_index("day")[STAGES].sum(axis=1).reindex(born.index).to_list() == born.to_list()


def test_the_flow_goes_on_to_the_day_of_the_page(known: Frames) -> None:
    later = datetime(2026, 11, 29, 23)
    flow = metrics.cumulative_flow(known.events, known.tasks, later)
    assert flow["day"].iloc[-1] == datetime(2026, 11, 29)
    assert flow[STAGES].iloc[-20:].nunique().eq(1).all(), "nothing changed since"
    assert flow[STAGES].iloc[-1].sum() == len(known.tasks)


def test_todos_without_events_flow_too(lived: Lived) -> None:
    tasks, events = lived.frames.tasks, lived.frames.events
    for told in (events.iloc[:0], events[events["old"].notna()], events.iloc[::2]):
        flow = metrics.cumulative_flow(told, tasks, lived.frames.now)
        assert flow[STAGES].iloc[-1].sum() == len(tasks)
        assert (flow[STAGES] >= 0).all(axis=None)
    untold = metrics.cumulative_flow(events.iloc[:0], tasks, lived.frames.now)
    assert untold[STAGES].iloc[-1].to_dict() == {stage: int((tasks["status"] == stage).sum()) for stage in STAGES}


def test_cycle_times(known: Frames) -> None:
    found = metrics.cycle_times(known.tasks, known.events).set_index("id")
    assert found.index.to_list() == ["call", "paper", "clean"]
    assert found["basis"].astype(object).where(found["basis"].notna(), None).to_list() == [None, "committed", None]
    assert found.loc["paper", "cycle_days"] == pytest.approx(8 + 1 / 24)
    assert found.loc["paper", "lead_days"] == pytest.approx(8 + 2 / 24)
    assert found["cycle_days"].isna().to_list() == [True, False, True]
    begun = metrics.cycle_times(known.tasks, known.events.iloc[:0]).set_index("id")
    assert begun.loc["paper", "basis"] == "started"
    assert begun.loc["paper", "cycle_days"] == pytest.approx(7 + 2 / 24)


def test_cycle_times_are_within_lead_times(lived: Lived) -> None:
    found = metrics.cycle_times(lived.frames.tasks, lived.frames.events)
    assert len(found) == len(lived.frames.finished)
    timed = found.dropna()
    assert len(timed) > 50
    assert (timed["cycle_days"] >= 0).all()
    assert (timed["cycle_days"] <= timed["lead_days"]).all()


def test_progress(known: Frames) -> None:
    found = metrics.progress(known.tasks, pd.Series({0: 5.0, 4: 10.0}))
    # paper 5 and clean (unknown: the median of 5 and 10) are done, plan 10 is open, idea was dropped
    assert found.to_dict("records") == [
        {"project_id": "p", "project": "Thesis", "done_hours": 12.5, "scope_hours": 22.5, "progress": 12.5 / 22.5}
    ]


def test_progress_without_any_estimate_counts_todos(known: Frames) -> None:
    bare = known.tasks.assign(estimate_hours=float("nan"))
    found = metrics.progress(bare, pd.Series(dtype="float64"))
    assert (found["done_hours"][0], found["scope_hours"][0]) == (2.0, 3.0)


def test_focus(known: Frames) -> None:
    found = metrics.focus(known.sessions, CLOCK)
    assert len(found) == 168
    assert found["hours"].sum() == pytest.approx(known.sessions["hours"].sum())
    assert found["share"].sum() == pytest.approx(1.0)
    worked = found[found["hours"] > 0].set_index(["weekday", "hour"])["hours"].to_dict()
    assert worked == pytest.approx(
        {(0, 9): 1.0, (1, 9): 2.0, (1, 10): 1.5, (1, 11): 1.0, (2, 9): 1.0, (2, 10): 1.0, (2, 11): 1.0, (6, 3): 0.5}
    )  # Sunday night at three is still Sunday


def test_nothing_is_fine_too(nothing: Frames) -> None:
    assert metrics.completion_rates(nothing.commitments).empty
    assert metrics.carry_survival(nothing.commitments).empty
    assert metrics.estimate_ratios(nothing.finished).empty
    assert metrics.net_flow(nothing.weekly).empty
    assert list(metrics.cumulative_flow(nothing.events, nothing.tasks, nothing.now)) == ["day", *STAGES]
    assert metrics.cycle_times(nothing.tasks, nothing.events).empty
    assert metrics.progress(nothing.tasks, pd.Series(dtype="float64")).empty
    focus = metrics.focus(nothing.sessions, Clock())
    assert (focus["hours"].sum(), focus["share"].notna().sum()) == (0.0, 0)
