"""What must be known of all tasks of a Taskwarrior export before the first can be read."""

import re
from collections import Counter
from typing import Any

from orc_lab.errors import InvalidValue
from orc_lab.importers.reading import values
from orc_lab.importers.reading.fields import LONGEST_TITLE
from orc_lab.importers.reading.values import bare
from orc_lab.importers.record import Context, Parsed, StandIn, as_raw
from orc_lab.importers.tables.mapping import names_unit, unit_of
from orc_lab.importers.taskwarrior import life, rows, timewarrior
from orc_lab.model.entities import Project

# What people call the attribute (UDA) that holds an estimate, or the time a task took, the surest first.
_ESTIMATE = (
    *("estimate", "est", "estimated", "estimation", "timeestimate", "estimatedtime", "esttime", "originalestimate"),
    *("effort", "planned", "duration"),
)
_ACTUAL = (
    "totalactivetime",
    "actual",
    "actualtime",
    "timespent",
    "spent",
    "tracked",
    "worked",
    "logged",
    "timetracked",
)
_UNIT = re.compile(r"(?:hours?|hrs?|h|minutes?|mins?)$")
_STAMP_LENGTH = len("20260327T220000Z")


class Survey:
    """All tasks, seen once. `names` says which attributes hold estimates and hours, `repeated` which external ids
    occur more than once."""

    def __init__(self, context: Context) -> None:
        self.count = 0
        self.tasks = 0
        self.names = life.Names()
        self.repeated: set[str] = set()
        self._context = context
        self._ids: set[str] = set()
        self._titles: set[int] = set()  # of tasks, as numbers: they are many
        self._shared: set[int] = set()  # those that several tasks have
        self._attributes: Counter[str] = Counter()
        self._projects: dict[str, tuple[str, str]] = {}  # by external id, what it is called and when it began

    def see(self, record: Any) -> None:
        """See a task, or what stands in the place of one."""
        self.count += 1
        if not isinstance(record, dict):
            return
        if not rows.is_task(record):
            return
        self.tasks += 1
        if isinstance(uuid := record.get("uuid"), str):
            if uuid in self._ids:
                self.repeated.add(f"todo:{values.clean(uuid)}")
            self._ids.add(uuid)
        if others := record.keys() - rows.STANDARD:
            self._attributes.update(others)
        if record.get("status") == "recurring":
            return
        if (project := rows.project_of(record)) is not None:
            self._see_project(project, record.get("entry"))
        if isinstance(title := record.get("description"), str):
            key = _key(title)
            (self._shared if key in self._titles else self._titles).add(key)

    def settle(self) -> None:
        """Decide which attributes hold estimates and hours; raises InvalidValue where the mapping names one that no
        task has."""
        mapping = self._context.options.mapping
        told = {} if mapping is None else mapping.columns
        for target, column in told.items():
            if target in ("estimate", "actual") and column not in self._attributes:
                there = ", ".join(sorted(self._attributes)[:12]) or "no attribute of your own"
                raise InvalidValue("a mapped attribute", column, f"one that a task has: {there}")
        estimate = told.get("estimate") or self._guessed(_ESTIMATE)
        actual = told.get("actual") or self._guessed(_ACTUAL)
        unit = None if mapping is None else mapping.unit
        self.names = life.Names(
            estimate=estimate,
            actual=actual,
            estimate_unit=unit or unit_of(estimate or ""),
            actual_unit=unit or unit_of(actual or ""),
        )

    def notes(self) -> list[str]:
        """Return what was assumed, and what orc has no place for."""
        told = []
        for what, name, unit in (
            ("Estimates", self.names.estimate, self.names.estimate_unit),
            ("Hours worked", self.names.actual, self.names.actual_unit),
        ):
            if name is not None:
                told.append(f"{what} were read from {name!r}, bare numbers as {_UNITS[unit]}; --map says it otherwise.")
        others = {*self._attributes} - {self.names.estimate, self.names.actual}
        if others:
            names = ", ".join(f"{name} ({self._attributes[name]:,})" for name in sorted(others)[:12])
            told.append(f"Attributes that orc has no place for, kept in the raw record only: {names}.")
        return told

    def stand_in(self, todo: Parsed) -> StandIn:
        """Return the todo that was made for a task's intervals, if they were imported before it."""
        title = str(todo.values["title"])
        return StandIn(timewarrior.id_for(title), _key(title) not in self._shared)

    def projects(self) -> list[Parsed]:
        """Return a project for each name, as old as its first task; a project here of that title is the same one."""
        return [self._project(external_id, *told) for external_id, told in self._projects.items()]

    def _project(self, external_id: str, name: str, began: str) -> Parsed:
        raw, content = as_raw({"project": name})
        found = values.when(began, self._context.clock)
        created = min(found, self._context.now) if isinstance(found, int) else self._context.now
        title = " ".join(name.split())[:LONGEST_TITLE]
        return Parsed(
            external_id=external_id,
            kind=Project,
            values={"title": title, "created_at": created, "updated_at": created},
            raw=raw,
            content_hash=content,
            meets="title",
            made=True,
        )

    def _see_project(self, name: str, entry: Any) -> None:
        external_id = rows.project_id(name)
        began = entry if isinstance(entry, str) and len(entry) == _STAMP_LENGTH else "~"  # after any date
        known = self._projects.get(external_id)
        if known is None or began < known[1]:
            self._projects[external_id] = (name if known is None else known[0], began)

    def _guessed(self, words: tuple[str, ...]) -> str | None:
        by_word: dict[str, str] = {}
        for name in sorted(self._attributes):
            by_word.setdefault(bare(name), name)
            if names_unit(name):
                by_word.setdefault(_UNIT.sub("", bare(name)), name)
        return next((by_word[word] for word in words if word in by_word), None)


def _key(title: str) -> int:
    return hash(" ".join(title.split()).casefold())


_UNITS = {"h": "hours", "min": "minutes", "s": "seconds"}
