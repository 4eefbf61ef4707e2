"""sql, estimate, forecast, health, dashboard: on the sample life and on nothing."""

import csv
import io
import json
import shutil
import time
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from orc_lab.agents.estimation.estimator import Estimator
from orc_lab.agents.hours import imagined
from orc_lab.charts import png
from orc_lab.cli import answers
from orc_lab.errors import MissingProgram
from orc_lab.model.entities import Capacity, ForecastRecord, Origin, Project, Todo
from orc_lab.model.week import Week
from orc_lab.review import publish
from orc_lab.review.publish import Published
from orc_lab.review.reading import read_frames
from orc_lab.workbench.bench import Workbench
from tests.agents.insight_lives import lived_in
from tests.cli.conftest import Orc


def test_sql_prints_a_table(orc: Orc, own: Path) -> None:
    with Workbench.open(own) as wb:
        wb.add_todo("Größe", estimated_hours=1.5)
        wb.add_todo("B \x1b[2J")
    ran = orc("sql", "SELECT title, estimated_hours AS hours, 7 AS n FROM todos ORDER BY title DESC")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "title      hours  n\nGröße        1.5  7\nB \\x1b[2J         7\n"


def test_sql_prints_json_and_csv(orc: Orc, own: Path) -> None:
    titles = ["=1+1", "+x", "-x", "@x", "\tx", "a,b", "'q'"]
    with Workbench.open(own) as wb:
        for title in titles:
            wb.add_todo(title)
    query = "SELECT title, -1.5 AS n, NULL AS nothing FROM todos ORDER BY created_at, id"
    assert json.loads(orc("sql", "--json", query).out)[0] == {"title": "=1+1", "n": -1.5, "nothing": None}
    rows = list(csv.reader(io.StringIO(orc("sql", "--csv", query).out)))
    assert rows[0] == ["title", "n", "nothing"]
    assert [row[0] for row in rows[1:]] == ["'=1+1", "'+x", "'-x", "'@x", "'\tx", "a,b", "''q'"]
    assert {(row[1], row[2]) for row in rows[1:]} == {("-1.5", "")}


def test_sql_lists_the_tables(orc: Orc, own: Path) -> None:
    listed = {row["table"]: row for row in json.loads(orc("sql", "--json").out)}
    assert "title" in listed["todos"]["columns"]
    assert "todos" in orc("sql", "--tables").out


def test_sql_of_nothing(orc: Orc, own: Path) -> None:
    ran = orc("sql", "SELECT title FROM todos")
    assert (ran.code, ran.out, ran.err) == (0, "title\n", "No rows.\n")
    assert orc("sql", "SELECT title FROM todos", "--json").out == "[]\n"


@pytest.mark.parametrize(
    "words",
    [
        ["DELETE FROM todos"], ["SELECT 1; SELECT 2"], ["SELEC 1"], ["SELECT nope FROM todos"],
        ["COPY todos TO 'x.csv'"], ["SELECT * FROM 'tasks.csv'"], ["ATTACH 'x.db'"], ["SELECT 1", "--json", "--csv"],
    ],
)  # fmt: skip
def test_a_wrong_query_is_said(orc: Orc, own: Path, here: Path, words: list[str]) -> None:
    (here / "tasks.csv").write_text("a\n1\n", encoding="utf-8")
    ran = orc("sql", *words)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.count("\n") == 1
    assert not (here / "x.csv").exists()
    assert not (here / "x.db").exists()


def test_an_estimate_tells_its_band_and_what_it_rests_on(orc: Orc, sample: Path) -> None:
    ran = orc("estimate", "Write draft +Master's_thesis 2h")
    assert ran.code == 0
    assert ran.out.startswith("Write draft: 2")
    assert "80% between" in ran.out
    assert "bands held" in ran.out
    told = json.loads(orc("estimate", "Write draft 2h", "--json").out)
    assert list(told["quantiles"]) == ["q10", "q25", "q50", "q75", "q90"]
    assert told["quantiles"]["q10"] < 2 < told["quantiles"]["q90"]
    assert (told["basis"], told["n"] > 100) == ("history", True)


def test_an_estimate_of_a_todo(orc: Orc, sample: Path) -> None:
    open_ones = json.loads(orc("list", "--json", "--status", "confirmed").out)
    todo = next(todo for todo in open_ones if todo["estimated_hours"])
    assert json.loads(orc("estimate", todo["id"], "--json").out)["subject"] == todo["title"]
    done = json.loads(orc("list", "--json", "--status", "done", "--limit", "1").out)[0]
    ran = orc("estimate", done["id"])
    assert (ran.code, ran.out) == (2, "")
    assert "it is done" in ran.err


def test_an_estimate_uses_all_that_is_typed(orc: Orc, own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    predict = Estimator.predict

    def listened(self: Estimator, tasks: pd.DataFrame, **options: object) -> pd.DataFrame:
        asked.append(tasks.iloc[0])
        return predict(self, tasks, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Estimator, "predict", listened)
    for title in ("Thesis on rivers", "House", "Housekeeping"):
        orc("project", "add", title)
    with Workbench.open(own) as wb:
        ids = {project.title: project.id for project in wb.find(Project)}
    assert orc("estimate", "Write draft +thes 2h !high #deep #solo").err == ""
    typed = asked[-1]
    assert (typed["title"], typed["estimate_hours"], typed["priority"]) == ("Write draft", 2.0, "high")
    assert (typed["tags"], typed["project_id"]) == ("deep solo", ids["Thesis on rivers"])
    orc("estimate", "Write draft +house 2h")
    assert (asked[-1]["project_id"], asked[-1]["priority"]) == (ids["House"], "medium")
    ran = orc("estimate", "Write draft +Nope 2h")
    assert ran.code == 0
    assert "There is no project “Nope”" in ran.err
    assert pd.isna(asked[-1]["project_id"])


def test_what_is_typed_is_asked_as_what_is_added(orc: Orc, sample: Path) -> None:
    text = "Write draft +Master's_thesis 2h !high #deep @2027-01-08"
    with Workbench.open(sample) as wb:
        frames = answers.seen(wb, None)[0]
        thesis = next(project.id for project in wb.find(Project) if project.title == "Master's thesis")
        todo = wb.capture(text)
        added = read_frames(wb, wb.week(), int(time.time())).tasks.set_index("id").loc[todo.id]
    typed = imagined(frames, text, thesis).iloc[0]
    same = ["title", "project_id", "project", "priority", "tags", "status", "due", "estimate_hours", "blocked"]
    assert typed[same].to_dict() == added[same].to_dict()


def test_without_a_past_an_estimate_is_ones_own(orc: Orc, own: Path) -> None:
    told = json.loads(orc("estimate", "Write draft 2h", "--json").out)
    assert (told["quantiles"]["q50"], told["basis"], told["n"]) == (2.0, "prior", 0)
    assert told["quantiles"]["q10"] < 2 < told["quantiles"]["q90"]
    assert "no forecast has come true yet" in orc("estimate", "Write draft 2h").out


def test_forecast(orc: Orc, sample: Path) -> None:
    ran = orc("forecast", "--weeks", "2")
    assert ran.code == 0
    assert "As known at the end of " in ran.err
    assert ran.out.count("the next 2 weeks together: ") == 2
    assert len([line for line in ran.out.splitlines() if line.startswith("20")]) == 4
    told = json.loads(orc("forecast", "--json").out)
    assert len(told["weeks"]) == 8
    assert [total["unit"] for total in told["totals"]] == ["todos", "h"]


def test_forecast_respects_a_holiday(orc: Orc, sample: Path) -> None:
    before = json.loads(orc("forecast", "--json", "--weeks", "1").out)["weeks"][1]
    week, db = Week.parse(before["week"]), ("--db", str(sample))
    days = [date.fromordinal(week.monday.toordinal() + day).isoformat() for day in range(7)]
    assert orc(*db, "capacity", days[0], "0").code == 0
    later = json.loads(orc("forecast", "--json", "--weeks", "1").out)["weeks"][1]
    assert later == before, "the sample is seen from a week's end, and nobody had said so by then"
    with Workbench.open(sample) as wb, wb.edit("holidays", origin="import") as tx:
        known = (week - 1).start(wb.clock())
        tx.insert_many([Capacity(id=f"day {day}", day=day, factor=0.0) for day in days[1:]], at=known)
        tx.insert(Capacity(id="day 0", day=days[0], factor=0.0), at=known)
    after = json.loads(orc("forecast", "--json", "--weeks", "1").out)["weeks"][1]
    assert (after["week"], after["q90"]) == (str(week), 0)
    assert before["q90"] > 0


def test_forecast_of_nothing(orc: Orc, own: Path) -> None:
    ran = orc("forecast")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.endswith("too little data. A complete week with something done in it would be needed.\n")
    assert ran.out.count("\n") == 1
    assert json.loads(orc("forecast", "--json").out)["weeks"][0]["q50"] is None


@pytest.mark.parametrize("words", [["--weeks", "0"], ["--weeks", "27"], ["--week", "2999-W01"], ["--week", "2026-W54"]])
def test_a_wrong_horizon_is_said(orc: Orc, own: Path, words: list[str]) -> None:
    ran = orc("forecast", *words)
    assert (ran.code, ran.out) == (2, "")


def test_health(orc: Orc, sample: Path) -> None:
    rows = json.loads(orc("health", "--json").out)
    scores = [row["score"] for row in rows if row["score"] is not None]
    assert scores == sorted(scores)
    assert all(80 + sum(c["adjustment"] for c in row["components"]) == row["score"] for row in rows if row["score"])
    shown = orc("health", rows[0]["title"]).out
    assert shown.startswith(rows[0]["sentence"])
    chances = rows[0]["trouble"]
    assert f"Chances: {chances['sentence']}" in shown
    assert all(line in shown for line in chances["evidence"])
    assert "score" not in chances, "there is one score of a project"
    assert all(component["evidence"] in shown for component in rows[0]["components"])
    assert all(step in shown for risk in rows[0]["risks"] for step in risk["steps"])


def test_health_lists_each_active_project(orc: Orc, own: Path) -> None:
    orc("project", "add", "Young")
    orc("project", "add", "Paused", "status=paused")
    ran = orc("health")
    assert ran.out.splitlines()[1].split()[1:] == ["–", "insufficient", "data", "0", "Young"]
    assert "Paused" not in ran.out
    assert "orc health PROJECT" in ran.err


def test_health_of_nothing(orc: Orc, own: Path) -> None:
    assert orc("health").out.startswith("No project is active.")
    assert orc("health", "Nope").code == 3
    orc("project", "add", "Young")
    assert "insufficient data" in orc("health", "Young").out


def test_the_dashboard_is_one_page(orc: Orc, sample: Path, here: Path) -> None:
    ran = orc("dashboard")
    assert ran.code == 0
    assert ran.out.splitlines()[-1] == "reports/dashboard.html"
    page = (here / "reports" / "dashboard.html").read_text(encoding="utf-8")
    assert "Sample data" in page


def test_the_dashboard_of_nothing_elsewhere_and_without_a_browser(
    orc: Orc, own: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object) -> None:
        raise MissingProgram("A Chromium or Chrome", "Install one.")

    monkeypatch.setattr(png, "save_png", missing)
    ran = orc("dashboard", "--png", "--out", here / "pages")
    assert (ran.code, ran.err) == (9, "orc: A Chromium or Chrome is not installed. Install one.\n")
    assert "Sample data" not in (here / "pages" / "dashboard.html").read_text(encoding="utf-8")
    monkeypatch.setattr(png, "save_png", lambda figures, folder: [folder / f"{name}.png" for name in figures])
    assert "pages/dashboard/throughput.png" in orc("dashboard", "--png", "--out", here / "pages").out.splitlines()


@pytest.mark.early
def test_a_review_without_a_database_makes_the_sample(orc: Orc, here: Path) -> None:
    ran = orc("review")
    assert ran.code == 0
    assert "There is no database here yet" in ran.err
    first, last = ran.out.splitlines()
    week = first.removeprefix("Reviewed ").removesuffix(".")
    assert Path(last) == Path("reports", week, "review.html")
    assert {path.name for path in (here / last).parent.iterdir()} == {"review.html", "review.ipynb", "review.json"}
    assert sorted(path.name for path in (here / "data").iterdir()) == ["sample.db"]
    assert "sample" in (here / last).read_text(encoding="utf-8")


def test_a_review_prints_its_numbers(orc: Orc, own: Path, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def written(
        database: str, week: Week | None, reports: str, *, now: int | None = None, seq: int | None = None
    ) -> Published:
        asked.append((database, week, reports, now, seq))
        (here / "review.json").write_text('{"week": "2026-W47"}', encoding="utf-8")
        return Published(week=Week(2026, 47), html=here / "x", notebook=here / "x", json=here / "review.json")

    monkeypatch.setattr(publish, "publish", written)
    ran = orc("review", "--week", "2026-W47", "--json", "--out", "elsewhere")
    assert (ran.code, json.loads(ran.out), ran.err) == (0, {"week": "2026-W47"}, "")
    orc("review")
    assert asked == [
        (str(own), Week(2026, 47), "elsewhere", None, None),
        (str(own), None, str(here / "reports"), None, None),
    ]


def test_a_review_of_a_week_to_come_is_said(orc: Orc, own: Path) -> None:
    ran = orc("review", "--week", "2999-W01")
    assert (ran.code, ran.out) == (2, "")
    assert "still to come" in ran.err


def test_a_wrong_week_makes_no_sample(orc: Orc, here: Path) -> None:
    assert orc("review", "--week", "2026-W54").code == 2
    assert list(here.iterdir()) == []


def test_a_named_database_is_never_replaced_by_the_sample(orc: Orc, here: Path) -> None:
    assert orc("review", "--db", "mine.db").code == 4
    assert list(here.iterdir()) == []


@pytest.fixture
def mine(here: Path) -> Path:
    """A database of one's own with recent work."""
    path = here / "data" / "creation-os.db"
    path.parent.mkdir()
    shutil.copy(lived_in(), path)
    return path


def kept(path: Path) -> list[str]:
    with Workbench.open(path) as wb:
        rows = wb.find(ForecastRecord)
        assert {row.origin for row in rows} <= {Origin.LIVE}
        return sorted(row.model for row in rows)


def test_what_is_forecast_of_ones_own_life_is_kept_once(orc: Orc, mine: Path) -> None:
    assert orc("forecast").code == 0
    assert kept(mine) == ["throughput", "throughput"], "todos and hours"
    assert orc("forecast", "Thesis").code == 0
    assert kept(mine) == ["completion", "throughput", "throughput"]
    assert orc("health", "Thesis").code == 0
    assert kept(mine) == ["completion", "throughput", "throughput", "trouble:dormant", "trouble:overrun"]
    with Workbench.open(mine) as wb:
        edits = len(wb.edits(10_000))
    for words in (["forecast"], ["forecast", "Thesis"], ["health"]):
        assert orc(*words).code == 0
    with Workbench.open(mine) as wb:
        assert len(wb.edits(10_000)) == edits


def test_an_estimate_is_kept_of_a_todo_and_not_of_a_text(orc: Orc, mine: Path) -> None:
    assert orc("estimate", "Write the end +Thesis 2h").code == 0
    assert kept(mine) == []
    with Workbench.open(mine) as wb:
        todo = wb.find(Todo, status="confirmed")[0]
    assert orc("estimate", todo.id[-6:]).code == 0
    assert kept(mine) == ["estimate"]


def test_a_forecast_of_a_project(orc: Orc, mine: Path) -> None:
    ran = orc("forecast", "thesis")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("Thesis: 50% by ")
    assert "hours left of Thesis" in ran.out
    told = json.loads(orc("forecast", "Thesis", "--json").out)
    assert list(told["when"]["days"]) == ["q50", "q80", "q95"]
    assert told["change"] is None


def test_a_what_if_is_told_and_not_kept(orc: Orc, mine: Path) -> None:
    with Workbench.open(mine) as wb:
        ids = [todo.id for todo in wb.find(Todo, status="confirmed")]
    ran = orc("forecast", "Thesis", "--cut", f"{ids[0][-8:]},{ids[1][-8:]}")
    assert ran.code == 0
    assert "With the change: 50% by " in ran.out
    told = json.loads(orc("forecast", "Thesis", "--add", "3h", "--add", "2h", "--first", ids[2], "--json").out)
    assert list(told["change"]["after"]["days"]) == ["q50", "q80", "q95"]
    assert kept(mine) == []


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--cut", "4f2a9c"], 2, "orc forecast PROJECT"),
        (["Nope"], 3, "Nope"),
        (["Thesis", "--cut", "4f2a9c"], 3, "4f2a9c"),
        (["Thesis", "--first", "4f2a9c"], 3, "4f2a9c"),
        (["Thesis", "--add", "much"], 2, "hours"),
        (["Thesis", "--add", "0"], 2, "above zero"),
        (["Thesis", "--week", "2999-W01"], 2, "still to come"),
    ],
)
def test_a_wrong_what_if_is_said(orc: Orc, mine: Path, words: list[str], code: int, told: str) -> None:
    ran = orc("forecast", *words)
    assert (ran.code, ran.out) == (code, "")
    assert told in ran.err
    assert ran.err.count("\n") == 1


def test_only_open_work_of_the_project_can_be_cut(orc: Orc, mine: Path) -> None:
    with Workbench.open(mine) as wb:
        done, other = wb.find(Todo, status="done")[0], wb.add_todo("Elsewhere", estimated_hours=1.0)
    for id in (done.id, other.id):
        ran = orc("forecast", "Thesis", "--cut", id)
        assert (ran.code, ran.out) == (2, "")
        assert "an open one of this project" in ran.err


def test_what_nothing_is_known_of_is_not_kept(orc: Orc, own: Path) -> None:
    orc("project", "add", "Young")
    for words in (["forecast"], ["forecast", "Young"], ["health"], ["health", "Young"]):
        ran = orc(*words)
        assert ran.code == 0
        assert "nan" not in ran.out.lower()
    assert kept(own) == []
