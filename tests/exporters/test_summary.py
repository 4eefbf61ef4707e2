"""A summary in which titles are words, whatever stands in them."""

import html
import re
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import mistune
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orc_lab.exporters.run import export
from orc_lab.exporters.summary import escaped
from orc_lab.model.entities import Project, Todo
from orc_lab.workbench.bench import Workbench
from tests.exporters.conftest import NASTY, NOW, at

PLUGINS = ["strikethrough", "footnotes", "table", "url", "task_lists", "def_list", "math", "superscript", "spoiler"]
RENDER = mistune.create_markdown(escape=False, plugins=PLUGINS)
OURS = {"h1", "h2", "h3", "ul", "li", "p", "table", "thead", "tbody", "tr", "th", "td"}


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.names.add(tag)


def tags(page: str) -> set[str]:
    parser = Tags()
    parser.feed(page)
    return parser.names


def words(page: str) -> str:
    """The text of a page; what is between tags, entities read."""
    return html.unescape(re.sub(r"<[^>]*>", "", page)).replace("\u2060", "").strip()


def written(wb: Workbench, folder: Path, **options: Any) -> str:
    export(wb, "markdown", folder / "x.md", now=NOW, force=True, **options)
    return (folder / "x.md").read_text(encoding="utf-8")


def test_what_is_open_planned_and_past(wb: Workbench, tmp_path: Path) -> None:
    text = written(wb, tmp_path)
    assert text.startswith("# Work on 2026-11-25\n")
    assert "### Thesis \\<b\\>\\&\n\n1 open, 2.5 h estimated, due 2026-12-24, active, high priority, 40 %" in text
    assert "- Draft (2.5 h, due 2026-11-27, urgent, committed)\n" in text
    assert "## This week, 2026-W48\n\nWrite \\| \\*much\\*\n\n- Draft (2.5 h, open)\n" in text
    assert re.search(r"\| 2026-W47 \| Begin \| \S+ h \| .* \| 1 \| 1\.5 h \|\n", text)
    assert "Outline" not in text


def test_no_title_renders_as_anything_but_words(wb: Workbench, tmp_path: Path) -> None:
    page = RENDER(written(wb, tmp_path))
    assert isinstance(page, str)
    assert tags(page) <= OURS
    shown = words(page)
    for title in NASTY:
        assert " ".join(title.split()) in shown


@given(st.text(st.characters(codec="utf-8"), min_size=1) | st.text("\\`*_{}[]()<>#+-.!|~&:$^=@ w1ax/\"'", min_size=1))
def test_any_title_is_words(text: str) -> None:
    told = escaped(text)
    assert "\n" not in told
    if not told.strip():
        return
    page = RENDER(f"- {told} (2 h)\n")
    assert isinstance(page, str)
    assert tags(page) <= {"ul", "li"}, page
    shown = "".join(
        char if char.isprintable() or char in "\u200c\u200d" else "\ufffd" for char in " ".join(text.split())
    )
    assert words(page) == f"{shown} (2 h)".replace("\u2060", "").strip()


def test_of_one_project_and_since(wb: Workbench, tmp_path: Path) -> None:
    (thesis,) = wb.find(Project, title="Thesis <b>&")
    text = written(wb, tmp_path, project=thesis.id)
    assert "Draft" in text
    assert "Garden" not in text
    assert "2026-W47" not in written(wb, tmp_path, since=date(2026, 11, 23))
    assert "2026-W47" in written(wb, tmp_path, since=date(2026, 1, 1))


def finish(wb: Workbench, day: str | None, hours: float) -> None:
    """Add a todo that was done on a day."""
    todo = wb.add_todo(f"Done {day}")
    when = None if day is None else at(f"{day}T12:00")
    wb.update(Todo, todo.id, status="done", actual_hours=hours)
    wb.update(Todo, todo.id, completed_at=when)


def test_the_whole_past_by_year_and_quarter(tmp_path: Path) -> None:
    with Workbench.init(tmp_path / "long.db", zone="Europe/Berlin") as wb:
        for day, hours in (("2023-01-01", 1), ("2023-03-31", 2.5), ("2023-04-01", 3), ("2024-12-31", 4), (None, 5)):
            finish(wb, day, hours)
        report = export(wb, "markdown", tmp_path / "x.md", now=NOW)
        text = (tmp_path / "x.md").read_text(encoding="utf-8")
        recent = written(wb, tmp_path, since=date(2024, 1, 1))
    assert "Nothing was planned or finished in them." in text
    rows = text[text.index("| when | done | hours |") :].splitlines()[2:]
    assert rows == [
        "| 2024 | 1 | 4 h |",
        "| 2024 Q4 | 1 | 4 h |",
        "| 2023 | 3 | 6.5 h |",
        "| 2023 Q2 | 1 | 3 h |",
        "| 2023 Q1 | 2 | 3.5 h |",
        "| no date known | 1 | 5 h |",
    ]
    assert report.rows == {"open todos": 0, "projects": 0, "weeks": 0, "finished todos": 5}
    assert "2023" not in recent
    assert "| 2024 | 1 | 4 h |" in recent


def test_todos_of_no_project_count_as_no_project(wb: Workbench, tmp_path: Path) -> None:
    wb.add_todo("Of none")
    report = export(wb, "markdown", tmp_path / "x.md", now=NOW)
    text = (tmp_path / "x.md").read_text(encoding="utf-8")
    assert "### No project" in text
    assert report.rows["projects"] == text.count("\n### ") - 1


def test_an_empty_workbench(tmp_path: Path) -> None:
    with Workbench.init(tmp_path / "new.db") as new:
        text = written(new, tmp_path)
        assert "Nothing is open." in text
        assert "Nothing is promised for it." in text
        assert "Nothing was planned or finished in them." in text
        assert "Nothing was finished yet." in text
        assert new.count(Todo) == 0


@pytest.mark.parametrize(
    ("text", "told"), [("1. one", "1\\. one"), ("12) x", "12\\) x"), ("v1.2", "v1.2"), ("a: b", "a: b")]
)
def test_only_what_would_be_markup_is_escaped(text: str, told: str) -> None:
    assert escaped(text) == told
