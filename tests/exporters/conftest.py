"""A workbench in Berlin with a little of everything, titles that mean harm among it."""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from orc_lab.model.week import Week
from orc_lab.workbench.bench import Workbench

NASTY = (
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "'=1",
    "''quoted",
    " =1",
    "＝1+1",
    '"; DROP, TABLE',
    "line\none",
    "tab\there",
    "<script>alert(1)</script>",
    "![x](http://evil.example/x.png)",
    "[link](javascript:alert(1)) **bold** _it_ `code` ~~no~~",
    "www.evil.example and https://evil.example/a_b and me@evil.example",
    "# heading",
    "1. one",
    "- [ ] task",
    "---",
    "| a | b |",
    "&lt;b&gt; &amp;",
    "\\back\\slash\\",
    "$x^2$ :smile: @octocat #12",
    "emoji 👩‍💻 ünïcödé 日本語",
    "semi;colon, comma: BEGIN:VEVENT",
    "x" * 300 + "ä" * 100,
)


def at(text: str) -> int:
    """The instant of a wall-clock time in Berlin."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin")).timestamp())


NOW = at("2026-11-25T12:00")
WEEK = Week.parse("2026-W48")


@pytest.fixture
def wb(tmp_path: Path) -> Iterator[Workbench]:
    path = tmp_path / "data" / "own.db"
    Workbench.init(path, zone="Europe/Berlin").close()
    with Workbench.open(path, durability="normal") as bench:
        fill(bench)
        yield bench


def fill(bench: Workbench) -> None:
    why = bench.add_intention("Graduate")
    thesis = bench.add_project("Thesis <b>&", intention_id=why.id, due_date="2026-12-24", priority="high", progress=40)
    garden = bench.add_project("=Garden")
    born = {"created_at": at("2026-10-01T09:30"), "updated_at": at("2026-10-01T09:30")}
    for number, title in enumerate(NASTY):
        bench.add_todo(title, project_id=garden.id, tags=["a,b", "ä"] if number == 0 else [], **born)
    draft = bench.add_todo(
        "Draft", project_id=thesis.id, estimated_hours=2.5, due_date="2026-11-27", priority="urgent",
        category="writing", description="two\nlines", **born,
    )  # fmt: skip
    part = bench.add_todo("Part", parent_id=draft.id, **born)
    done = bench.add_todo("Outline", project_id=thesis.id, estimated_hours=1, **born)
    bench.commit(draft.id, WEEK)
    bench.commit(done.id, WEEK - 1)
    bench.set_goal(WEEK, goal="Write | *much*")
    bench.set_goal(WEEK - 1, goal="Begin", reflection="It went; well, mostly")
    bench.start(done.id, at=at("2026-11-17T10:00"))
    bench.stop(ended_at=at("2026-11-17T11:30"))
    bench.done(done.id, at=at("2026-11-17T12:00"))
    bench.drop(part.id)
    bench.set_capacity(date(2026, 12, 24), 0, "Christmas")
