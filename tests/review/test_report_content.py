"""The reports as pure functions: what they say of a usual life, and of all the unusual ones."""

import json
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from orc_lab.errors import InvalidValue
from orc_lab.mirror.features import Frames
from orc_lab.review.blocks import Plot
from orc_lab.review.report import AGENTS
from orc_lab.review.reports.document import Report, opening
from orc_lab.review.reports.reading import report
from orc_lab.review.view import plain
from tests.review.conftest import NASTY
from tests.review.made_up import MONDAY, Row, day, frames, history, project, todo
from tests.review.shown import words


def busy() -> Frames:
    """Thirty weeks of work, a stall, a late project with old work, something without an estimate."""
    past = [row for row in history(30) if not day(-14) < row["completed"] < day(-10)]
    open_now = [
        todo(1, title=NASTY, created=day(-5), started=day(-5), estimate_hours=4.0, due=day(-1)),
        todo(2, created=day(-3), estimate_hours=None),
        todo(3, created=day(-2), estimate_hours=1.0, project_id="p2", project="House"),
    ]
    return frames([*past, *open_now], projects=[project(due=day(-1)), project("p2", "House")], ahead=(1.0, 0.5))


@pytest.fixture(scope="module", params=AGENTS)
def told(request: pytest.FixtureRequest) -> Report:
    return report(request.param, busy())


def section(told: Report, key: str) -> dict[str, object]:
    found: dict[str, object] = told.as_dict()["sections"][key]  # type: ignore[index]
    return found


def text(told: Report) -> str:
    return json.dumps(told.as_dict(), ensure_ascii=False)


def test_every_part_says_something(told: Report) -> None:
    assert told.lead
    for each in told.sections:
        assert each.blocks, each.key
    assert told.definitions
    assert plain(told) == json.loads(json.dumps(told.as_dict(), allow_nan=False))


def test_the_head_escapes_and_carries_the_numbers(told: Report) -> None:
    bundle = opening(told)._repr_mimebundle_()
    read = words(str(bundle["text/html"]))
    assert told.title in read.words
    assert bundle["application/vnd.orc.review+json"] == plain(told)


def test_figures_hold_what_they_draw(told: Report) -> None:
    plots = [block for each in told.sections for block in each.of(Plot)]
    assert len(plots) >= (0 if told.agent == "knowledge" else 2)
    assert len({plot.key for plot in plots}) == len(plots)


def test_velocity_tells_level_forecast_coverage_and_stalls() -> None:
    told = report("velocity", busy())
    ahead = section(told, "ahead")["tables"]["ahead_done"]["rows"]  # type: ignore[index]
    assert len(ahead) == 12
    assert [row["capacity"] for row in ahead][:3] == [1.0, 0.5, 1.0]
    assert all(a["q50"] <= b["q50"] for a, b in pairwise(ahead))
    assert section(told, "coverage")["tables"]["coverage"]["rows"][0]["n"] > 10  # type: ignore[index]
    (stall,) = section(told, "pauses")["lists"]["stalls"]  # type: ignore[index]
    assert stall["text"].startswith("4 weeks with nothing done")
    assert section(told, "pauses")["tables"]["holidays"]["rows"][0]["capacity"] == 0.5  # type: ignore[index]


def test_estimation_tells_bands_and_where_it_is_no_better() -> None:
    told = report("estimation", busy())
    rows = section(told, "open")["tables"]["open"]["rows"]  # type: ignore[index]
    assert {row["title"] for row in rows} == {NASTY, "Todo 2", "Todo 3"}
    assert all(row["q10"] <= row["q50"] <= row["q90"] for row in rows)
    assert {row["basis"] for row in rows} == {"history", "similar work"}
    better = section(told, "better")
    assert "corrected estimate" in better["sentences"][0]["text"]  # type: ignore[index]
    assert better["tables"]["compared"]["rows"][0]["n"] > 50  # type: ignore[index]


def test_health_tells_scores_chances_risks_and_history() -> None:
    told = report("health", busy())
    rows = {row["project"]: row for row in section(told, "scores")["tables"]["scores"]["rows"]}  # type: ignore[index]
    assert rows["Thesis"]["label"] == "off track"
    assert rows["House"]["score"] is None
    assert all(0 <= row["p_overrun"] <= 1 for row in rows.values())
    risks = section(told, "risks")["lists"]["risks"]  # type: ignore[index]
    assert risks[0]["details"]
    (past,) = section(told, "history")["tables"]["history"]["rows"]  # type: ignore[index]
    assert past["last"] == rows["Thesis"]["score"], "the last point is the score of now"


def test_an_earlier_score_knows_nothing_of_what_came_later() -> None:
    lived = busy()
    later = [
        row | {"created": day(0, n), "completed": day(0, n, 20), "id": f"n{n}", "actual_hours": 40.0}
        for n, row in enumerate(history(1))
    ]
    more = frames([*_rows(lived), *later], projects=[project(due=day(-1)), project("p2", "House")], ahead=(1.0, 0.5))
    before, after = ({row["at"]: row["score"] for row in _drawn(report("health", each))} for each in (lived, more))
    assert list(before)[:-1] == list(after)[:-1]
    assert [before[at] for at in list(before)[:-1]] == [after[at] for at in list(after)[:-1]]


def _rows(lived: Frames) -> list[Row]:
    return [{str(key): value for key, value in row.items()} for row in lived.tasks.to_dict("records")]


def _drawn(told: Report) -> list[dict[str, object]]:
    found: list[dict[str, object]] = section(told, "history")["figures"]["history"]["data"]["table"]  # type: ignore[index]
    return found


LIVES = {
    "nothing": lambda: frames(),
    "one open todo": lambda: frames([todo(1)]),
    "a first week": lambda: frames(history(1), at=MONDAY),
    "no hours at all": lambda: frames(history(20, hours=None)),
    "all of one day": lambda: frames([row | {"created": day(), "completed": day()} for row in history(3)]),
    "a long silence": lambda: frames(history(20), at=MONDAY + timedelta(weeks=60)),
    "no active project": lambda: frames(history(20), projects=[project(status="archived")]),
}


@pytest.mark.parametrize("life", LIVES)
@pytest.mark.parametrize("agent", AGENTS)
def test_every_life_has_a_report(agent: str, life: str) -> None:
    told = report(agent, LIVES[life]())
    json.dumps(told.as_dict(), allow_nan=False)
    assert told.lead
    assert all(each.blocks for each in told.sections)
    assert "nan" not in text(told).lower().split()


def test_the_same_frames_give_the_same_report() -> None:
    assert report("velocity", busy()).as_dict() == report("velocity", busy()).as_dict()


def test_the_sample_and_a_past_that_was_imported_say_so() -> None:
    lived = frames(history(4), imported_until=int(datetime(2027, 1, 1).timestamp()))
    told = report("velocity", lived, sample=True)
    assert told.sample
    assert told.reconstructed
    html = str(opening(told)._repr_mimebundle_()["text/html"])
    assert "a made-up life" in html
    assert "reconstructed" in html


def test_a_report_that_there_is_not() -> None:
    with pytest.raises(InvalidValue, match="one of velocity, estimation, health, knowledge"):
        report("weather", frames())
