"""Reports executed with a real kernel: the three files of each, on a page that asks nobody."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page

from orc_lab.errors import FutureWeek, InvalidValue, ReviewFailed
from orc_lab.model.week import Week
from orc_lab.review import notebooks
from orc_lab.review.publish import Published
from orc_lab.review.report import AGENTS, publish_report
from orc_lab.review.reports.reading import read_report
from orc_lab.review.view import plain
from tests.review.conftest import NASTY, NOW, WEEK
from tests.review.notebooks import notebook
from tests.review.shown import NUMBER, numbers_known, words

DRAWN = "document.documentElement.dataset.orcDrawn === 'yes'"


@pytest.fixture(scope="module")
def reports(database: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Published]:
    """Each agent's report as known at the end of WEEK."""
    folder = tmp_path_factory.mktemp("reports")
    return {agent: publish_report(database, agent, WEEK, folder, now=NOW) for agent in AGENTS}


@pytest.fixture(params=AGENTS)
def published(request: pytest.FixtureRequest, reports: dict[str, Published]) -> Published:
    return reports[request.param]


def test_three_files_each_and_nothing_else(reports: dict[str, Published]) -> None:
    place = reports["velocity"].html.parent
    assert place.name == str(WEEK)
    wanted = {f"{agent}.{kind}" for agent in AGENTS for kind in ("html", "ipynb", "json")}
    assert {path.name for path in place.iterdir()} == wanted


def test_the_json_is_what_the_report_says(published: Published, database: Path) -> None:
    document = json.loads(published.json.read_text(encoding="utf-8"))
    assert document == plain(read_report(document["report"], str(database), str(WEEK), NOW))
    assert document["week"] == str(WEEK)


def test_every_number_on_the_page_is_in_the_json(published: Published) -> None:
    known = numbers_known(json.loads(published.json.read_text(encoding="utf-8")))
    shown = NUMBER.findall(" ".join(words(published.html.read_text(encoding="utf-8")).words))
    assert len(shown) > 30
    assert [number for number in shown if number not in known] == []


def test_the_page_holds_no_code_and_titles_are_text(published: Published) -> None:
    html = published.html.read_text(encoding="utf-8")
    own = html[: html.index("plotly.js v")]
    assert not re.search(r"https?:", own)
    assert "read_report" not in html
    assert html.count("plotly.js v") == 1
    read = words(html)
    assert "img" not in read.tags
    assert read.tags.count("h1") == read.tags.count("main") == 1


def test_the_page_asks_nobody_and_runs_nothing_of_a_title(
    reports: dict[str, Published], browser_page: Page, outside_requests: list[str], page_errors: list[str]
) -> None:
    for agent, published in reports.items():
        browser_page.goto(published.html.as_uri())
        browser_page.wait_for_function(DRAWN)
        assert browser_page.title() == f"{agent.capitalize()} · {WEEK}"
        assert (browser_page.locator(".js-plotly-plot").count() >= 1) == (agent != "knowledge"), agent
        assert browser_page.evaluate("window.ran") is None
        assert browser_page.evaluate("document.documentElement.scrollWidth <= innerWidth"), agent
    assert outside_requests == []
    assert page_errors == []


def test_a_title_that_means_harm_is_shown(reports: dict[str, Published]) -> None:
    read = words(reports["health"].html.read_text(encoding="utf-8"))
    assert NASTY in " ".join(read.words)


@pytest.mark.parametrize("agent", AGENTS)
def test_the_notebook_shows_every_section(agent: str, database: Path) -> None:
    told = read_report(agent, str(database), str(WEEK), NOW)
    cells = json.loads(notebooks.path(f"{agent}_report").read_text(encoding="utf-8"))["cells"]
    source = "".join("".join(cell["source"]) for cell in cells)
    assert [each.key for each in told.sections if f'view.section(report, "{each.key}")' not in source] == []


@pytest.mark.early
def test_they_run_as_nbval_runs_them(database: Path) -> None:
    paths = [str(notebooks.path(f"{agent}_report")) for agent in ("velocity", "knowledge")]  # all four ran above
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-current-env", "-p", "no:cacheprovider", "-q", *paths],
        cwd=notebooks.folder().parent,
        env={**os.environ, "ORC_DB": str(database)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "13 passed" in done.stdout


def test_a_notebook_that_fails_stays_beside_the_others(database: Path, tmp_path: Path) -> None:
    broken = notebook(tmp_path / "broken.ipynb", "1 / 0")
    with pytest.raises(ReviewFailed, match="The velocity report could not be executed: cell 3 raised ZeroDivision"):
        publish_report(database, "velocity", WEEK, tmp_path, now=NOW, notebook=broken)
    assert [path.name for path in (tmp_path / str(WEEK)).iterdir()] == ["velocity.failed.ipynb"]


def test_what_cannot_be_reported_is_said_before_a_kernel_starts(database: Path, tmp_path: Path) -> None:
    with pytest.raises(FutureWeek):
        publish_report(database, "health", Week.parse("2026-W30"), tmp_path, now=NOW)
    with pytest.raises(InvalidValue, match="a report can't be 'mood'"):
        publish_report(database, "mood", WEEK, tmp_path, now=NOW)
    assert list(tmp_path.iterdir()) == []
