"""An iCalendar file: projects and todos as VTODO, sessions and the goals of weeks as VEVENT.

A project stands above its todos as a parent stands above its parts (RELATED-TO). Times are UTC, due dates days.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any, TextIO

from orc_lab.exporters import calendar
from orc_lab.exporters.calendar import day, duration, instant
from orc_lab.exporters.words import tags
from orc_lab.exporters.words import text as plain
from orc_lab.model.change import Value
from orc_lab.model.week import Week
from orc_lab.store.snapshot import Scope, Snapshot

Properties = Iterator[tuple[str, str | None]]

_PRIORITIES = {"urgent": "1", "high": "3", "medium": "5", "low": "9"}
_ENDED = {"done": "COMPLETED", "completed": "COMPLETED", "dropped": "CANCELLED", "archived": "CANCELLED"}


def write(snapshot: Snapshot, out: TextIO, scope: Scope) -> dict[str, int]:
    """Write a calendar; return how many components came of each table."""
    out.write("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//orc_lab//orc export//EN\r\nCALSCALE:GREGORIAN\r\n")
    titles: dict[Value, str] = {}
    counts = {"projects": 0, "todos": 0, "sessions": 0, "weekly goals": 0}
    for project in _rows(snapshot, "projects", scope):
        calendar.write(out, "VTODO", _project(project))
        counts["projects"] += 1
    for todo in _rows(snapshot, "todos", scope):
        titles[todo["id"]] = plain(todo["title"])
        calendar.write(out, "VTODO", _todo(todo))
        counts["todos"] += 1
    for session in _rows(snapshot, "sessions", scope):
        if session["ended_at"] is not None and instant(session["started_at"]) and instant(session["ended_at"]):
            calendar.write(out, "VEVENT", _session(session, titles.get(session["todo_id"], "")))
            counts["sessions"] += 1
    for goal in _rows(snapshot, "weekly_goals", scope):
        if (week := _week(goal)) is not None and goal["goal"]:
            calendar.write(out, "VEVENT", _goal(goal, week))
            counts["weekly goals"] += 1
    out.write("END:VCALENDAR\r\n")
    return counts


def _rows(snapshot: Snapshot, table: str, scope: Scope) -> Iterator[Mapping[str, Any]]:
    names = snapshot.columns(table)
    return (dict(zip(names, row, strict=True)) for row in snapshot.rows(table, scope))


def _common(row: Mapping[str, Any], summary: str) -> Properties:
    yield "UID", calendar.text(plain(row["id"]))
    yield "DTSTAMP", instant(row["updated_at"]) or instant(0)
    yield "CREATED", instant(row["created_at"])
    yield "LAST-MODIFIED", instant(row["updated_at"])
    yield "SUMMARY", calendar.text(summary)


def _described(value: Value) -> str | None:
    return calendar.text(plain(value)) if value else None


def _project(row: Mapping[str, Any]) -> Properties:
    yield from _common(row, plain(row["title"]))
    yield "DESCRIPTION", _described(row["description"] or row["why"])
    yield "STATUS", _ENDED.get(row["status"], "IN-PROCESS" if row["progress"] else "NEEDS-ACTION")
    yield "PERCENT-COMPLETE", str(row["progress"])
    yield "PRIORITY", _PRIORITIES[row["priority"]]
    yield "DUE;VALUE=DATE", day(row["due_date"])
    yield "COMPLETED", _completed(row, "completed")
    yield "X-ORC-KIND", "project"
    yield "X-ORC-STATUS", row["status"]


def _completed(row: Mapping[str, Any], status: str) -> str | None:
    at = row["completed_at"]
    return instant(at) if row["status"] == status and at is not None else None


def _todo(row: Mapping[str, Any]) -> Properties:
    working = row["started_at"] is not None
    yield from _common(row, plain(row["title"]))
    yield "DESCRIPTION", _described(row["description"])
    yield "STATUS", _ENDED.get(row["status"], "IN-PROCESS" if working else "NEEDS-ACTION")
    yield "PERCENT-COMPLETE", "100" if row["status"] == "done" else None
    yield "PRIORITY", _PRIORITIES[row["priority"]]
    words = [plain(row["category"]), *tags(row["tags"])] if row["category"] else tags(row["tags"])
    yield "CATEGORIES", ",".join(map(calendar.text, words)) or None
    yield "DUE;VALUE=DATE", day(row["due_date"])
    yield "COMPLETED", _completed(row, "done")
    if row["estimated_hours"] is not None:
        yield "ESTIMATED-DURATION", duration(row["estimated_hours"])
    above = row["parent_id"] or row["project_id"]
    yield "RELATED-TO", None if above is None else calendar.text(plain(above))
    yield "X-ORC-STATUS", row["status"]


def _session(row: Mapping[str, Any], title: str) -> Properties:
    yield "UID", calendar.text(plain(row["id"]))
    yield "DTSTAMP", instant(row["ended_at"])
    yield "DTSTART", instant(row["started_at"])
    yield "DTEND", instant(row["ended_at"])
    yield "SUMMARY", calendar.text(title)
    yield "RELATED-TO", calendar.text(plain(row["todo_id"]))
    yield "X-ORC-KIND", "session"


def _week(row: Mapping[str, Any]) -> date | None:
    try:
        return date.fromisoformat(row["week_start_date"])
    except ValueError:
        return None


def _goal(row: Mapping[str, Any], monday: date) -> Properties:
    yield from _common(row, f"{Week.of(monday)}: {plain(row['goal'])}")
    yield "DESCRIPTION", _described(row["reflection"])
    yield "DTSTART;VALUE=DATE", day(monday.isoformat())
    yield "DTEND;VALUE=DATE", day((monday + timedelta(days=7)).isoformat())
    yield "TRANSP", "TRANSPARENT"
    yield "X-ORC-KIND", "weekly goal"
