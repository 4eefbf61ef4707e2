"""The projects, tasks and comments of Todoist's API as rows, each with the life that its times tell."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from orc_lab.importers.reading.comments import comment
from orc_lab.importers.reading.fields import LONGEST_TITLE, Fields
from orc_lab.importers.reading.links import with_links
from orc_lab.importers.reading.values import at_hour, clean, number
from orc_lab.importers.record import Context, Parsed, Step, as_raw, history, settled
from orc_lab.importers.tables.life import Life
from orc_lab.importers.todoist.text import INBOX, content, id_text, iso_day
from orc_lab.model.entities import Activity, Entity, Priority, Project, ProjectStatus, Status, Todo
from orc_lab.workbench import pipeline

_PRIORITIES: Mapping[object, Priority] = {
    level: priority
    for number, priority in ((4, Priority.URGENT), (3, Priority.HIGH), (2, Priority.MEDIUM), (1, Priority.LOW))
    for level in (number, str(number))
}
_CREATED = ("added_at", "created_at", "date_added")
_COMPLETED = ("completed_at", "completed_date", "date_completed")
_FIRST = 86_400  # the first day of 1970 is what an empty time looks like
_MAKERS = {"projects": "_project", "items": "_item", "notes": "_note"}
_REPEATED = "it repeats: of its rule and its other rounds nothing came over but the next date"


class Rows:
    """Makes records of what the API told, once all of it was surveyed."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._owner: str | None = None
        self._names: dict[str, dict[str, str]] = {"sections": {}, "labels": {}}
        self._inboxes: set[str] = set()
        self._first: dict[str, str] = {}  # when a project's first task was made, as it is told
        self._met: set[str] = set()
        self._repeated: set[str] = set()
        self._nested = self._timed = 0
        self._used: set[str] = set()

    def survey(self, kind: str, record: Any) -> None:
        """Take note of what must be known of a record before any is made of another."""
        if not isinstance(record, dict):
            return
        id = id_text(record.get("id"))
        if kind == "user":
            self._owner = id
        elif kind in self._names and id is not None and isinstance(record.get("name"), str):
            self._names[kind][id] = clean(record["name"])
        elif kind == "projects" and id is not None and _is_inbox(record):
            self._inboxes.add(id)
        elif kind == "items":
            project = id_text(record.get("project_id"))
            made = next((told for name in _CREATED if isinstance(told := record.get(name), str)), None)
            if project is not None and made is not None:
                self._first[project] = min(made, self._first.get(project, made))
        if kind in _MAKERS and (id := id or id_text(record.get("task_id"))) is not None:
            name = f"{kind}:{id_text(record.get('task_id')) or id}" if kind == "items" else f"{kind}:{id}"
            (self._repeated if name in self._met else self._met).add(name)

    def records(self, kind: str, records: Iterable[Any]) -> Iterator[Parsed]:
        """Yield the records of one kind, each external id once."""
        make = getattr(self, _MAKERS[kind])
        again = []
        for record in records:
            made = make(record)
            name = made.external_id.partition("@")[0].partition(":")[2]
            if made.external_id[made.external_id.index(":") + 1] == "~" or f"{kind}:{name}" in self._repeated:
                again.append(made)
            else:
                yield made
        yield from settled(again)

    def notes(self) -> list[str]:
        """Return what will not survive, of many records."""
        notes = []
        if self._used:
            notes.append("Sections became the category of their tasks.")
        if self._nested:
            notes.append("Projects within projects stand side by side here.")
        if self._timed:
            notes.append("Due dates are days here: their times of day stand in the raw record only.")
        return notes

    def _project(self, record: Any) -> Parsed:
        raw, content_hash = as_raw(record)
        id = id_text(record.get("id")) if isinstance(record, dict) else None
        external_id = f"project:{id or '~' + content_hash[:16]}"
        why = "it is no record" if not isinstance(record, dict) else _gone(record)
        if why is None and _is_inbox(record):
            why = "the Inbox is no project: its tasks have none"
        if why is not None:
            return _left_out(Project, external_id, raw, content_hash, why)
        fields = Fields({**record, "title": record.get("name")}, self._context)
        self._nested += record.get("parent_id") is not None
        created = _past(fields, _CREATED)
        if created is None:
            first = Fields({"first": self._first.get(id or "")}, self._context).past("first", 9)
            created = self._context.now if first is None else first
        steps = []
        if record.get("is_archived"):
            at = max(created, _past(fields, ("archived_at", "updated_at")) or self._context.now)
            steps.append(Step(at=at, values={"status": ProjectStatus.ARCHIVED}))
        told = {"title": fields.title(), "description": fields.text("description")}
        values, steps = history(told | {"created_at": created, "updated_at": created}, steps)
        return Parsed(
            external_id=external_id,
            kind=Project,
            values=values,
            steps=steps,
            raw=raw,
            content_hash=content_hash,
            meets="title",
            updated=(steps[-1].values if steps else values)["updated_at"],
            issues=fields.issues(external_id),
        )

    def _item(self, record: Any) -> Parsed:
        raw, content_hash = as_raw(record)
        if not isinstance(record, dict):
            return _left_out(Todo, f"todo:~{content_hash[:16]}", raw, content_hash, "it is no record")
        whole = _whole(record)
        fields = Fields(whole, self._context)
        done = bool(whole.get("checked") or whole.get("is_completed") or _any(whole, _COMPLETED))
        ended = _past(fields, _COMPLETED) if done else None
        again = done and ended is not None and _repeats(whole)
        external_id = f"todo:{id_text(whole.get('id')) or '~' + content_hash[:16]}"
        if again:
            external_id += f"@{ended}"
        why = _gone(whole) or self._of_another(whole)
        if why is not None:
            return _left_out(Todo, external_id, raw, content_hash, why)
        return self._todo(whole, fields, external_id, (done, ended, again), raw, content_hash)

    def _of_another(self, record: Mapping[str, Any]) -> str | None:
        responsible = id_text(record.get("responsible_uid") or record.get("assignee_id"))
        other = self._owner is not None and responsible is not None and responsible != self._owner
        return "it is assigned to somebody else" if other else None

    def _todo(
        self,
        record: Mapping[str, Any],
        fields: Fields,
        external_id: str,
        end: tuple[bool, int | None, bool],
        raw: str,
        content_hash: str,
    ) -> Parsed:
        done, ended, again = end
        said = content(clean(fields.text("content") or ""), labelled=False)
        if said.heading:
            fields.note("it is a heading that Todoist can't complete: a todo like others here")
        estimate, project = self._estimate(fields), self._link(record, "project_id")
        created = self._created(fields, ended, again)
        life = self._life(fields, created, done, ended, pipeline.entry_status(project, estimate))
        values, steps = history(
            {
                "title": self._title(fields, said.title),
                "description": with_links(fields.text("description"), said.links),
                "status": pipeline.entry_status(project, estimate),
                "priority": self._priority(fields),
                "category": self._category(record),
                "tags": self._tags(fields),
                "estimated_hours": estimate,
                "position": number(record.get("child_order", record.get("order"))),
                "created_at": created,
                "updated_at": life.ended or created,
                **self._days(record, fields, done),
            },
            life.steps(estimate, None, self._context.now),
        )
        parent = id_text(record.get("parent_id"))
        return Parsed(
            external_id=external_id,
            kind=Todo,
            values=values,
            steps=steps,
            links=({"project_id": project} if project else {}) | ({"parent_id": f"todo:{parent}"} if parent else {}),
            raw=raw,
            content_hash=content_hash,
            updated=(steps[-1].values if steps else values)["updated_at"],
            issues=fields.issues(external_id),
        )

    def _title(self, fields: Fields, title: str) -> str:
        if title.isascii() and title.isprintable() and title.strip() and len(title) <= LONGEST_TITLE:
            return title.strip()
        named = Fields({"title": title}, self._context)
        found = named.title()
        fields.odd += named.odd
        return found

    def _link(self, record: Mapping[str, Any], name: str) -> str | None:
        id = id_text(record.get(name))
        return None if id is None or id in self._inboxes else f"project:{id}"

    def _created(self, fields: Fields, ended: int | None, again: bool) -> int:
        """Return when a task was made; a round of one that repeats, in the morning of the day it was completed."""
        if again and ended is not None:
            clock = self._context.clock
            return min(ended, at_hour(clock.day(ended), 9, clock))
        created = _past(fields, _CREATED)
        if created is None:
            fields.note(f"it has no date of creation: taken as {'its completion' if ended else 'now'}")
            return self._context.now if ended is None else ended
        return created

    def _life(self, fields: Fields, created: int, done: bool, ended: int | None, entry: Status) -> Life:
        if not done:
            return Life(created=created, started=None, ended=None, status=entry)
        if ended is None:
            fields.warn("it is done, but nothing says since when: taken as its last known day")
            ended = _past(fields, ("updated_at",)) or created
        if ended < created:
            fields.warn("it was completed before it was created: taken as completed then")
        return Life(created=created, started=None, ended=max(created, ended), status=Status.DONE)

    def _priority(self, fields: Fields) -> Priority:
        told = fields.get("priority")
        if told is None:
            return Priority.LOW  # what Todoist calls no priority
        if isinstance(told, (int, str)) and not isinstance(told, bool) and told in _PRIORITIES:
            return _PRIORITIES[told]
        fields.warn("its priority is none from 1 to 4: taken as low, which is none")
        return Priority.LOW

    def _category(self, record: Mapping[str, Any]) -> str | None:
        id = id_text(record.get("section_id"))
        section = self._names["sections"].get(id) if id else None
        if section:
            self._used.add(section)
        return section[:LONGEST_TITLE] if section else None

    def _tags(self, fields: Fields) -> tuple[str, ...]:
        told = fields.get("labels")
        if told is not None and not isinstance(told, list):
            fields.warn("its labels are no list: left empty")
        if not isinstance(told, list):
            return ()
        words = [self._names["labels"].get(str(one)) if isinstance(one, int) else one for one in told]
        return tuple(dict.fromkeys(clean(word).strip() for word in words if isinstance(word, str) and word.strip()))

    def _estimate(self, fields: Fields) -> float | None:
        told = fields.get("duration")
        if told is None:
            return None
        amount = number(told.get("amount")) if isinstance(told, dict) else None
        if amount is None or not 0 <= amount <= 1e6:
            fields.warn("its duration is no number: left empty")
            return None
        if told.get("unit", "minute") != "minute":
            fields.warn("its duration is not in minutes, and a day's hours are unknown: left empty")
            return None
        return amount / 60

    def _days(self, record: Mapping[str, Any], fields: Fields, done: bool) -> dict[str, str | None]:
        """Return the due date, which is the deadline where there is one; the date is then when it comes up again."""
        due, deadline = self._day(fields, "due"), self._day(fields, "deadline")
        if not done and _repeats(record):
            fields.warn(_REPEATED)
        return {"due_date": due} if deadline is None else {"due_date": deadline, "snoozed_until": due}

    def _day(self, fields: Fields, name: str) -> str | None:
        told = fields.get(name)
        if isinstance(told, dict):
            told = told.get("datetime") or told.get("date")
        if told is None:
            return None
        if not isinstance(told, str):
            fields.warn(f"its {name} date can't be read: left empty")
            return None
        found = iso_day(told, self._context.clock)
        if found.day is None:
            fields.warn(f"its {name} date can't be read: left empty")
        self._timed += found.day is not None and len(told) > 10
        return found.day

    def _note(self, record: Any) -> Parsed:
        raw, content_hash = as_raw(record)
        if not isinstance(record, dict):
            return _left_out(Activity, f"note:~{content_hash[:16]}", raw, content_hash, "it is no record")
        external_id = f"note:{id_text(record.get('id')) or '~' + content_hash[:16]}"
        fields = Fields(record, self._context)
        todo = id_text(record.get("item_id") or record.get("task_id"))
        project = id_text(record.get("project_id"))
        subject, kind = (f"todo:{todo}", Todo) if todo else (f"project:{project}", Project)
        text = fields.text("content")
        why = _gone(record) or ("an empty comment" if text is None else None)
        if why is None and not (todo or project):
            why = "a comment on nothing"
        if why is not None or text is None:
            return _left_out(Activity, external_id, raw, content_hash, str(why))
        if record.get("file_attachment") or record.get("attachment"):
            fields.warn("its attachment stays where it is: only its address came over")
        written = _past(fields, ("posted_at", "posted"))
        return comment(
            external_id,
            subject,
            text,
            self._context.now if written is None else written,
            self._context.now,
            kind=kind,
            raw=raw,
            content_hash=content_hash,
            issues=fields.issues(external_id),
        )


def _whole(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a task; one of a list of completed tasks carries it inside, and names it by `task_id`."""
    inner = record.get("item_object")
    if not isinstance(inner, dict):
        return record if record.get("task_id") is None else {**record, "id": record["task_id"], "checked": True}
    return {**record, **inner, "id": record.get("task_id", inner.get("id")), "checked": True} | {
        name: record[name] for name in _COMPLETED if record.get(name)
    }


def _any(record: Mapping[str, Any], names: Iterable[str]) -> bool:
    return any(record.get(name) for name in names)


def _past(fields: Fields, names: Iterable[str]) -> int | None:
    """Return the first of some times that is told."""
    for name in names:
        if (at := _stamped(fields.get(name))) is not None and at <= fields.context.now:
            return at  # what the API writes, without more ado
    return next((found for name in names if (found := fields.past(name, 9)) is not None), None)


def _stamped(value: object) -> int | None:
    """Return the instant of an ISO 8601 time in UTC, None for anything else."""
    if not isinstance(value, str) or not value.endswith("Z"):
        return None
    try:
        at = int(datetime.fromisoformat(value).timestamp())
    except ValueError:
        return None
    return at if at > _FIRST else None


def _repeats(record: Mapping[str, Any]) -> bool:
    due = record.get("due")
    return isinstance(due, dict) and (due.get("is_recurring") or due.get("recurring")) is True


def _gone(record: Mapping[str, Any]) -> str | None:
    return "it was deleted in Todoist" if record.get("is_deleted") in (True, 1) else None


def _is_inbox(project: Mapping[str, Any]) -> bool:
    marked = any(project.get(name) is True for name in ("inbox_project", "is_inbox_project"))
    return marked or (isinstance(project.get("name"), str) and project["name"].casefold() == INBOX)


def _left_out(kind: type[Entity], external_id: str, raw: str, content_hash: str, why: str) -> Parsed:
    return Parsed(external_id=external_id, kind=kind, raw=raw, content_hash=content_hash, left_out=why)
