"""What the person does beside the todos: intentions, projects, days off, weekly goals, what they say of a week."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from orc_lab.model.entities import (
    Capacity,
    Intention,
    Priority,
    Project,
    ProjectStatus,
    Recurrence,
    Setting,
    Status,
    Todo,
    WeeklyGoal,
)
from orc_lab.model.ids import derived_id
from orc_lab.sample.backlog import Item
from orc_lab.sample.catalogue import GOALS, GOOD, INTENTIONS, MIXED, POOR, ROUTINES, Fate, Routine
from orc_lab.sample.script import Part, Script
from orc_lab.sample.seasons import DAY, HOUR, Leave, Season
from orc_lab.sample.work import Hands
from orc_lab.workbench.weeks import goal_id, new_goal

_WEEK_HOURS = 30.0
_ENDS = {
    Fate.COMPLETED: ProjectStatus.COMPLETED,
    Fate.PAUSED: ProjectStatus.PAUSED,
    Fate.ARCHIVED: ProjectStatus.ARCHIVED,
}


class Person(Hands):
    """The first pair of hands, whose weeks the goals are."""

    def prepare(self) -> None:
        """Set the zone, write down the intentions, and schedule projects, days off and reflections."""
        self._projects: dict[str, dict[str, Any]] = {}
        self._plans: dict[int, list[Item]] = {}
        self._set("zone", self.clock.zone, 0)
        self._set("hours_per_week", _WEEK_HOURS, self.now)
        for id, (title, description) in zip(self.script.intentions, INTENTIONS, strict=True):
            made = {"created_at": self.now, "updated_at": self.now}
            user = self.script.user_id
            self.add(Intention(id=id, user_id=user, title=title, description=description, **made))
        for leave in self.script.leaves:
            self.push(leave.told, self._leave, leave)
        for part in self.script.parts:
            self.push(part.begins, self._begin, part)
        for season in self.script.seasons[:-1]:
            if season.planned_at is not None:
                self.push(season.midnights[6] + int(17.75 * HOUR), self._reflect, season)

    def _set(self, key: str, value: object, valid_from: int) -> None:
        self.add(Setting(id=self.new_id(), key=key, value=json.dumps(value), valid_from=valid_from))

    def _leave(self, leave: Leave) -> None:
        day = leave.day.isoformat()
        id = derived_id("capacity", self.script.user_id, day)
        self.add(Capacity(id=id, day=day, factor=leave.factor, why=leave.why))

    # Projects

    def _begin(self, part: Part) -> None:
        moved = part.ends is None and part.due is not None and self.clock.start_of(part.due) < self.script.end
        due = part.due - timedelta(days=21) if moved and part.due else part.due
        project = Project(
            id=part.id,
            user_id=self.script.user_id,
            intention_id=part.intention_id,
            title=part.title,
            why=part.story.why,
            priority=part.story.priority,
            due_date=due.isoformat() if due else None,
            created_at=self.now,
            updated_at=self.now,
        )
        self.add(project)
        self._projects[part.id] = {"status": project.status, "progress": 0, "due_date": project.due_date}
        if due is not None and due != part.due:
            self.push(self.clock.start_of(due) - 55 * HOUR, self._postpone, part)
        self.push(self.now + 26 * DAY + 7 * HOUR, self._progress, part)
        for routine in ROUTINES:
            self._routine(routine, part)

    def _change_project(self, part: Part, **values: object) -> None:
        row = self._projects[part.id]
        self.change(Project, part.id, values, row)
        row |= values

    def _postpone(self, part: Part) -> None:
        self._change_project(part, due_date=part.due.isoformat() if part.due else None)

    def _progress(self, part: Part) -> None:
        """Every four weeks the person says how far a project is: somewhat more than what is done of what is known."""
        if self.now >= part.rests:
            return
        left = sum(item.part is part for item in self.open.values())
        done = self.finished[part.id]
        said = 5 * round(100 * done / max(1, done + left) * self.rng.uniform(0.7, 1.0) / 5)
        if said > self._projects[part.id]["progress"]:
            self._change_project(part, progress=said)
        self.push(self.now + 28 * DAY, self._progress, part)

    def close_part(self, part: Part) -> None:
        """End a project as its fate wants."""
        super().close_part(part)
        finished = {"completed_at": self.now, "progress": 100} if part.fate is Fate.COMPLETED else {}
        self._change_project(part, status=_ENDS[part.fate], **finished)

    # Routines

    def _routine(self, routine: Routine, part: Part) -> None:
        if part.story is not routine.story:
            return
        template = {"title": routine.title, "project_id": part.id, "estimated_hours": routine.hours}
        rule = Recurrence(
            id=self.new_id(),
            user_id=self.script.user_id,
            rule=routine.rule,
            template=json.dumps(template),
            starts_on=self.clock.day(self.now).isoformat(),
            created_at=self.now,
            updated_at=self.now,
        )
        self.add(rule)
        for day in routine_days(routine, part, self.script):
            self.push(self.clock.start_of(day) + 7 * HOUR, self._instance, routine, part, rule.id, day)

    def _instance(self, routine: Routine, part: Part, rule_id: str, day: date) -> None:
        row = Todo(
            id=derived_id("recurrence", rule_id, day.isoformat()),
            user_id=self.script.user_id,
            project_id=part.id,
            title=routine.title,
            status=Status.REFINED,
            priority=Priority.LOW,
            category="admin",
            estimated_hours=routine.hours,
            due_date=day.isoformat(),
            created_at=self.now,
            updated_at=self.now,
        )
        self.add(row)
        self.sudden.append(self.keep(row, part, routine.hours))

    # Weeks

    def plan(self, season: Season) -> list[Item]:
        """Promise todos for a week under its goal, and freeze the plan a little later."""
        chosen = super().plan(season)
        if chosen:
            self._plans[season.end] = chosen
            self.add(new_goal(self.script.user_id, season.week, self.clock, self.now))
            self.push(self.now + 60 * (len(chosen) + 2), self._freeze, season)
        return chosen

    def _freeze(self, season: Season) -> None:
        parts = [item.part for item in self._plans[season.end]]
        titles = [part.title for part in parts if part.story.priority is not Priority.LOW] or [parts[0].title]
        text = self.rng.choice(GOALS).format(max(titles, key=titles.count))
        self._change_goal(season, goal=text, freezes_at=self.now)

    def _reflect(self, season: Season) -> None:
        chosen = self._plans.pop(season.end, [])
        if not chosen or self.rng.random() < 0.12:
            return
        rate = sum(item.status is Status.DONE for item in chosen) / len(chosen)
        words, ratings = (GOOD, (4, 4, 5)) if rate > 0.75 else (MIXED, (3, 3, 4)) if rate > 0.5 else (POOR, (1, 2, 3))
        self._change_goal(season, reflection=self.rng.choice(words), self_rating=self.rng.choice(ratings))

    def _change_goal(self, season: Season, **values: object) -> None:
        self.change(WeeklyGoal, goal_id(self.script.user_id, season.week), values, {})


def routine_days(routine: Routine, part: Part, script: Script) -> Iterator[date]:
    """Yield the days of a routine within a project that it belongs to."""
    if part.story is not routine.story:
        return
    end = min(part.rests, script.end)
    for season in script.seasons[:-1]:
        for weekday, midnight in enumerate(season.midnights):
            day = season.week.monday + timedelta(days=weekday)
            due = weekday == routine.weekday if routine.weekday is not None else day.day == 1
            if due and part.begins <= midnight + 7 * HOUR < end:
                yield day
