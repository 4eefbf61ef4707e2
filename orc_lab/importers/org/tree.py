"""The outline of an org file as records: which headings are todos, which are projects, and how they are known again.

A heading is known by its `ID`, else by its file and the titles on the way to it, from an archive file too. The nearest
heading without a keyword is a todo's project, unless that only names a day or an inbox, or stands below a task; then
the file's title is.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path, PureWindowsPath
from textwrap import dedent
from typing import NamedTuple

from orc_lab.importers.org import life as org_life
from orc_lab.importers.org.life import Interval
from orc_lab.importers.org.outline import Heading, Outline
from orc_lab.importers.org.stamps import effort, stamp
from orc_lab.importers.reading.comments import comment
from orc_lab.importers.reading.fields import LONGEST_TITLE, Fields
from orc_lab.importers.reading.links import with_links
from orc_lab.importers.reading.values import clean
from orc_lab.importers.reading.work_time import instant, session
from orc_lab.importers.record import Context, Parsed, as_raw, history
from orc_lab.model.codec import MOST_HOURS
from orc_lab.model.entities import Entity, Priority, Project, Todo
from orc_lab.model.ids import derived_id
from orc_lab.workbench import pipeline

_LINK = re.compile(r"\[\[([^\[\]]+)\](?:\[([^\[\]]+)\])?\]")
_A_DATE = re.compile(r"\d{4}(?:-W?\d\d(?:-\d\d)?(?:\s+\w+)?)?")
_INBOX = "inbox"
_LEVELS: Mapping[str, Priority] = {"A": Priority.HIGH, "B": Priority.MEDIUM, "C": Priority.LOW}
_PAST = (":CREATED:", "CLOCK: [", "CLOSED: [", "- State ")  # org writes the newest first
_DATE = re.compile(r"[\[<](\d{4}-\d\d-\d\d[^\]>\n]*)")
_REPEATS = "it repeats: its rule stands in the raw record only"
_NO_PROJECT = "a heading without a keyword that is no project: it names a day or an inbox, or stands below a task"
_ONLY_TEXT = "a heading without a keyword and without tasks below it"


Span = tuple[int, int]


class _Place(NamedTuple):
    """Where in the outline a heading stands, and what those below inherit."""

    level: int
    file: str
    path: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    category: str | None = None
    todo: str | None = None
    project: str | None = None
    commented: bool = False


class _Met(NamedTuple):
    """A heading as it is met on the way: where it stands, where those below it do, by which name it is known, and what
    it is."""

    heading: Heading
    above: _Place
    place: _Place
    todo: str | None  # its external ids
    project: str | None
    left_out: str | None = None


class Tree:
    """The records of an outline, made from top to bottom."""

    def __init__(self, outline: Outline, name: str, context: Context) -> None:
        self._outline = outline
        self._context = context
        self._names: Counter[str] = Counter()
        self._elsewhere: dict[str, str] = {}  # titles of projects that no heading of this file stands for
        self._sessions: list[tuple[str, Interval]] = []
        self._comments: list[tuple[str, str, str]] = []
        self._levels = _levels(outline.settings.get("PRIORITIES", ""))
        self._root = self._root_of(name)

    def records(self) -> Iterator[Parsed]:
        """Yield the projects, the todos, their sessions, the notes on them."""
        yield from self._projects()
        order = 0
        for span, met in self._walk():
            if met.todo is not None:
                order += 1
                yield self._todo(met.todo, met, order)
            elif met.left_out is not None:
                name, text = self._external_id("heading", None, met.place), self._outline.text[slice(*span)]
                yield _left_out(name, Todo, text, met.left_out)
        yield from self._worked()
        yield from self._said()

    def _walk(self) -> Iterator[tuple[Span, _Met]]:
        """Yield the headings from top to bottom."""
        self._names.clear()
        stack = [self._root]
        for span in self._outline.spans():
            heading = self._outline.heading(span)
            while stack[-1].level >= heading.level:
                stack.pop()
            met = self._met(heading, self._archived(heading, stack[-1]))
            stack.append(met.place)
            yield span, met

    def _survey(self) -> Iterator[tuple[Span, str | None, _Met | None]]:
        """Yield each heading's place, for a task its project, for others what they are: all that projects need.

        A task's own text is not looked at, but for where it was archived from.
        """
        self._names.clear()
        stack = [self._root]
        archived = "ARCHIVE_FILE" in self._outline.text
        for span in self._outline.spans():
            heading = self._outline.heading(span, whole=False)
            if (archived and "ARCHIVE_FILE" in heading.text) or (not heading.keyword and "CLOCK:" in heading.text):
                heading = self._outline.heading(span)
            while stack[-1].level >= heading.level:
                stack.pop()
            above = self._archived(heading, stack[-1])
            if heading.keyword is None or above.commented or heading.title.startswith("COMMENT"):
                met = self._met(heading, above)
                stack.append(met.place)
                yield span, above.project if met.todo else None, met
            else:
                stack.append(above._replace(level=heading.level, todo="todo"))
                yield span, above.project, None

    def _root_of(self, name: str) -> _Place:
        file = _stem(name)
        title = clean(self._outline.settings.get("TITLE", ""))[:LONGEST_TITLE]
        project = self._named(file, (), title) if _names_project(title) else None
        category = clean(self._outline.settings.get("CATEGORY", "")) or None
        return _Place(
            level=0, file=file, tags=tuple(map(clean, self._outline.tags)), category=category, project=project
        )

    def _named(self, file: str, path: tuple[str, ...], title: str) -> str:
        """Return the external id of a project that no heading of this file stands for."""
        project = f"project:~{_key(file, *path)}"
        self._elsewhere[project] = title
        return project

    def _archived(self, heading: Heading, above: _Place) -> _Place:
        """Return the place from which a heading was archived, for one that was."""
        told = heading.properties
        if "ARCHIVE_FILE" not in told:
            return above
        file = _stem(told["ARCHIVE_FILE"])
        path = tuple(filter(None, map(_plain, told.get("ARCHIVE_OLPATH", "").split("/"))))
        named = next((place for place in range(len(path), 0, -1) if _names_project(path[place - 1])), 0)
        project = self._named(file, path[:named], path[named - 1]) if named else None
        return _Place(
            level=above.level,
            file=file,
            path=path,
            tags=(*above.tags, *map(clean, told.get("ARCHIVE_ITAGS", "").split())),
            category=clean(told.get("ARCHIVE_CATEGORY", "")) or above.category,
            project=project or above.project,
        )

    def _met(self, heading: Heading, above: _Place) -> _Met:
        """Return what a heading is: a todo, a project if there are tasks below, both, or nothing here."""
        title = _plain(heading.title)
        place = _Place(
            level=heading.level,
            file=above.file,
            path=(*above.path, title),
            tags=(*above.tags, *map(clean, heading.tags)),
            category=clean(heading.properties.get("CATEGORY", "")) or above.category,
            todo=above.todo,
            project=above.project,
            commented=above.commented or heading.title.split(maxsplit=1)[:1] == ["COMMENT"],
        )
        if place.commented:
            return _Met(heading, above, place, None, None, "it is commented out")
        todo, project = None, None
        if heading.keyword is not None or heading.clocks:
            todo = self._external_id("todo", heading.properties.get("ID"), place)
        if heading.keyword is None and above.todo is None and _names_project(title):
            project = self._external_id("project", None, place)
        if todo is None and project is None:
            return _Met(heading, above, place, None, None, _NO_PROJECT)
        below = place._replace(todo=place.todo if heading.keyword is None else todo, project=project or place.project)
        return _Met(heading, above, below, todo, project)

    def _external_id(self, noun: str, id: str | None, place: _Place) -> str:
        """Return the name by which a heading is known; one whose id stands at another too goes by its place."""
        if id and (name := f"{noun}:{clean(id)[:200]}") not in self._names:
            self._names[name] = 1
            return name
        name = f"{noun}:~{_key(place.file, *place.path)}"
        self._names[name] += 1
        return name if self._names[name] == 1 else f"{name}.{self._names[name]}"

    def _todo(self, external_id: str, met: _Met, order: int) -> Parsed:
        """Return a todo; its sessions and the notes on it come later."""
        heading, above, place = met.heading, met.above, met.place
        raw, content_hash = as_raw(heading.text)
        title, links = _title(heading.title)
        fields = Fields({"title": title, "description": _text(heading)}, self._context)
        if heading.keyword is None:
            fields.note("it has clocks but no keyword: taken as a todo")
        estimate = _estimate(heading, fields)
        entry = pipeline.entry_status(above.project, estimate)
        life = org_life.life(heading, fields, self._outline.keywords, entry, estimate)
        if heading.unread:
            fields.warn("a line of its log can't be read: it stands in the raw record only")
        self._sessions += [(external_id, one) for one in life.sessions]
        self._comments += [(external_id, when, clean("\n".join(lines))) for when, lines in heading.notes if lines]
        first, steps = history(
            {
                "title": fields.title(),
                "description": with_links(fields.text("description"), links),
                "status": life.status,
                "priority": self._priority(heading, fields),
                "category": place.category,
                "tags": tuple(dict.fromkeys(place.tags)),
                "estimated_hours": estimate,
                "position": float(order),
                "created_at": life.created,
                "updated_at": life.steps[-1].at if life.steps else life.created,
                **_days(heading, fields),
            },
            life.steps,
        )
        project = above.project
        return Parsed(
            external_id=external_id,
            kind=Todo,
            values=first,
            steps=steps,
            links=({"project_id": project} if project else {}) | ({"parent_id": above.todo} if above.todo else {}),
            raw=raw,
            content_hash=content_hash,
            updated=(steps[-1].values if steps else first)["updated_at"],
            issues=fields.issues(external_id),
        )

    def _worked(self) -> Iterator[Parsed]:
        for todo, (started, ended, wall) in self._sessions:
            raw, content_hash = as_raw(f"CLOCK: {wall}")
            name = self._nth(f"session:{todo}:{wall}")
            yield session(name, todo, started, ended, source="org", raw=raw, content_hash=content_hash, made=True)

    def _said(self) -> Iterator[Parsed]:
        now = self._context.now
        for todo, when, text in self._comments:
            found = stamp(when)
            at = min(now, instant(found.wall, self._context.clock)) if found else now
            raw, content_hash = as_raw(text)
            name = self._nth(f"note:{todo}:{clean(when[1:17])}")
            yield comment(name, todo, text, at, now, raw=raw, content_hash=content_hash, made=True)

    def _nth(self, name: str) -> str:
        self._names[name] += 1
        return name if self._names[name] == 1 else f"{name}.{self._names[name]}"

    def _priority(self, heading: Heading, fields: Fields) -> Priority:
        if heading.priority is None:
            return Priority.MEDIUM
        found = self._levels.get(heading.priority)
        if found is None:
            fields.warn("its priority lies outside of the scale: taken as low")
        return found or Priority.LOW

    def _projects(self) -> Iterator[Parsed]:
        """Yield the projects, as old as the first date of their tasks, and the headings that turn out to be none."""
        begun: dict[str, int] = {}
        candidates: dict[str, Span] = {}
        both: set[str] = set()
        for span, project, met in self._survey():
            if project is not None:
                begun[project] = min(self._first_of(span), begun.get(project, self._context.now))
            if met is not None and met.project is not None:
                candidates[met.project] = span
                both |= {met.project} if met.todo else set()
        for name, span in candidates.items():
            if name in begun:
                yield self._project(name, self._outline.heading(span), begun[name], made=name in both)
            elif name not in both:
                yield _left_out(name, Project, self._outline.text[slice(*span)], _ONLY_TEXT)
        for name, title in self._elsewhere.items():
            if name in begun and name not in candidates:
                yield _named(name, title, begun[name])

    def _first_of(self, span: Span) -> int:
        """Return the instant of the first date that tells of a task's past, now where there is none."""
        text, dates = self._outline.text, []
        for place in (text.rfind(mark, *span) for mark in _PAST):
            if place >= 0:
                dates += _DATE.findall(text, place, min(place + 100, span[1]))[:1]
        found = stamp(f"[{min(dates)}]") if dates else None
        return self._context.now if found is None else min(self._context.now, instant(found.wall, self._context.clock))

    def _project(self, external_id: str, heading: Heading, begun: int, *, made: bool) -> Parsed:
        title, links = _title(heading.title)
        fields = Fields({"title": title, "description": _text(heading)}, self._context)
        told = stamp(heading.properties.get("CREATED", ""))
        created = min(begun, instant(told.wall, self._context.clock)) if told else begun
        raw, content_hash = as_raw(heading.text)
        values = {
            "title": fields.title(),
            "description": with_links(fields.text("description"), links),
            "due_date": _days(heading, fields).get("due_date"),
            "created_at": created,
            "updated_at": created,
        }
        return Parsed(
            external_id=external_id,
            kind=Project,
            values=values,
            raw=raw,
            content_hash=content_hash,
            made=made,
            issues=fields.issues(external_id),
        )


def _named(external_id: str, title: str, begun: int) -> Parsed:
    """Return a project that no heading of the file stands for; one here of that title is the same."""
    raw, content_hash = as_raw({"project": title})
    return Parsed(
        external_id=external_id,
        kind=Project,
        values={"title": title, "created_at": begun, "updated_at": begun},
        raw=raw,
        content_hash=content_hash,
        meets="title",
        made=True,
    )


def _left_out(external_id: str, kind: type[Entity], text: str, why: str) -> Parsed:
    raw, content_hash = as_raw(text)
    return Parsed(external_id=external_id, kind=kind, raw=raw, content_hash=content_hash, left_out=why)


def _stem(name: str) -> str:
    """Return a file's name without its folder and ending, so that an archive file is named like its own."""
    base = Path(PureWindowsPath(name.partition("::")[0]).name).name
    return clean(base.removesuffix("_archive").removesuffix(".org")) or "org"


def _key(*parts: str) -> str:
    return derived_id(*parts)[:18]


def _names_project(title: str) -> bool:
    return bool(title) and title.casefold() != _INBOX and _A_DATE.fullmatch(title) is None


def _plain(title: str) -> str:
    """Return a title as a name: without its links' addresses."""
    return clean(_title(title)[0].strip())


def _title(text: str) -> tuple[str, list[str]]:
    """Return a title with the links in it as text, and their addresses."""
    if "[[" not in text:
        return text, []
    links = [target for target, name in _LINK.findall(text) if name]
    return _LINK.sub(lambda found: found[2] or found[1], text), links


def _text(heading: Heading) -> str:
    """Return the text below a heading."""
    return dedent("\n".join(heading.body)).strip() if heading.body else ""


def _estimate(heading: Heading, fields: Fields) -> float | None:
    told = heading.properties.get("EFFORT")
    if not told:
        return None
    found = effort(told)
    if found is None or found.hours > MOST_HOURS:
        fields.warn("its effort is no duration: left empty")
        return None
    if found.guessed:
        fields.warn("its effort is in days or longer: a day taken as 8 hours, a week as 40")
    return found.hours


def _days(heading: Heading, fields: Fields) -> dict[str, str | None]:
    """Return the deadline as the due date; until the day it is scheduled for, a task is out of sight."""
    found: dict[str, str | None] = {}
    for word, ours in (("DEADLINE", "due_date"), ("SCHEDULED", "snoozed_until")):
        if word in heading.planning:
            told = stamp(heading.planning[word])
            if told is None:
                fields.warn(f"its {word} is no date: left empty")
                continue
            found[ours] = told.wall.date().isoformat()
            if told.repeats:
                fields.warn(_REPEATS)
    return found


def _levels(told: str) -> Mapping[str, Priority]:
    """Return what a file's priorities mean, `A C B` as highest, lowest and default: by their place on the scale."""
    words = told.split()
    if len(words) < 2:
        return _LEVELS
    high, low = (int(word) if word.isdecimal() else ord(word[0]) for word in words[:2])
    if not 2 <= low - high <= 64:
        return _LEVELS
    numbered = words[0].isdecimal()
    places = {str(one) if numbered else chr(one): (one - high) / (low - high) for one in range(high, low + 1)}
    return {name: _level(place, low - high > 2) for name, place in places.items()}


def _level(place: float, finely: bool) -> Priority:
    if place == 0 and finely:
        return Priority.URGENT
    if place < 0.4:
        return Priority.HIGH
    return Priority.MEDIUM if place < 0.7 else Priority.LOW
