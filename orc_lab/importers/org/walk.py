"""The way through an outline: which headings are todos, which are projects, and how they are known again.

A heading is known by its `ID`, else by its file and the titles on the way to it, from an archive file too. The nearest
heading without a keyword is a todo's project, unless that only names a day or an inbox, or stands below a task; then
the file's title is.
"""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PureWindowsPath
from typing import NamedTuple

from orc_lab.importers.org import entry
from orc_lab.importers.org.outline import Heading, Outline
from orc_lab.importers.reading.fields import LONGEST_TITLE
from orc_lab.importers.reading.values import clean
from orc_lab.model.ids import derived_id

_A_DATE = re.compile(r"\d{4}(?:-W?\d\d(?:-\d\d)?(?:\s+\w+)?)?")
_INBOX = "inbox"
_NO_PROJECT = "a heading without a keyword that is no project: it names a day or an inbox, or stands below a task"

Span = tuple[int, int]


class Place(NamedTuple):
    """Where in the outline a heading stands, and what those below inherit."""

    level: int
    file: str
    path: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    category: str | None = None
    todo: str | None = None
    project: str | None = None
    commented: bool = False


class Met(NamedTuple):
    """A heading as it is met on the way: where it stands, where those below it do, by which name it is known, and what
    it is."""

    heading: Heading
    above: Place
    place: Place
    todo: str | None  # its external ids
    project: str | None
    left_out: str | None = None


class Walk:
    """The headings of an outline from top to bottom, each with what it is and how it is known.

    `elsewhere` are titles of projects, by external id, that no heading of this file stands for.
    """

    def __init__(self, outline: Outline, name: str) -> None:
        self.elsewhere: dict[str, str] = {}
        self._outline = outline
        self._names: Counter[str] = Counter()
        self._root = self._root_of(name)

    def todos(self) -> Iterator[tuple[Span, Met]]:
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

    def survey(self) -> Iterator[tuple[Span, str | None, Met | None]]:
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

    def external_id(self, noun: str, id: str | None, place: Place) -> str:
        """Return the name by which a heading is known; one whose id stands at another too goes by its place."""
        if id and (name := f"{noun}:{clean(id)[:200]}") not in self._names:
            self._names[name] = 1
            return name
        name = f"{noun}:~{_key(place.file, *place.path)}"
        self._names[name] += 1
        return name if self._names[name] == 1 else f"{name}.{self._names[name]}"

    def _root_of(self, name: str) -> Place:
        file = _stem(name)
        title = clean(self._outline.settings.get("TITLE", ""))[:LONGEST_TITLE]
        project = self._named(file, (), title) if _names_project(title) else None
        category = clean(self._outline.settings.get("CATEGORY", "")) or None
        return Place(level=0, file=file, tags=tuple(map(clean, self._outline.tags)), category=category, project=project)

    def _named(self, file: str, path: tuple[str, ...], title: str) -> str:
        """Return the external id of a project that no heading of this file stands for."""
        project = f"project:~{_key(file, *path)}"
        self.elsewhere[project] = title
        return project

    def _archived(self, heading: Heading, above: Place) -> Place:
        """Return the place from which a heading was archived, for one that was."""
        told = heading.properties
        if "ARCHIVE_FILE" not in told:
            return above
        file = _stem(told["ARCHIVE_FILE"])
        path = tuple(filter(None, map(entry.plain, told.get("ARCHIVE_OLPATH", "").split("/"))))
        named = next((place for place in range(len(path), 0, -1) if _names_project(path[place - 1])), 0)
        project = self._named(file, path[:named], path[named - 1]) if named else None
        return Place(
            level=above.level,
            file=file,
            path=path,
            tags=(*above.tags, *map(clean, told.get("ARCHIVE_ITAGS", "").split())),
            category=clean(told.get("ARCHIVE_CATEGORY", "")) or above.category,
            project=project or above.project,
        )

    def _met(self, heading: Heading, above: Place) -> Met:
        """Return what a heading is: a todo, a project if there are tasks below, both, or nothing here."""
        title = entry.plain(heading.title)
        place = Place(
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
            return Met(heading, above, place, None, None, "it is commented out")
        todo, project = None, None
        if heading.keyword is not None or heading.clocks:
            todo = self.external_id("todo", heading.properties.get("ID"), place)
        if heading.keyword is None and above.todo is None and _names_project(title):
            project = self.external_id("project", None, place)
        if todo is None and project is None:
            return Met(heading, above, place, None, None, _NO_PROJECT)
        below = place._replace(todo=place.todo if heading.keyword is None else todo, project=project or place.project)
        return Met(heading, above, below, todo, project)


def _stem(name: str) -> str:
    """Return a file's name without its folder and ending, so that an archive file is named like its own."""
    base = Path(PureWindowsPath(name.partition("::")[0]).name).name
    return clean(base.removesuffix("_archive").removesuffix(".org")) or "org"


def _key(*parts: str) -> str:
    return derived_id(*parts)[:18]


def _names_project(title: str) -> bool:
    return bool(title) and title.casefold() != _INBOX and _A_DATE.fullmatch(title) is None
