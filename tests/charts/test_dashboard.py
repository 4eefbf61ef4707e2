"""The dashboard's words and key numbers; what it looks like and asks for is seen in tests/browser."""

import re
from dataclasses import replace

import pytest

from orc_lab.agents.estimation.accuracy import accuracy
from orc_lab.agents.forecast import half_up
from orc_lab.charts.dashboard import SECTIONS, dashboard
from orc_lab.charts.look import keys, look
from orc_lab.mirror.features import Frames
from orc_lab.review.facts import ACCURACY_WEEKS


def numbers(lived: Frames) -> dict[str, tuple[str, str]]:
    return {key.label: (key.value, key.note) for key in keys(look(lived))}


def test_key_numbers_are_those_of_the_frames(half_a_year: Frames) -> None:
    found = numbers(half_a_year)
    tasks, weekly = half_a_year.tasks, half_a_year.weekly
    still_open = tasks[~tasks["status"].isin(["done", "dropped"])]
    last = weekly[weekly["complete"]]["done"].tail(8)
    assert found["Open todos"][0] == str(len(still_open))
    assert float(found["Todos a week"][0]) == last.median()
    mine = half_a_year.commitments
    mine = mine[(mine["week"] == str(half_a_year.week)) & mine["planned"]]
    done = (mine["outcome"] == "done").sum()
    plan = found[f"Plan of {half_a_year.week} so far"]
    assert plan == (f"{done / len(mine):.0%}", f"{done} of {len(mine)} planned todos done")
    assert re.fullmatch(r"\d+ to \d+", found[f"Todos of {half_a_year.week}"][0])
    assert found["Forecasts that held"][1] == f"of {len(half_a_year.finished)}, with 80% bands"


def test_the_ratio_is_the_one_of_the_review(half_a_year: Frames) -> None:
    seen = look(half_a_year)
    recent = accuracy(seen.walk, as_of=half_a_year.now, weeks=ACCURACY_WEEKS)
    told = f"median of {recent.n} estimated todos in {ACCURACY_WEEKS} weeks"
    assert numbers(half_a_year)["Actual ÷ estimate"] == (f"{half_up(recent.median_ratio, 2):.2f}", told)


def test_an_idle_present_foresees_nothing(half_a_year: Frames) -> None:
    idle = replace(half_a_year, weekly=half_a_year.weekly.assign(done=[3, *[0] * (len(half_a_year.weekly) - 1)]))
    found = numbers(idle)
    assert found[f"Todos of {idle.week}"][0] == "–"
    assert re.fullmatch(r"nothing was done for \d+ weeks", found["Todos a week"][1])


def test_an_empty_life_has_no_numbers(half_a_year: Frames) -> None:
    names = ("tasks", "weekly", "projects", "commitments", "events", "sessions")
    nothing = replace(half_a_year, **{name: getattr(half_a_year, name).iloc[:0] for name in names})
    assert {value for label, (value, _) in numbers(nothing).items() if label != "Open todos"} == {"–"}
    assert numbers(nothing)["Open todos"][0] == "0"


@pytest.fixture(scope="module")
def html(half_a_year: Frames) -> str:
    return dashboard(half_a_year, sample=True)


def test_every_section_is_linked_and_every_figure_has_its_help(html: str) -> None:
    names = [name for section in SECTIONS.values() for name in section]
    assert re.findall(r'<figure class="orc-figure" id="(\w+)">', html) == names
    assert html.count('<p class="orc-figure-help">') == len(names)
    anchors = re.findall(r'<a href="#([\w-]+)">', html)
    assert len(anchors) == len(SECTIONS)
    assert all(f'<h2 id="{anchor}">' in html for anchor in anchors)


def test_the_page_says_what_its_data_are(html: str, half_a_year: Frames) -> None:
    assert "Sample data" in html
    assert "As of Thursday, 1 October 2026, 15:00" in html
    assert "reconstructed" not in html
    imported = replace(half_a_year, imported_until=half_a_year.as_of + 1)
    own = dashboard(imported)
    assert "reconstructed: this past was imported" in own
    assert "Sample data" not in own


def test_forecasts_know_the_holidays_ahead(half_a_year: Frames) -> None:
    seen = look(replace(half_a_year, ahead=(1.0, 0.0, 0.5, 1.0, *[1.0] * 100)))
    for table in (seen.ahead, seen.ahead_hours):
        assert table["capacity"].to_list() == [1.0, 0.0, 0.5, 1.0]
        assert table["week_q90"][1] == 0.0
