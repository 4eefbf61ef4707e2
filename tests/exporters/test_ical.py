"""A calendar that a real parser reads back: every text true, every line short."""

import io
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orc_lab.exporters import calendar
from orc_lab.exporters.run import export
from orc_lab.model.entities import Project, Todo
from orc_lab.workbench.bench import Workbench
from tests.exporters.conftest import NOW, at


def parsed(raw: bytes) -> dict[str, Any]:
    found = icalendar.Calendar.from_ical(raw)
    return {str(one["UID"]): one for one in found.subcomponents}


def exported(wb: Workbench, folder: Path, **options: Any) -> dict[str, Any]:
    export(wb, "ics", folder / "x.ics", now=NOW, **options)
    raw = (folder / "x.ics").read_bytes()
    assert max(map(len, raw.split(b"\r\n"))) <= calendar.WIDTH
    assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r")
    raw.decode()
    return parsed(raw)


def test_todos_and_projects_are_tasks(wb: Workbench, tmp_path: Path) -> None:
    found = exported(wb, tmp_path)
    (draft,), (thesis,) = wb.find(Todo, title="Draft"), wb.find(Project, title="Thesis <b>&")
    task = found[draft.id]
    assert task.name == "VTODO"
    assert (str(task["STATUS"]), int(task["PRIORITY"]), str(task["DESCRIPTION"])) == ("NEEDS-ACTION", 1, "two\nlines")
    assert task["DUE"].dt == date(2026, 11, 27)
    assert task["CREATED"].dt == datetime.fromtimestamp(at("2026-10-01T09:30"), UTC)
    assert str(task["RELATED-TO"]) == thesis.id
    assert task["CATEGORIES"].cats == ["writing"]
    assert str(task["ESTIMATED-DURATION"]) == "PT2H30M"
    assert str(task["X-ORC-STATUS"]) == "committed"
    above = found[thesis.id]
    assert (str(above["SUMMARY"]), int(above["PERCENT-COMPLETE"])) == ("Thesis <b>&", 40)
    (done,), (part,) = wb.find(Todo, title="Outline"), wb.find(Todo, title="Part")
    assert (str(found[done.id]["STATUS"]), int(found[done.id]["PERCENT-COMPLETE"])) == ("COMPLETED", 100)
    assert found[done.id]["COMPLETED"].dt == datetime.fromtimestamp(at("2026-11-17T12:00"), UTC)
    assert str(found[part.id]["STATUS"]) == "CANCELLED"
    assert str(found[part.id]["RELATED-TO"]) == draft.id


def test_every_title_is_read_back(wb: Workbench, tmp_path: Path) -> None:
    found = exported(wb, tmp_path)
    for todo in wb.find(Todo):
        assert str(found[todo.id]["SUMMARY"]) == todo.title
    assert sum(one.name == "VTODO" for one in found.values()) == wb.count(Todo) + wb.count(Project)


def test_tags_with_commas(wb: Workbench, tmp_path: Path) -> None:
    found = exported(wb, tmp_path)
    (tagged,) = [todo for todo in wb.find(Todo) if todo.tags]
    assert found[tagged.id]["CATEGORIES"].cats == ["a,b", "ä"]


def test_sessions_and_weeks_are_events(wb: Workbench, tmp_path: Path) -> None:
    (outline,) = wb.find(Todo, title="Outline")
    events = [one for one in exported(wb, tmp_path).values() if one.name == "VEVENT"]
    (session,) = [one for one in events if str(one["X-ORC-KIND"]) == "session"]
    assert session["DTSTART"].dt == datetime.fromtimestamp(at("2026-11-17T10:00"), UTC)
    assert session["DTEND"].dt - session["DTSTART"].dt == timedelta(minutes=90)
    assert (str(session["SUMMARY"]), str(session["RELATED-TO"])) == ("Outline", outline.id)
    weeks = {str(one["SUMMARY"]): one for one in events if str(one["X-ORC-KIND"]) == "weekly goal"}
    assert set(weeks) == {"2026-W48: Write | *much*", "2026-W47: Begin"}
    assert weeks["2026-W47: Begin"]["DTSTART"].dt == date(2026, 11, 16)
    assert weeks["2026-W47: Begin"]["DTEND"].dt == date(2026, 11, 23)


def test_a_running_session_is_no_event_yet(wb: Workbench, tmp_path: Path) -> None:
    wb.start(wb.find(Todo, title="Draft")[0].id)
    assert len([one for one in exported(wb, tmp_path).values() if str(one.get("X-ORC-KIND")) == "session"]) == 1


def test_of_one_project(wb: Workbench, tmp_path: Path) -> None:
    (thesis,) = wb.find(Project, title="Thesis <b>&")
    tasks = [one for one in exported(wb, tmp_path, project=thesis.id).values() if one.name == "VTODO"]
    assert {str(one["SUMMARY"]) for one in tasks} == {"Thesis <b>&", "Draft", "Outline"}


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_any_text_is_folded_and_read_back(text: str) -> None:
    out = io.StringIO()
    calendar.write(out, "VTODO", [("UID", "1"), ("DTSTAMP", "20260101T000000Z"), ("SUMMARY", calendar.text(text))])
    raw = out.getvalue().encode()
    assert max(map(len, raw.split(b"\r\n"))) <= calendar.WIDTH
    todo = icalendar.Todo.from_ical(raw)
    true = text.replace("\r\n", "\n").replace("\r", "\n")
    shown = "".join("\ufffd" if (ord(c) < 32 and c not in "\t\n") or ord(c) == 127 else c for c in true)
    assert str(todo["SUMMARY"]) == shown


@pytest.mark.parametrize(("hours", "told"), [(0, "PT0S"), (1.5, "PT1H30M"), (0.01, "PT36S"), (1000, "PT1000H")])
def test_hours_are_durations(hours: float, told: str) -> None:
    assert calendar.duration(hours) == told
    assert icalendar.vDuration.from_ical(told) == timedelta(hours=hours)
