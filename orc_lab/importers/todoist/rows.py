"""The projects, tasks and comments of Todoist's API as rows, each with the life that its times tell."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from orc_lab.importers.reading import recurring
from orc_lab.importers.reading.comments import comment
from orc_lab.importers.reading.fields import LONGEST_TITLE, Fields
from orc_lab.importers.reading.json_pieces import TOO_DEEP, UNHELD, Unheld
from orc_lab.importers.reading.links import with_links
from orc_lab.importers.reading.values import at_hour, clean, number, when
from orc_lab.importers.record import Context, Parsed, Step, as_raw, history, last_told, settled
from orc_lab.importers.todoist import task
from orc_lab.importers.todoist.text import INBOX, content, id_text, iso_day
from orc_lab.model.entities import Activity, Entity, Project, ProjectStatus, Todo
from orc_lab.workbench import pipeline

_PRIORITY = frozenset({"priority"})
_MAKERS = {"projects": "_project", "items": "_item", "notes": "_note"}


class Rows:
    """Makes records of what the API told, once all of it was surveyed."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._owner: str | None = None
        self._names: dict[str, dict[str, str]] = {"sections": {}, "labels": {}}
        self._inboxes: set[str] = set()
        self._projects: dict[str, str] = {}  # what the others are called
        self._rules: dict[str, Parsed] = {}  # by the external id of the task that repeats
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
        elif kind == "projects" and id is not None:
            self._see_project(id, record)
        elif kind == "items":
            project = id_text(record.get("project_id"))
            made = next((told for name in task.CREATED if isinstance(told := record.get(name), str)), None)
            if project is not None and made is not None:
                self._first[project] = min(made, self._first.get(project, made))
        if kind in _MAKERS and (id := id or id_text(record.get("task_id"))) is not None:
            name = f"{kind}:{id_text(record.get('task_id')) or id}" if kind == "items" else f"{kind}:{id}"
            (self._repeated if name in self._met else self._met).add(name)

    def _see_project(self, id: str, record: Mapping[str, Any]) -> None:
        if _is_inbox(record):
            self._inboxes.add(id)
        elif isinstance(record.get("name"), str):
            self._projects[id] = clean(record["name"])

    def rules(self) -> Iterator[Parsed]:
        """Yield how often the tasks repeat that were made."""
        yield from self._rules.values()

    def records(self, kind: str, records: Iterable[Any]) -> Iterator[Parsed]:
        """Yield the records of one kind, each external id once."""
        make = getattr(self, _MAKERS[kind])
        again = []
        for record in records:
            try:
                made = make(record.why if isinstance(record, Unheld) else record)
            except RecursionError:
                made = make(TOO_DEEP)
            name = made.external_id.partition(":")[2]
            names = (f"{kind}:{name}", f"{kind}:{name.rpartition('@')[0]}")  # a round is known by its day too
            if name.startswith("~") or not self._repeated.isdisjoint(names):
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
        why = _no_record(record) if not isinstance(record, dict) else _gone(record)
        if why is None and _is_inbox(record):
            why = "the Inbox is no project: its tasks have none"
        if why is not None:
            return _left_out(Project, external_id, raw, content_hash, why)
        fields = Fields({**record, "title": record.get("name")}, self._context)
        self._nested += record.get("parent_id") is not None
        created = task.past(fields, task.CREATED)
        if created is None:
            first = Fields({"first": self._first.get(id or "")}, self._context).past("first", 9)
            created = self._context.now if first is None else first
        steps = []
        if record.get("is_archived"):
            at = max(created, task.past(fields, ("archived_at", "updated_at")) or self._context.now)
            steps.append(Step(at=at, values={"status": ProjectStatus.ARCHIVED}))
        told = {"title": fields.title(), "description": fields.text("description"), "status": ProjectStatus.ACTIVE}
        values, steps = history(told | {"created_at": created, "updated_at": created}, steps)
        return Parsed(
            external_id=external_id,
            kind=Project,
            values=values,
            steps=steps,
            raw=raw,
            content_hash=content_hash,
            meets="title",
            updated=last_told(values, steps, self._context.now),
            issues=fields.issues(external_id),
        )

    def _item(self, record: Any) -> Parsed:
        raw, content_hash = as_raw(record)
        if not isinstance(record, dict):
            return _left_out(Todo, f"todo:~{content_hash[:16]}", raw, content_hash, _no_record(record))
        whole = task.whole(record)
        fields = Fields(whole, self._context)
        done = task.is_done(whole)
        ended = task.past(fields, task.COMPLETED) if done else None
        again = done and ended is not None and task.repeats(whole)
        external_id = f"todo:{id_text(whole.get('id')) or '~' + content_hash[:16]}"
        if again:
            external_id += f"@{self._told_end(whole, ended)}"
        why = _gone(whole) or self._of_another(whole)
        if why is not None:
            return _left_out(Todo, external_id, raw, content_hash, why)
        return self._todo(whole, fields, external_id, (done, ended, again), raw, content_hash)

    def _told_end(self, record: Mapping[str, Any], ended: int | None) -> int | None:
        """Return when a round ended as it is told: what lies in the future is taken as now, no id may be."""
        if ended != self._context.now:
            return ended
        told = (when(record.get(name), self._context.clock) for name in task.COMPLETED)
        found = next((one for one in told if one is not None), None)
        return found if found is None or isinstance(found, int) else at_hour(found, 9, self._context.clock)

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
        estimate, project = task.estimate(fields), self._link(record, "project_id")
        created = task.created(fields, ended, again)
        life = task.life(fields, created, done, ended, pipeline.entry_status(project, estimate))
        values, steps = history(
            {
                "title": task.title(fields, said.title),
                "description": with_links(fields.text("description"), said.links),
                **life.begun(pipeline.entry_status(project, estimate), estimate, None),
                "priority": task.priority(fields),
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
        todo = Parsed(
            external_id=external_id,
            kind=Todo,
            values=values,
            steps=steps,
            links=({"project_id": project} if project else {}) | ({"parent_id": f"todo:{parent}"} if parent else {}),
            raw=raw,
            content_hash=content_hash,
            updated=last_told(values, steps, self._context.now),
            guessed=fields.guessed,
            assumed=frozenset() if fields.get("priority") is not None else _PRIORITY,
            issues=fields.issues(external_id),
        )
        if not done and (rule := task.rule(record)) is not None:
            day = self._clock_day(values)
            self._rules[external_id] = recurring.beside(todo, rule, day, record["due"], **self._named(record))
        return todo

    def _clock_day(self, values: Mapping[str, Any]) -> str:
        """Return the day of a task's next round, else the one on which it was made."""
        told = values.get("snoozed_until") or values.get("due_date")
        return str(told or self._context.clock.day(values["created_at"]))

    def _named(self, record: Mapping[str, Any]) -> dict[str, str]:
        name = self._projects.get(id_text(record.get("project_id")) or "")
        return {} if name is None else {"project": name}

    def _link(self, record: Mapping[str, Any], name: str) -> str | None:
        id = id_text(record.get(name))
        return None if id is None or id in self._inboxes else f"project:{id}"

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

    def _days(self, record: Mapping[str, Any], fields: Fields, done: bool) -> dict[str, str | None]:
        """Return the due date, which is the deadline where there is one; the date is then when it comes up again."""
        due, deadline = self._day(fields, "due"), self._day(fields, "deadline")
        if not done and task.repeats(record):
            if task.rule(record) is None:
                fields.warn(recurring.STAYED)
            else:
                fields.note(recurring.CAME)
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
            return _left_out(Activity, f"note:~{content_hash[:16]}", raw, content_hash, _no_record(record))
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
        written = task.past(fields, ("posted_at", "posted"))
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


def _no_record(value: object) -> str:
    return value if isinstance(value, str) and value in UNHELD else "it is no record"


def _gone(record: Mapping[str, Any]) -> str | None:
    return "it was deleted in Todoist" if record.get("is_deleted") in (True, 1) else None


def _is_inbox(project: Mapping[str, Any]) -> bool:
    marked = any(project.get(name) is True for name in ("inbox_project", "is_inbox_project"))
    return marked or (isinstance(project.get("name"), str) and project["name"].casefold() == INBOX)


def _left_out(kind: type[Entity], external_id: str, raw: str, content_hash: str, why: str) -> Parsed:
    return Parsed(external_id=external_id, kind=kind, raw=raw, content_hash=content_hash, left_out=why)
