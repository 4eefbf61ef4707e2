"""The seam between formats and the import: what a format is given, and what it yields."""

import hashlib
import json
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import chain, count
from operator import attrgetter
from typing import Any, Literal, NamedTuple, Protocol

from orc_lab.importers.reading.source import Source
from orc_lab.importers.tables.mapping import ColumnMapping
from orc_lab.model.clock import Clock
from orc_lab.model.entities import Entity, Todo
from orc_lab.model.json_text import encoder

_unhashed = hashlib.sha256()
_encode = encoder(sort_keys=True)


class Severity(StrEnum):
    """Whether something of a record was lost or guessed (warning), or only filled in (note)."""

    NOTE = "note"
    WARNING = "warning"


# An import makes hundreds of thousands of these. They are values like others, only not frozen: a frozen one takes five
# times as long to make.
@dataclass(slots=True, kw_only=True)
class Issue:
    """Something odd about one record, which was imported all the same; the raw record keeps what stood there."""

    external_id: str
    severity: Severity
    sentence: str


@dataclass(slots=True, kw_only=True)
class Step:
    """A later moment in a row's life: the fields that changed at an instant (seconds UTC)."""

    at: int
    values: Mapping[str, Any]


class StandIn(NamedTuple):
    """The id of a row that may stand in a record's place, and whether it can be meant for no other of the file."""

    id: str
    alone: bool


@dataclass(slots=True, kw_only=True)
class Parsed:
    """One record of a file: the row it becomes, as it was at first, and the steps of its life since.

    `links` maps a field to the external id of the record it refers to. `row_id` is the id the row should have; the
    import derives one where it is None, or taken. `meets` says what makes a row that is here already the same thing:
    the id itself, or the title. `same_as` names the record of this file that this one was merged into. `left_out` is
    the reason not to import it. `made` marks records that stand in the file only as a part of others. `updated` (an
    instant) decides between two records with the same external id. `stand_in` is a row that another import has made
    for the same thing, knowing less of it: the record takes its place, and what refers to that row stays with it.
    `guessed` says that the file doesn't tell when it ended, so that another date of it was taken. `emptied` are fields
    of which the file says that nothing is in them, `assumed` those that it leaves out, with what the tool takes then.
    """

    external_id: str
    kind: type[Entity]
    values: Mapping[str, Any] = field(default_factory=dict)
    steps: Sequence[Step] = ()
    links: Mapping[str, str] = field(default_factory=dict)
    raw: str
    content_hash: str
    row_id: str | None = None
    meets: Literal["id", "title"] | None = None
    same_as: str | None = None
    left_out: str | None = None
    made: bool = False
    updated: int = 0
    stand_in: StandIn | None = None
    guessed: bool = False
    emptied: frozenset[str] = frozenset()
    assumed: frozenset[str] = frozenset()
    issues: Sequence[Issue] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the person chose: whose records of several persons' (`all` for everybody's), which column means what,
    the name under which this source's records are known (for two files that would be taken for one source), and which
    address's storage where a browser's profile holds several."""

    person: str | None = None
    mapping: ColumnMapping | None = None
    source: str | None = None
    origin: str | None = None


def _nothing(titles: Collection[str]) -> Sequence[Todo]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a format must know to read: the person's zone and id, the instant that counts as now, the choices.

    `titled` returns the person's todos that have one of some titles, for a format whose records name todos so.
    """

    clock: Clock
    user_id: str
    now: int
    options: Options = field(default_factory=Options)
    titled: Callable[[Collection[str]], Sequence[Todo]] = field(default=_nothing, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A file as a format read it.

    `source` is the name under which its records stay known, `notes` say what will not survive or was assumed,
    `passed_over` counts the records that the person did not ask for, by reason. `kept` is what may be kept of the
    file as a fallback; None means all of it. `count` is how many records there are about, where that is known.

    `records` may be a list in any order, which is emptied as it is read; or, for long files, an iterator that holds
    few of them at a time: it yields each external id once, kinds in the order of `entities.KINDS`, and `notes` may
    grow until it ends.
    """

    source: str
    records: Sequence[Parsed] | Iterator[Parsed]
    notes: Sequence[str] = ()
    passed_over: Mapping[str, int] = field(default_factory=dict)
    kept: bytes | str | None = None
    count: int | None = None


class Format(Protocol):
    """A module that reads one format."""

    NAME: str

    def identify(self, head: str, path: str) -> float:
        """Return how sure it is that a file is of this format, from 0 to 1, by its first characters and its name."""

    def read(self, source: Source, context: Context) -> Reading:
        """Return all of a file; raises UnreadableFile, or NeedsChoice where the person must say more."""


def as_raw(record: object) -> tuple[str, str]:
    """Return a record as JSON text, keys in order, and the SHA-256 of that: the same for the same content.

    A half character (lone surrogate) fits into no database; it stands there escaped.
    """
    raw = _encode(record)
    try:
        content = raw.encode()
    except UnicodeEncodeError:
        raw = json.dumps(record, sort_keys=True)
        content = raw.encode()
    hash = _unhashed.copy()  # takes half as long as a new one
    hash.update(content)
    return raw, hash.hexdigest()


def history(values: Mapping[str, Any], steps: Iterable[Step]) -> tuple[dict[str, Any], list[Step]]:
    """Return the row as it began and its later steps in order of time, one an instant.

    Steps at or before the beginning belong to it; `updated_at`, where the file tells it, is set by the last step.
    """
    first, later = dict(values), list[Step]()
    for step in sorted(steps, key=_AT):
        if step.at <= first["created_at"]:
            first.update(step.values)
        elif later and later[-1].at == step.at:
            later[-1] = Step(at=step.at, values={**later[-1].values, **step.values})
        else:
            later.append(step)
    if later and "updated_at" in first:
        last = later[-1]
        updated = max(first["updated_at"], last.at)
        first["updated_at"] = first["created_at"]
        later[-1] = Step(at=last.at, values={**last.values, "updated_at": updated})
    return first, later


_AT = attrgetter("at")


def last_told(values: Mapping[str, Any], steps: Sequence[Step], now: int) -> int:
    """Return when a row last changed (seconds UTC), from what `history` returned: 0 where the file tells no date of it,
    so that all of it was taken as now. Of two records with one id that is the older one."""
    last: int = (steps[-1].values if steps else values)["updated_at"]
    if last < now:
        return last
    return max((at for at in (values["created_at"], *(step.at for step in steps)) if at < now), default=0)


def settled(records: Iterable[Parsed]) -> list[Parsed]:
    """Return the records with each external id once: of two that differ, the one updated last, then the later one.

    The other is left out with the reason, under an id of its own, so that its raw record is kept too.
    """
    chosen: dict[str, Parsed] = {}
    again: dict[str, Parsed] = {}
    for record in records:
        other = chosen.get(record.external_id)
        if other is None:
            chosen[record.external_id] = record
            continue
        older, newer = sorted((other, record), key=lambda one: one.updated)
        chosen[record.external_id] = newer
        one = passed(older, _why(older, newer), again)
        again[one.external_id] = one
    return [*chosen.values(), *again.values()]


def passed(record: Parsed, why: str, taken: Container[str]) -> Parsed:
    """Return a record whose id another has, left out, under an id of its own: one that isn't taken."""
    own = f"{record.external_id}#{record.content_hash[:12]}"
    names = chain([own], (f"{own}.{nth}" for nth in count(2)))
    name = next(name for name in names if name not in taken)
    return replace(record, external_id=name, left_out=record.left_out or why, issues=())


def _why(older: Parsed, newer: Parsed) -> str:
    if older.content_hash == newer.content_hash:
        return "the same record stands in the file again"
    if older.updated == newer.updated:
        return "a later record of the file has the same id"
    return "the file holds a newer record with the same id"
