"""Titles are answers: each is checked against numbers counted by hand."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from orc_lab.charts.ages import ageing, cycle_times, cycles
from orc_lab.charts.estimates import calibration, estimate_against_actual, estimate_ratio_over_time
from orc_lab.charts.flow import cumulative_flow, net_flow, throughput
from orc_lab.charts.plan import carry_over, plan_against_actual
from orc_lab.charts.projects import health, scores
from orc_lab.charts.rhythm import focus_heatmap


def title(figure: go.Figure) -> str:
    return str(figure.layout.meta["title"]).replace("\N{NO-BREAK SPACE}", " ")


def commitments(*rows: tuple[str, str | None, float, float, str, bool, int]) -> pd.DataFrame:
    names = ["week", "project", "estimate_hours", "actual_hours", "outcome", "planned", "carried"]
    return pd.DataFrame(rows, columns=names)


PLAN = commitments(
    ("2026-W47", "Thesis", 4.0, 6.0, "done", True, 0),
    ("2026-W47", "Thesis", 2.0, 1.0, "open", True, 3),
    ("2026-W47", None, np.nan, np.nan, "dropped", True, 0),
    ("2026-W47", "Garden", 1.0, 2.5, "done", False, 0),
    ("2026-W46", "Thesis", 9.0, 9.0, "open", True, 0),
    ("2026-W46", "Thesis", 9.0, 9.0, "done", True, 0),
)


def test_plan_against_actual_counts_one_week() -> None:
    figure = plan_against_actual(PLAN, "2026-W47")
    assert (
        title(figure)
        == "2026-W47: 1 of 3 planned todos done, 1 committed later; the planned took 7 h in all, 6 h estimated"
    )
    bars = {bar.name: dict(zip([1, 2, 3], bar.x, strict=True)) for bar in figure.data}
    assert [note.text for note in figure.layout.annotations] == ["Thesis", "Garden", "No project"]
    assert bars["Committed"] == {1: 6.0, 2: 0.0, 3: 0.0}
    assert bars["Worked, done"] == {1: 6.0, 2: 0.0, 3: 0.0}
    assert bars["Worked, still open"] == {1: 1.0, 2: 0.0, 3: 0.0}
    assert bars["Worked, committed later"] == {1: 0.0, 2: 2.5, 3: 0.0}
    assert "Worked, dropped" not in bars


def test_plan_against_actual_without_a_plan() -> None:
    unplanned = PLAN.assign(planned=False)
    assert title(plan_against_actual(unplanned, "2026-W47")) == "2026-W47: no plan was made; 4 todos were taken on"
    assert title(plan_against_actual(PLAN, "2026-W01")) == "Nothing was committed to 2026-W01"


def test_many_projects_become_ten_rows_and_lose_no_hour() -> None:
    many = commitments(*(("2026-W47", f"Project {i:02}", 1.0 + i, 0.5, "done", True, 0) for i in range(30)))
    figure = plan_against_actual(many, "2026-W47")
    assert [note.text for note in figure.layout.annotations][-1] == "21 more projects"
    assert len(figure.layout.annotations) == 10
    assert sum(figure.data[0].x) == pytest.approx(many["estimate_hours"].sum())
    assert sum(figure.data[1].x) == pytest.approx(15.0)


def test_carry_over_counts_what_was_open_at_the_end_of_each_week() -> None:
    figure = carry_over(PLAN)
    assert title(figure) == "2026-W47: 1 of 4 committed todos stayed open (33% over 2 weeks)"
    assert {bar.name: list(bar.y) for bar in figure.data} == {
        "Done": [1, 2], "Carried on": [1, 0], "Carried 3+ weeks": [0, 1], "Dropped": [0, 1],
    }  # fmt: skip


def test_carry_over_says_nothing_of_the_running_week() -> None:
    assert title(carry_over(PLAN, running="2026-W47")) == "2026-W46: 1 of 2 committed todos stayed open"
    alone = PLAN[PLAN["week"] == "2026-W47"]
    assert title(carry_over(alone, running="2026-W47")) == "The first week with commitments is still running"
    assert list(carry_over(PLAN, running="2026-W47").data[0].marker.opacity) == [1, 0.45]


def weekly(done: list[int], running: bool = False) -> pd.DataFrame:
    starts = pd.date_range("2026-08-31", periods=len(done), freq="7D").as_unit("us")
    complete = [True] * (len(done) - running) + [False] * running
    return pd.DataFrame(
        {
            "week": [f"{start.isocalendar().year}-W{start.isocalendar().week:02}" for start in starts],
            "start": starts,
            "created": 5,
            "done": done,
            "dropped": 1,
            "hours": 2.0 * np.array(done),
            "complete": complete,
        }
    )


LEVELS = ["week_q10", "week_q25", "week_q50", "week_q75", "week_q90"]
FORECAST = pd.DataFrame([[1, 1.0, 2, 3, 4, 7], [2, 0.5, 2, 3, 4, 8]], columns=["week", *LEVELS])


def test_throughput_counts_zero_weeks_and_not_the_running_one() -> None:
    figure = throughput(weekly([9, 0, 4, 0, 6, 2], running=True), FORECAST)
    assert title(figure) == (
        "4 todos a week at the median of the 5 weeks up to 2026-W40; 2026-W41 brings 1 to 7 in 4 of 5 cases"
    )
    by_name = {trace.name: trace for trace in figure.data}
    assert list(by_name["Done"].y) == [9, 0, 4, 0, 6]
    assert list(by_name["This week so far"].y) == [2]
    assert len(by_name["Nothing done"].x) == 2
    fan = by_name["80% of cases"]
    assert list(fan.base + fan.y) == [7, 8]
    assert pd.Timestamp(fan.x[0]) == pd.Timestamp("2026-10-05"), "the first week ahead is the running one"


def test_throughput_of_an_idle_present_foresees_nothing() -> None:
    assert title(throughput(weekly([3, *[0] * 9]), FORECAST)) == (
        "Nothing was done for 9 weeks, up to 2026-W45; the last was 2026-W36"
    )


def test_throughput_without_a_forecast_and_in_hours() -> None:
    nothing = FORECAST.assign(**dict.fromkeys(LEVELS, np.nan))
    assert title(throughput(weekly([9, 0, 4]), nothing)) == "4 todos a week at the median of the 3 weeks up to 2026-W38"
    assert title(throughput(weekly([9, 0, 4]), measure="hours")) == (
        "8 h a week at the median of the 3 weeks up to 2026-W38"
    )
    assert title(throughput(weekly([3], running=True), FORECAST)) == "The first week is still running"


def test_net_flow_counts_what_is_open() -> None:
    figure = net_flow(weekly([3, 0, 4]))
    assert title(figure) == "5 todos are open; over 3 weeks 5 came in a week, 3.3 went out"
    assert list(figure.data[0].y) == [1, 5, 5]


def test_cumulative_flow_counts_closed_todos_from_the_first_day_shown() -> None:
    days = pd.date_range("2026-01-01", periods=400, freq="D")
    flow = pd.DataFrame({"day": days, "dumped": 3, "committed": [2] * 399 + [4], "done": range(400)})
    figure = cumulative_flow(flow, days=100)
    assert title(figure) == "7 todos are open, 2 more than on 2026-10-27; “committed” grew most, by 2"
    by_name = {trace.name: trace for trace in figure.data}
    assert list(by_name) == ["Done", "Committed", "Captured"]
    assert (by_name["Done"].y[0], by_name["Done"].y[-1]) == (0, 100)


def test_estimates_are_told_by_median_and_middle_half() -> None:
    finished = pd.DataFrame(
        {
            "completed": pd.date_range("2026-01-01", periods=7, freq="D"),
            "estimate_hours": [2.0, 2, 2, 2, 2, 0, np.nan],
            "actual_hours": [1.0, 2, 3, 4, 5, 9, 9],
        }
    )
    told = "1.50 × its estimate; half of them take 1.00 to 2.00 ×"
    assert title(estimate_against_actual(finished)) == f"At the median a todo takes {told}"
    assert title(estimate_ratio_over_time(finished)).startswith("The last 5 estimated todos took 1.50 × their estimate")


def test_equal_pairs_of_hours_are_one_larger_dot() -> None:
    finished = pd.DataFrame({"estimate_hours": [1.0] * 9 + [2.0], "actual_hours": [1.0] * 9 + [3.0]})
    dots = next(trace for trace in estimate_against_actual(finished).data if trace.name == "Todos")
    assert sorted(dots.customdata) == [1, 9]
    assert max(dots.marker.size) == pytest.approx(5 + 2.5 * 3)


def test_calibration_tells_what_the_agents_measure() -> None:
    inside, outside = [(0.5, 0.5)] * 8, [(0.99, 0.99)] * 2
    walk = pd.DataFrame(inside + outside, columns=["below", "upto"])
    assert title(calibration(walk)) == "80% bands held 80% of 10 times (95% interval 49% to 94%)"


def ages(count: int, **values: object) -> pd.DataFrame:
    base = {"title": [f"Todo {i}" for i in range(count)], "age_days": 20.0, "p50": 2.0, "p85": 9.0, "since": "start"}
    return pd.DataFrame({**base, "in_progress": True, **values})


def test_ageing_tells_how_many_are_older_than_finished_ones_got() -> None:
    mixed = ages(3, age_days=[20.0, 5.0, 1.0])
    figure = ageing(mixed)
    assert title(figure) == "1 of 3 todos begun or committed is older than 85% of your finished ones got"
    assert [trace.name for trace in figure.data[2:]] == ["Older than 85%", "Older than half", "Younger"]
    assert title(ageing(ages(40))).endswith("; the 15 oldest for their kind are shown")
    assert len(ageing(ages(40)).layout.annotations) == 15
    unknown = ageing(ages(2, p50=np.nan, p85=np.nan, in_progress=False))
    assert title(unknown) == "2 todos open, the oldest for 20 days; too few are finished to say what is usual"


def test_cycle_times_count_open_todos_apart() -> None:
    days = [1.0, 2, 3, 4, 100]
    cycle = pd.DataFrame({"at": pd.Timestamp("2026-11-01"), "days": days, "open": [False] * 4 + [True], "title": "x"})
    assert title(cycle_times(cycle)) == (
        "Half of 4 finished todos took 2.5 days or less, 85% 3.6 days; 1 open one is older than that"
    )


def test_cycles_start_at_the_first_commitment_or_else_at_the_start_of_work() -> None:
    day = pd.Timestamp("2026-11-01")
    days = [day + pd.Timedelta(days=days) for days in range(10)]
    rows = [
        ("done", "done", days[4], days[6]),
        ("waiting", "committed", days[5], pd.NaT),
        ("idle", "refined", pd.NaT, pd.NaT),
    ]
    tasks = pd.DataFrame(rows, columns=["id", "status", "started", "completed"])
    tasks = tasks.assign(title=tasks["id"], project="p", created=day)
    events = pd.DataFrame([("done", days[1], "dumped", "committed")], columns=["todo_id", "at", "old", "new"])
    table = cycles(tasks, events, days[9]).set_index("title")
    assert table["days"].to_dict() == {"done": 5.0, "waiting": 4.0}
    assert table["open"].to_dict() == {"done": False, "waiting": True}
    assert table["at"].to_dict() == {"done": days[6], "waiting": days[9]}


def test_health_starts_at_the_base_and_ends_at_the_score() -> None:
    columns = ["project_id", "project", "score", "label", "component", "adjustment", "evidence"]
    rows = [
        ("a", "Thesis", 65.0, "at risk", "late", -30.0, "why"),
        ("a", "Thesis", 65.0, "at risk", "pace", 15.0, "why"),
        ("b", "Garden", 80.0, "on track", None, 0.0, None),
        ("c", "Attic", np.nan, "insufficient data", "insufficient data", 0.0, "few"),
    ]
    figure = health(pd.DataFrame(rows, columns=columns))
    assert title(figure) == "3 projects: 1 on track, 1 at risk, 1 without a score; lowest is Thesis with 65"
    gain, loss = figure.data[0], figure.data[1]
    assert (gain.base[0], gain.base[0] + gain.x[0]) == (80, 95)
    assert (loss.base[0], loss.base[0] + loss.x[0]) == (95, 65)
    assert [note.text for note in figure.layout.annotations] == [
        "65 · Thesis · at risk", "80 · Garden · on track", "– · Attic · insufficient data",
    ]  # fmt: skip
    assert title(health(scores([]))) == "No project is active"


def test_focus_names_the_hours_that_hold_most() -> None:
    hours = pd.DataFrame({"weekday": [6, 6, 0, 2], "hour": [22, 23, 0, 10], "hours": [0.5, 1.0, 1.25, 1.0]})
    figure = focus_heatmap(hours)
    assert title(figure) == "40% of 3.8 tracked hours lie between 21:00 and 24:00; most are on Sundays"
    grid = figure.data[0].z
    assert (grid[6][22], grid[6][23], grid[0][0], grid[2][10], sum(map(sum, grid))) == (0.5, 1.0, 1.25, 1.0, 3.75)
    assert title(focus_heatmap(hours.assign(hours=0.0))) == "No work session was tracked"
