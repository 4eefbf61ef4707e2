"""A summary in Markdown: what is open, by project; this week's plan; how the last weeks went; all years, by quarter.

Titles are anybody's text: in here they are words, whatever markup, HTML or address stands in them.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TextIO

from orc_lab.exporters.words import text
from orc_lab.model.change import Value
from orc_lab.model.clock import Clock
from orc_lab.model.entities import CLOSED, Priority
from orc_lab.model.week import Week
from orc_lab.store.snapshot import Scope, Snapshot

WEEKS = 4
_WEEKS = ("week", "goal", "planned", "kept", "done", "hours")
_YEARS = ("when", "done", "hours")
_MARKUP = re.compile(r"[\\`*_\[\]{}<>#|~&$^!]|:(?=\S)|(?<=www)\.", re.IGNORECASE)
_BLOCK = re.compile(r"^([-+=]|\d+(?=[.)]))")  # what begins a list, a rule or a heading where a line begins
_NAMED = re.compile(r"@(?=\w)")
_APART = "\u2060"  # a word joiner: nothing to see, and no address or mention to be found
_JOINERS = "\u200c\u200d"  # they hold letters and emoji together
_LEVELS = {priority.value: rank for rank, priority in enumerate(Priority)}

Row = Mapping[str, Any]


@dataclass(slots=True)
class _Found:
    """What the summary is made of, gathered in one pass over the todos."""

    open: dict[Value, list[Row]] = field(default_factory=lambda: defaultdict(list))
    done: dict[date, list[float]] = field(default_factory=lambda: defaultdict(list))  # hours of each, by day
    undated: list[float] = field(default_factory=list)
    promised: dict[Value, Row] = field(default_factory=dict)


def write(snapshot: Snapshot, out: TextIO, scope: Scope, clock: Clock, now: int) -> dict[str, int]:
    """Write a summary as of an instant; return how many todos, their projects and weeks it tells of."""
    this = Week.at(now, clock)
    projects = {row["id"]: row for row in _rows(snapshot, "projects", scope)}
    goals = {row["id"]: row for row in _rows(snapshot, "weekly_goals", scope)}
    plan = [row for row in _rows(snapshot, "commitments", scope) if _week(goals.get(row["weekly_goal_id"])) == this]
    found = _found(snapshot, scope, clock, {row["todo_id"] for row in plan})
    first = Week.of(date.fromisoformat(scope.day)) if scope.since is not None else this - WEEKS
    out.write(f"# Work on {clock.day(now)}\n")
    out.writelines(f"{line}\n" for line in _open(found.open, projects))
    out.writelines(f"{line}\n" for line in _plan(this, goals.values(), plan, found.promised))
    past = _past(first, this, goals.values(), found.done)
    for lines in (
        _told("The weeks before", _WEEKS, past, "Nothing was planned or finished in them."),
        _told("All that was finished", _YEARS, _years(found), "Nothing was finished yet."),
    ):
        out.writelines(f"{line}\n" for line in lines)
    opened, told = sum(map(len, found.open.values())), len(found.open.keys() & projects.keys())
    finished = sum(map(len, found.done.values())) + len(found.undated)
    return {"open todos": opened, "projects": told, "weeks": len(past), "finished todos": finished}


def escaped(value: Value) -> str:
    """Return a text as one line of Markdown that shows just that text: no markup, no HTML, no link."""
    words = " ".join(text(value).split())
    line = "".join(char if char.isprintable() or char in _JOINERS else "\ufffd" for char in words)
    line = _BLOCK.sub(lambda match: _begun(match[1]), _MARKUP.sub(r"\\\g<0>", line))
    return _NAMED.sub(f"@{_APART}", line)


def _begun(start: str) -> str:
    return f"{start}\\" if start.isdecimal() else f"\\{start}"


def hours(value: float) -> str:
    """Return hours as people write them, `1.5 h`."""
    return f"{round(value, 2):g} h"


def _rows(snapshot: Snapshot, table: str, scope: Scope) -> Iterator[Row]:
    names = snapshot.columns(table)
    return (dict(zip(names, row, strict=True)) for row in snapshot.rows(table, scope))


def _found(snapshot: Snapshot, scope: Scope, clock: Clock, promised: set[Value]) -> _Found:
    found = _Found()
    for todo in _rows(snapshot, "todos", scope):
        if todo["status"] not in CLOSED:
            found.open[todo["project_id"]].append(todo)
        elif todo["status"] == "done":
            _finished(found, todo, scope, clock)
        if todo["id"] in promised:
            found.promised[todo["id"]] = todo
    return found


def _finished(found: _Found, todo: Row, scope: Scope, clock: Clock) -> None:
    at, worked = todo["completed_at"], todo["actual_hours"] or 0.0
    if at is None:
        found.undated.append(worked)
    elif scope.since is None or at >= scope.since:
        found.done[clock.day(at)].append(worked)


def _open(todos: Mapping[Value, Sequence[Row]], projects: Mapping[Value, Row]) -> Iterator[str]:
    yield ""
    yield "## Open"
    if not todos:
        yield "\nNothing is open."
    for id in sorted(todos, key=lambda id: _placed(projects.get(id))):
        some, project = todos[id], projects.get(id)
        yield f"\n### {'No project' if project is None else escaped(project['title'])}\n"
        yield _sum(some, project) + "\n"
        for todo in sorted(some, key=_urgency):
            yield f"- {escaped(todo['title'])} ({_about(todo)})"


def _placed(project: Row | None) -> tuple[bool, int, str, str]:
    if project is None:
        return True, 0, "", ""
    return False, -_LEVELS[project["priority"]], project["due_date"] or "9999", text(project["title"]).casefold()


def _urgency(todo: Row) -> tuple[str, int, int]:
    return todo["due_date"] or "9999", -_LEVELS[todo["priority"]], todo["created_at"]


def _sum(todos: Sequence[Row], project: Row | None) -> str:
    estimates = [todo["estimated_hours"] for todo in todos if todo["estimated_hours"] is not None]
    parts = [f"{len(todos):,} open, {hours(sum(estimates))} estimated"]
    if len(estimates) < len(todos):
        parts.append(f"{len(todos) - len(estimates):,} without an estimate")
    if project is not None:
        parts += [f"due {escaped(project['due_date'])}"] if project["due_date"] else []
        parts += [project["status"], f"{project['priority']} priority", f"{project['progress']} % by your own count"]
    return ", ".join(parts) + "."


def _about(todo: Row) -> str:
    estimate = "no estimate" if todo["estimated_hours"] is None else hours(todo["estimated_hours"])
    due = [f"due {escaped(todo['due_date'])}"] if todo["due_date"] else []
    level = [todo["priority"]] if todo["priority"] in ("high", "urgent") else []
    return ", ".join([estimate, *due, *level, todo["status"]])


def _week(goal: Row | None) -> Week | None:
    try:
        return None if goal is None else Week.of(date.fromisoformat(goal["week_start_date"]))
    except ValueError:
        return None


def _plan(week: Week, goals: Iterable[Row], plan: Sequence[Row], todos: Mapping[Value, Row]) -> Iterator[str]:
    yield f"\n## This week, {week}\n"
    said = [goal["goal"] for goal in goals if _week(goal) == week and goal["goal"]]
    yield from (f"{escaped(goal)}\n" for goal in said)
    if not plan:
        yield "Nothing is promised for it."
    for one in plan:
        todo = todos.get(one["todo_id"])
        estimate = "no estimate" if one["estimated_hours"] is None else hours(one["estimated_hours"])
        yield f"- {'(gone)' if todo is None else escaped(todo['title'])} ({estimate}, {one['outcome']})"


def _told(title: str, columns: Sequence[str], rows: Sequence[str], otherwise: str) -> Iterator[str]:
    """Yield a table under its title, or what to say where it has no rows."""
    yield f"\n## {title}\n"
    if not rows:
        yield otherwise
        return
    yield f"| {' | '.join(columns)} |"
    yield "|---" * len(columns) + "|"
    yield from rows


def _past(first: Week, this: Week, goals: Iterable[Row], done: Mapping[date, Sequence[float]]) -> list[str]:
    """Return the weeks before this one that hold something, the latest first."""
    told = {week: goal for goal in goals if (week := _week(goal)) is not None}
    weekly: dict[Week, list[float]] = defaultdict(list)
    for day, worked in done.items():
        weekly[Week.of(day)] += worked
    lines = []
    for week in sorted({*told, *weekly}, reverse=True):
        if first <= week < this:
            goal, hours_of = told.get(week), weekly.get(week, ())
            planned = hours(goal["total_estimated_hours"]) if goal else ""
            rate = goal["completion_rate"] if goal else None
            kept = "" if rate is None else f"{rate:.0%}"
            words = escaped(goal["goal"]) if goal and goal["goal"] else ""
            lines.append(f"| {week} | {words} | {planned} | {kept} | {len(hours_of)} | {hours(sum(hours_of))} |")
    return lines


def _years(found: _Found) -> list[str]:
    """Return every year in which something was finished and its quarters, the latest first."""
    years: dict[int, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for day, worked in found.done.items():
        years[day.year][(day.month + 2) // 3] += worked
    lines = []
    for year, quarters in sorted(years.items(), reverse=True):
        lines.append(_summed(str(year), [one for some in quarters.values() for one in some]))
        lines += [_summed(f"{year} Q{quarter}", some) for quarter, some in sorted(quarters.items(), reverse=True)]
    return [*lines, *([_summed("no date known", found.undated)] if found.undated else [])]


def _summed(when: str, worked: Sequence[float]) -> str:
    return f"| {when} | {len(worked):,} | {hours(sum(worked))} |"
