"""The old web app's localStorage (zustand persist): the shapes it comes in, and what in it may be kept.

It may be wrapped in `{"state": …, "version": …}` or bare, a JSON text inside a JSON text, or a dump of the browser's
whole storage, in which only `creation-store` is read: the `sync-token` of the old app and any other secret are
neither imported nor kept, in no raw record and in no copy.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from orc_lab.errors import UnreadableFile
from orc_lab.importers.creation_records import WITHHELD, Records
from orc_lab.importers.record import Context, Parsed, Reading
from orc_lab.importers.source import Source
from orc_lab.importers.values import bare
from orc_lab.model.entities import Entity, Intention, Project, Todo, WeeklyGoal

NAME = "creation-store"
STEP = "Copy the value of creation-store from the old app's local storage again."

_LISTS: Mapping[str, type[Entity]] = {
    "intentions": Intention,
    "projects": Project,
    "todos": Todo,
    "weeklygoals": WeeklyGoal,
}
_MARKS = {"creation-store": 0.95, '"weeklyGoals"': 0.9, '"intentionId"': 0.8, '"projects"': 0.5, '"todos"': 0.5}
_MIGRATED = "creation-store-migrated"
_SECRET = re.compile(r".*(token|secret|password|passphrase|apikey|authorization|credentials?|jwt)")
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
        state, whole, notes = _unwrapped(_parsed(text, source.name), source.name)
        safe, withheld = _withheld(state)
        records, more = _records(safe, context)
        kept = _kept(safe, whole, withheld)
    except RecursionError:
        raise UnreadableFile(source.name, "it is nested too deeply", STEP) from None
    if withheld or "synctoken" in map(bare, whole or ()):
        notes.append("A token or password stood in the file: it was neither imported nor kept.")
    return Reading(
        source=context.options.source or NAME,
        records=records,
        notes=[*([note] if note else []), *notes, *more],
        kept=kept,
    )


def _parsed(text: str, name: str) -> Any:
    text = text.strip().removeprefix("\ufeff")
    if text[:2] in ("'{", "'\""):  # a browser's console shows a string in single quotes
        text = text.strip("'")
    try:
        return json.loads(text, parse_int=_whole, parse_float=_finite, parse_constant=str)
    except json.JSONDecodeError as error:
        why = f"it is not JSON ({error.msg}, line {error.lineno}, column {error.colno})"
        raise UnreadableFile(name, why, STEP) from None


def _whole(digits: str) -> int | str:
    return int(digits) if len(digits) < 19 else digits


def _finite(digits: str) -> float | str:
    return found if math.isfinite(found := float(digits)) else digits


def _unwrapped(value: Any, name: str) -> tuple[dict[str, Any], dict[str, Any] | None, list[str]]:
    """Return the state, the whole storage where it was dumped, and what is to be told."""
    whole: dict[str, Any] | None = None
    for _ in range(_DEEPEST):
        if isinstance(value, str):
            value = _parsed(value, name)
        elif not isinstance(value, dict):
            break
        elif NAME in value:
            whole, value = value, value[NAME]
        elif isinstance(value.get("state"), (dict, str)):
            value = value["state"]
            if isinstance(value, dict):
                return value, whole, _told(whole)
        elif any(bare(key) in _LISTS for key in value):
            return value, whole, _told(whole)
        else:
            break
    raise UnreadableFile(name, "it holds no projects, todos, weekly goals or intentions of the old app", STEP)


def _told(whole: Mapping[str, Any] | None) -> list[str]:
    if whole is None:
        return []
    notes = []
    if whole.get(_MIGRATED):
        notes.append(f"The old app says that its data was moved once before ({_MIGRATED}).")
    if others := [key for key in whole if key not in (NAME, _MIGRATED) and bare(key) != "synctoken"]:
        entries = "entry of the browser's storage is" if len(others) == 1 else "entries of the browser's storage are"
        notes.append(f"{len(others):,} other {entries} not orc's, passed over.")
    return notes


def _withheld(value: Any) -> tuple[Any, int]:
    """Return a value with its secrets replaced, and how many there were."""
    if isinstance(value, list):
        items = [_withheld(item) for item in value]
        return [item for item, _ in items], sum(count for _, count in items)
    if not isinstance(value, dict):
        return value, 0
    found, count = {}, 0
    for key, item in value.items():
        if isinstance(item, (str, int, float)) and item and _SECRET.fullmatch(bare(key)):
            found[key], count = WITHHELD, count + 1
        else:
            found[key], more = _withheld(item)
            count += more
    return found, count


def _kept(state: Mapping[str, Any], whole: Mapping[str, Any] | None, withheld: int) -> bytes | None:
    if whole is None:
        return json.dumps({"state": state}).encode() if withheld else None
    kept = {NAME: json.dumps({"state": state})}
    return json.dumps(kept | ({_MIGRATED: whole[_MIGRATED]} if _MIGRATED in whole else {})).encode()


def _records(state: Mapping[str, Any], context: Context) -> tuple[list[Parsed], list[str]]:
    rows = Records(context)
    notes = []
    for key, kind in _LISTS.items():
        for name, held in state.items():
            if bare(name) == key:
                entries, note = _entries(name, held)
                notes += [note] if note else []
                rows.read(kind, entries)
    if others := [name for name, held in state.items() if bare(name) not in _LISTS and held != WITHHELD]:
        notes.append(f"Settings of the old app were passed over: {', '.join(sorted(others)[:8])}.")
    return rows.finished(), notes + rows.notes()


def _entries(name: str, held: Any) -> tuple[Sequence[Any], str | None]:
    """Return the records of a list, or of a map from id to record."""
    if isinstance(held, str):
        try:
            held = json.loads(held)
        except ValueError:
            return [held], None
    if isinstance(held, dict):
        if not held:
            return [], f"{name} is an empty object: a Map or Set, whose content the old app did not write."
        return list(_paired(held.items())), None
    if isinstance(held, list):
        pairs = held and all(isinstance(one, list) and len(one) == 2 for one in held)
        return (list(_paired(held)) if pairs else held), None
    return ([] if held is None else [held]), None


def _paired(pairs: Any) -> Iterator[Any]:
    for key, record in pairs:
        yield {**record, "id": record.get("id") or key} if isinstance(record, dict) else record
