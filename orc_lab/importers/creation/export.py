"""The old web app's localStorage (zustand persist): the shapes it comes in, and what in it may be kept.

It may be wrapped in `{"state": …, "version": …}` or bare, a JSON text inside a JSON text, or a dump of the browser's
whole storage, in which only `creation-store` is read: the `sync-token` of the old app and any other secret are
neither imported nor kept, in no raw record and in no copy.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from orc_lab.errors import UnreadableFile
from orc_lab.importers.creation.records import Records
from orc_lab.importers.reading import json_file
from orc_lab.importers.reading.json_file import WITHHELD, may_hold_secrets, withheld
from orc_lab.importers.reading.source import Source
from orc_lab.importers.reading.values import bare
from orc_lab.importers.record import Context, Parsed, Reading
from orc_lab.model.entities import Entity, Intention, Project, Todo, WeeklyGoal

NAME = "creation-store"
# To be run in a browser's console on a page of the old app: one line, so that every console takes it in one paste.
SNIPPET = (
    "(text => text ? Object.assign(document.createElement('a'), {download: 'creation-store.json', "
    "href: URL.createObjectURL(new Blob([text], {type: 'application/json'}))}).click() : "
    "alert('Nothing here: open the old app first.'))(localStorage.getItem('creation-store'))"
)
STEP = "Copy the value of creation-store from the old app's local storage again."

_LISTS: Mapping[str, type[Entity]] = {
    "intentions": Intention,
    "projects": Project,
    "todos": Todo,
    "weeklygoals": WeeklyGoal,
}
_MARKS = {"creation-store": 0.95, '"weeklyGoals"': 0.9, '"intentionId"': 0.8, '"projects"': 0.5, '"todos"': 0.5}
_MIGRATED = "creation-store-migrated"
_DEEPEST = 8


def identify(head: str, path: str) -> float:
    """Return how much a text looks like the old app's storage."""
    plain = head.replace("\\", "")
    if not plain.lstrip("\ufeff \t\r\n'\"").startswith("{") or '"crossModelVersion"' in plain:
        return 0.0
    known = [sure for mark, sure in _MARKS.items() if mark in plain]
    return max(known, default=0.3 if '"state"' in plain else 0.0)


def read(source: Source, context: Context) -> Reading:
    """Return all records of an export; raises UnreadableFile for what is no JSON or holds no such storage."""
    text, note = source.text()
    try:
        value, clean = _parsed(text, source.name), withheld if may_hold_secrets(text) else _as_is
        del text
        export = _unwrapped(value, source.name, clean)
        kept = _kept(export)
    except RecursionError:
        raise _too_deep(source.name) from None
    notes = [*([note] if note else []), *export.notes]
    if export.withheld or "synctoken" in map(bare, export.whole or ()):
        notes.append("A token or password stood in the file: it was neither imported nor kept.")
    lists = _lists(export.state, notes)
    return Reading(
        source=context.options.source or NAME,
        records=_streamed(Records(context, lists), notes, source.name),
        notes=notes,
        kept=kept,
        count=sum(map(len, lists.values())),
    )


def _streamed(records: Records, notes: list[str], name: str) -> Iterator[Parsed]:
    try:
        yield from records.stream()
    except RecursionError:
        raise _too_deep(name) from None
    notes += records.notes()


def _too_deep(name: str) -> UnreadableFile:
    return UnreadableFile(name, "it is nested too deeply", STEP)


def _parsed(text: str, name: str) -> Any:
    text = text.strip().removeprefix("\ufeff")
    if text[:2] in ("'{", "'\""):  # a browser's console shows a string in single quotes
        text = text.strip("'")
    return json_file.parsed(text, name, STEP)


def _as_is(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class _Export:
    """The state without secrets, the version that its wrapper tells, whether a secret stood in either, and the whole
    storage where that was dumped."""

    state: dict[str, Any]
    version: Any = None
    withheld: bool = False
    whole: dict[str, Any] | None = None

    @property
    def notes(self) -> list[str]:
        """What is to be told of the storage around it."""
        return [] if self.whole is None else _told(self.whole)


def _unwrapped(value: Any, name: str, clean: Callable[[Any], Any]) -> _Export:
    whole: dict[str, Any] | None = None
    version, found = None, False
    for _ in range(_DEEPEST):
        if isinstance(value, str):
            value = _parsed(value, name)
        elif not isinstance(value, dict):
            break
        elif NAME in value:
            whole, value = value, value[NAME]
        elif isinstance(value.get("state"), (dict, str)):
            state = value.pop("state")
            around = clean(value)
            version, found = around.get("version"), found or around is not value
            value = state
            if isinstance(state, dict) and not isinstance(state.get("state"), (dict, str)):
                return _export(state, clean, version, found, whole)
        elif any(bare(key) in _LISTS for key in value):
            return _export(value, clean, version, found, whole)
        else:
            break
    raise UnreadableFile(name, "it holds no projects, todos, weekly goals or intentions of the old app", STEP)


def _export(state: Any, clean: Callable[[Any], Any], version: Any, found: bool, whole: Any) -> _Export:
    safe = clean(state)
    return _Export(state=safe, version=version, withheld=found or safe is not state, whole=whole)


def _told(whole: Mapping[str, Any]) -> list[str]:
    notes = []
    if whole.get(_MIGRATED):
        notes.append(f"The old app says that its data was moved once before ({_MIGRATED}).")
    if others := [key for key in whole if key not in (NAME, _MIGRATED) and bare(key) != "synctoken"]:
        entries = "entry of the browser's storage is" if len(others) == 1 else "entries of the browser's storage are"
        notes.append(f"{len(others):,} other {entries} not orc's, passed over.")
    return notes


def _kept(export: _Export) -> bytes | None:
    """Return what may be kept of the file, None where that is all of it."""
    if export.whole is None and not export.withheld:
        return None
    wrapped = {"state": export.state} | ({} if export.version is None else {"version": export.version})
    if export.whole is None:
        return json.dumps(wrapped).encode()
    migrated = {_MIGRATED: export.whole[_MIGRATED]} if _MIGRATED in export.whole else {}
    return json.dumps({NAME: json.dumps(wrapped)} | migrated).encode()


def _lists(state: Mapping[str, Any], notes: list[str]) -> dict[type[Entity], list[Any]]:
    """Return the records of each kind, and add what is to be told."""
    found: dict[type[Entity], list[Any]] = {}
    for key, kind in _LISTS.items():
        for name, held in state.items():
            if bare(name) == key:
                entries, note = _entries(name, held)
                notes += [note] if note else []
                found[kind] = found[kind] + entries if kind in found else entries
    if others := [name for name, held in state.items() if bare(name) not in _LISTS and held != WITHHELD]:
        notes.append(f"Settings of the old app were passed over: {', '.join(sorted(others)[:8])}.")
    return found


def _entries(name: str, held: Any) -> tuple[list[Any], str | None]:
    """Return the records of a list, or of a map from id to record."""
    if isinstance(held, str):
        try:
            held = withheld(json_file.parsed(held, name, STEP))
        except UnreadableFile:
            return [held], None
    if isinstance(held, dict):
        if not held:
            return [], f"{name} is an empty object: a Map or Set, whose content the old app did not write."
        return list(_paired(held.items())), None
    if isinstance(held, list):
        pairs = held and all(isinstance(one, list) and len(one) == 2 and _is_plain(one[0]) for one in held)
        return (list(_paired(held)) if pairs else held), None
    return ([] if held is None else [held]), None


def _is_plain(key: object) -> bool:
    return not isinstance(key, (dict, list))


def _paired(pairs: Any) -> Iterator[Any]:
    for key, record in pairs:
        yield {**record, "id": record.get("id") or key} if isinstance(record, dict) else [key, record]
