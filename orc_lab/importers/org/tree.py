"""The outline of an org file as records: projects, todos, how often they repeat, sessions, notes."""

import re
from collections import Counter
from collections.abc import Iterator

from orc_lab.importers.org import entry
from orc_lab.importers.org import life as org_life
from orc_lab.importers.org.life import Interval
from orc_lab.importers.org.outline import Heading, Outline
from orc_lab.importers.org.stamps import stamp
from orc_lab.importers.org.walk import Met, Span, Walk
from orc_lab.importers.reading import lived, recurring
from orc_lab.importers.reading.comments import comment
from orc_lab.importers.reading.fields import Fields
from orc_lab.importers.reading.links import with_links
from orc_lab.importers.reading.values import clean
from orc_lab.importers.reading.work_time import instant, session
from orc_lab.importers.record import Context, Parsed, as_raw, history, last_told
from orc_lab.model.entities import CLOSED, Entity, Priority, Project, Todo
from orc_lab.workbench import pipeline

_PAST = (":CREATED:", "CLOCK: [", "CLOSED: [", "- State ")  # org writes the newest first
_DATE = re.compile(r"[\[<](\d{4}-\d\d-\d\d[^\]>\n]*)")
_ONLY_TEXT = "a heading without a keyword and without tasks below it"


class Tree:
    """The records of an outline, made from top to bottom."""

    def __init__(self, outline: Outline, name: str, context: Context) -> None:
        self._outline = outline
        self._context = context
        self._names: Counter[str] = Counter()
        self._sessions: list[tuple[str, Interval]] = []
        self._comments: list[tuple[str, str, str]] = []
        self._rules: list[Parsed] = []
        self._levels = entry.levels(outline.settings.get("PRIORITIES", ""))
        self._walk = Walk(outline, name)

    def records(self) -> Iterator[Parsed]:
        """Yield the projects, the todos, how often they repeat, their sessions, the notes on them."""
        yield from self._projects()
        order = 0
        for span, met in self._walk.todos():
            if met.todo is not None:
                order += 1
                yield self._todo(met.todo, met, order)
            elif met.left_out is not None:
                name, text = self._walk.external_id("heading", None, met.place), self._outline.text[slice(*span)]
                yield _left_out(name, Todo, text, met.left_out)
        del self._outline, self._walk  # large, and there may be as many sessions as todos
        yield from self._rules
        yield from self._worked()
        yield from self._said()

    def _todo(self, external_id: str, met: Met, order: int) -> Parsed:
        """Return a todo; its sessions and the notes on it come later."""
        heading, above, place = met.heading, met.above, met.place
        raw, content_hash = as_raw(heading.text)
        if "ID" in heading.properties:  # it may have been moved, which its text doesn't say
            _, content_hash = as_raw([heading.text, above.project, place.category, place.tags])
        title, links = entry.title(heading.title)
        fields = Fields({"title": title, "description": entry.text(heading)}, self._context)
        if heading.keyword is None:
            fields.note("it has clocks but no keyword: taken as a todo")
        estimate = entry.estimate(heading, fields)
        status = pipeline.entry_status(above.project, estimate)
        life = org_life.life(heading, fields, self._outline.keywords, status, estimate)
        if heading.unread:
            fields.warn("a line of its log can't be read: it stands in the raw record only")
        self._sessions += [(external_id, one) for one in life.sessions]
        self._comments += [(external_id, when, clean("\n".join(lines))) for when, lines in heading.notes if lines]
        first, steps = history(
            {
                "title": fields.title(),
                "description": with_links(fields.text("description"), links),
                **(lived.closed(life.status, estimate) if life.status in CLOSED else {"status": life.status}),
                "priority": self._priority(heading, fields),
                "category": place.category,
                "tags": tuple(dict.fromkeys(place.tags)),
                "estimated_hours": estimate,
                "position": float(order),
                "created_at": life.created,
                "updated_at": life.steps[-1].at if life.steps else life.created,
                **entry.days(heading, fields),
            },
            life.steps,
        )
        project = above.project
        todo = Parsed(
            external_id=external_id,
            kind=Todo,
            values=first,
            steps=steps,
            links=({"project_id": project} if project else {}) | ({"parent_id": above.todo} if above.todo else {}),
            raw=raw,
            content_hash=content_hash,
            updated=last_told(first, steps, self._context.now),
            guessed=fields.guessed,
            issues=fields.issues(external_id),
        )
        if (repeater := entry.repeater(heading)) is not None:
            day, told = repeater.wall.date().isoformat(), dict(heading.planning)
            self._rules.append(recurring.beside(todo, str(repeater.rule), day, told))
        return todo

    def _worked(self) -> Iterator[Parsed]:
        self._sessions.reverse()
        while self._sessions:
            todo, (started, ended, wall, told) = self._sessions.pop()
            raw, content_hash = as_raw(told)
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
        now, begun = self._context.now, dict[str, int]()
        earliest: dict[str, str] = {}  # the first day that their tasks tell
        candidates: dict[str, Span] = {}
        both: set[str] = set()
        for span, project, met in self._walk.survey():
            if project is not None:
                begun.setdefault(project, now)
                told = self._first_told(span)
                if told is not None and told[:10] <= earliest.get(project, told) and (found := stamp(f"[{told}]")):
                    earliest[project] = told[:10]
                    begun[project] = min(begun[project], instant(found.wall, self._context.clock))
            if met is not None and met.project is not None:
                candidates[met.project] = span
                both |= {met.project} if met.todo else set()
        for name, span in candidates.items():
            if name in begun:
                yield self._project(name, self._outline.heading(span), begun[name], made=name in both)
            elif name not in both:
                yield _left_out(name, Project, self._outline.text[slice(*span)], _ONLY_TEXT)
        for name, title in self._walk.elsewhere.items():
            if name in begun and name not in candidates:
                yield _named(name, title, begun[name])

    def _first_told(self, span: Span) -> str | None:
        """Return the first date that tells of a task's past, as it stands there."""
        text, (start, end) = self._outline.text, span
        dates = []
        for mark in _PAST:
            place = text.rfind(mark, start, end)
            if place >= 0 and (found := _DATE.search(text, place, min(place + 100, end))):
                dates.append(found[1])
        return min(dates, default=None)

    def _project(self, external_id: str, heading: Heading, begun: int, *, made: bool) -> Parsed:
        title, links = entry.title(heading.title)
        fields = Fields({"title": title, "description": entry.text(heading)}, self._context)
        told = stamp(heading.properties.get("CREATED", ""))
        created = min(begun, instant(told.wall, self._context.clock)) if told else begun
        raw, content_hash = as_raw(heading.text)
        values = {
            "title": fields.title(),
            "description": with_links(fields.text("description"), links),
            "due_date": entry.days(heading, fields).get("due_date"),
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
