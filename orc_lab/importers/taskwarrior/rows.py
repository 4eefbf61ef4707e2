"""A task of Taskwarrior as a todo with its history, what it depends on, and its annotations.

Its dates are instants in UTC; a day is the one on the person's calendar then. `id` and `urgency` change from export to
export without any edit: they are no part of the record.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from orc_lab.importers.reading import values
from orc_lab.importers.reading.fields import Fields
from orc_lab.importers.reading.json_pieces import TOO_DEEP, Unheld
from orc_lab.importers.reading.quick_fields import QuickFields
from orc_lab.importers.record import Context, Parsed, as_raw, last_told
from orc_lab.importers.taskwarrior import life
from orc_lab.model.entities import Link, Todo

_VOLATILE = ("id", "urgency")
_ANONYMOUS = "todo:~"
_INTERNAL = (
    *("uuid", "project", "mask", "imask", "parent", "rtype", "template", "last"),
    *("depends", "annotations", "annotation"),
)
STANDARD = frozenset({*_VOLATILE, *life.WANTED, *_INTERNAL})


class Dependency(NamedTuple):
    """A task that another one waits for, both by external id, and when that one was made."""

    blocker: str
    blocked: str
    at: int


class Annotation(NamedTuple):
    """What was noted on a task, and when."""

    external_id: str
    subject: str
    text: str
    at: int
    raw: str
    content: str


def is_anonymous(todo: Parsed) -> bool:
    """Return whether a record is known by its content alone, which another one may have too."""
    return todo.external_id.startswith(_ANONYMOUS)


def is_task(record: Mapping[str, Any]) -> bool:
    """Return whether a record has what only a task has."""
    return "uuid" in record or "description" in record or record.get("status") in life.WORDS


def project_of(record: Mapping[str, Any]) -> str | None:
    """Return the name of a task's project, `home.garden` for one inside of another."""
    name = record.get("project")
    return (values.clean(name).strip() or None) if isinstance(name, str) else None


def project_id(name: str) -> str:
    """Return the external id of a project."""
    return f"project:{name.casefold()}"


def todo(record: Any, written: str, names: life.Names, context: Context) -> Parsed:
    """Return a task as a todo, left out where it is none; `written` is its text in the file. What changes by
    itself is taken out of the record."""
    if not isinstance(record, dict):
        return _unread(record, written)
    without_volatile(record)
    try:
        raw, content = as_raw(record)
    except RecursionError:
        return _unread(Unheld(TOO_DEEP), written)
    uuid = record.get("uuid")
    id = values.clean(uuid).strip() if isinstance(uuid, str) else ""
    external_id = f"todo:{id}" if id else _ANONYMOUS + content[:12]
    why = _reason(record)
    if why is not None:
        return Parsed(external_id=external_id, kind=Todo, raw=raw, content_hash=content, left_out=why)
    fields = QuickFields(life.told(record, names), context)
    if not id:
        fields.warn("it has no uuid: known by its content, and new once that changes")
    for odd in _unread_fields(record):
        fields.warn(f"some of its {odd} can't be read: left out, kept in the raw record")
    name = project_of(record)
    begun, steps = life.row(fields, names, name)
    return Parsed(
        external_id=external_id,
        kind=Todo,
        row_id=id if 0 < len(id) <= 100 and id.isprintable() and " " not in id else None,
        values=begun,
        steps=steps,
        links={} if name is None else {"project_id": project_id(name)},
        raw=raw,
        content_hash=content,
        updated=last_told(begun, steps, context.now),
        guessed=fields.guessed,
        issues=fields.issues(external_id) if fields.odd else (),
    )


def without_volatile(record: dict[str, Any]) -> None:
    """Take out of a record what changes by itself."""
    for volatile in _VOLATILE:
        if isinstance(record.get(volatile), (int, float)):
            del record[volatile]


def dependencies(record: Mapping[str, Any], todo: Parsed) -> list[Dependency]:
    """Return what a task waits for: a list of uuids, or a text with commas between them (older versions)."""
    told = record.get("depends")
    if isinstance(told, str):
        told = told.split(",")
    if not isinstance(told, list):
        return []
    at = todo.values["created_at"]
    uuids = dict.fromkeys(values.clean(uuid).strip() for uuid in told if isinstance(uuid, str))
    found = (Dependency(f"todo:{uuid}", todo.external_id, at) for uuid in uuids if uuid)
    return [one for one in found if one.blocker != one.blocked]


def annotations(record: Mapping[str, Any], todo: Parsed, context: Context) -> list[Annotation]:
    """Return what was noted on a task, each at its time."""
    told = record.get("annotations")
    found = []
    for one in told if isinstance(told, list) else ():
        fields = Fields(
            {"text": one.get("description"), "at": one.get("entry")} if isinstance(one, dict) else {}, context
        )
        if (text := fields.text("text")) is not None:
            raw, content = as_raw(one)
            at = fields.past("at", 9)
            external_id = f"annotation:{todo.external_id}:{content[:16]}"
            created = todo.values["created_at"]
            found.append(Annotation(external_id, todo.external_id, text, created if at is None else at, raw, content))
    return found


def links(dependencies: Iterable[Dependency]) -> Iterator[Parsed]:
    """Yield each dependency as a link, once."""
    for one in {(found.blocker, found.blocked): found for found in dependencies}.values():
        raw, content = as_raw({"depends": one.blocker, "of": one.blocked})
        yield Parsed(
            external_id=f"link:{one.blocker}:{one.blocked}",
            kind=Link,
            values={"created_at": one.at},
            links={"blocker_id": one.blocker, "blocked_id": one.blocked},
            raw=raw,
            content_hash=content,
            made=True,
        )


def _unread(value: Any, written: str) -> Parsed:
    raw, content = as_raw(written)
    why = value.why if isinstance(value, Unheld) else "it is no task"
    return Parsed(external_id=_ANONYMOUS + content[:12], kind=Todo, raw=raw, content_hash=content, left_out=why)


def _unread_fields(record: Mapping[str, Any]) -> Iterator[str]:
    """Yield which fields hold something that is not what Taskwarrior writes there."""
    for name in ("tags", "depends"):
        told = record.get(name)
        if not (told is None or type(told) is str or (type(told) is list and all(type(one) is str for one in told))):
            yield name
    if not isinstance(record.get("project") or "", str):
        yield "project"
    notes = record.get("annotations")
    if notes and not (
        isinstance(notes, list) and all(isinstance(one, dict) and one.get("description") for one in notes)
    ):
        yield "annotations"


def _reason(record: Mapping[str, Any]) -> str | None:
    """Return why a record is not imported."""
    if is_task(record):
        return None
    if "start" in record and ("tags" in record or "id" in record):
        return "it is an interval of Timewarrior: import `timew export` as a file of its own"
    return "it is no task"
