"""How todos come in and get clear: captured, matched, refined, confirmed; or put off, blocked, forgotten, dropped."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from math import exp, log
from typing import Any

from orc_lab.model.clock import Clock
from orc_lab.model.entities import CLOSED, Commitment, Link, Outcome, Priority, Status, Todo
from orc_lab.sample.catalogue import DESCRIPTIONS, SIZES, Fate, Story
from orc_lab.sample.script import Part, Script
from orc_lab.sample.seasons import DAY, HOUR, Season
from orc_lab.sample.timeline import Timeline

_CAPTURES = (1.5, 1.2, 1.1, 1.0, 0.9, 0.35, 0.5)  # how much comes to mind, Monday to Sunday
_QUIET = 10 * DAY  # nothing new comes in so shortly before a project ends
_PRIORITIES = tuple(Priority)
_OLD = 56 * DAY  # what has waited so long is dropped some Sunday

# The way forward: what a todo becomes next, and the median and log-sd of the hours it waits for that.
_NEXT = {
    Status.DUMPED: (Status.MATCHED, 20.0, 1.0),
    Status.MATCHED: (Status.REFINED, 40.0, 1.1),
    Status.REFINED: (Status.CONFIRMED, 48.0, 1.0),
}


@dataclass(slots=True, kw_only=True, eq=False)
class Item:
    """A todo in the making.

    `size` is what the person would guess, `need` the hours of work that are left, `promises` the commitments by the
    end of their week. `portion` is what gets done of it in a sitting (hours); before `rests` it is let alone.
    """

    id: str
    part: Part
    status: Status
    row: dict[str, Any]
    size: float
    vague: bool
    need: float
    timed: bool
    appeal: float
    portion: float
    rests: int = 0
    due: date | None = None
    snoozed: int = 0
    worked: float = 0.0
    blocker: "Item | None" = None
    promises: dict[int, str] = field(default_factory=dict)

    @property
    def closed(self) -> bool:
        """Whether it is done or dropped."""
        return self.status in CLOSED


class Backlog(Timeline):
    """The open todos of one pair of hands; `sudden` ones can't wait for a plan."""

    def __init__(self, script: Script, clock: Clock, name: str) -> None:
        super().__init__(name)
        self.script = script
        self.clock = clock
        self.open: dict[str, Item] = {}
        self.sudden: list[Item] = []
        self._titles: dict[str, list[tuple[str, str, str]]] = {}

    def captures(self, season: Season, amount: int) -> None:
        """Schedule the todos that a week brings."""
        weights = [w * (0.15 + 0.85 * f) for w, f in zip(_CAPTURES, season.factors, strict=True)]
        for day in self.rng.choices(range(7), weights, k=amount):
            hour = self.rng.triangular(7.5, 22.0, 10.5)
            at_work = season.factors[day] > 0 and day < 5 and 9 < hour < 17
            self.push(season.midnights[day] + int(hour * HOUR), self._capture, at_work)
        self.push(season.midnights[6] + 17 * HOUR, self._tidy)

    def _capture(self, at_work: bool) -> None:
        part = self._any_part()
        if part is None:  # on the first morning, before any project is written down
            self.push(self.now + HOUR, self._capture, at_work)
            return
        urgent = at_work and self.rng.random() < 0.24
        shares = (0.0, 0.35, 0.65) if urgent else (0.45, 0.3, 0.25)
        item = self._make(
            part, self.rng.choices((Status.DUMPED, Status.MATCHED, Status.REFINED), shares)[0], urgent=urgent
        )
        if urgent:
            self.sudden.append(item)
        else:
            self.wait(item)

    def _any_part(self) -> Part | None:
        last = self.now + _QUIET
        parts = [p for p in self.script.parts if p.begins <= self.now < p.rests and (p.ends is None or last < p.ends)]
        if not parts:
            return None
        fresh = [part.story.weight * (2.5 if self.now - part.begins < 14 * DAY else 1.0) for part in parts]
        return self.rng.choices(parts, fresh)[0]

    def _make(self, part: Part, status: Status, *, urgent: bool) -> Item:
        story, rng = part.story, self.rng
        title, category, tags = self._title(part)
        size = min(rng.choices(SIZES, cum_weights=part.sizes)[0], 3.0 if urgent else SIZES[-1])
        vague = rng.random() < 0.13
        priority = min(max(_PRIORITIES.index(story.priority) + rng.choice((-1, 0, 0, 0, 1)), 0), 3)
        row = Todo(
            id=self.new_id(),
            user_id=self.script.user_id,
            project_id=None if status is Status.DUMPED else part.id,
            title=title,
            description=rng.choice(DESCRIPTIONS) if rng.random() < 0.08 else None,
            status=Status.MATCHED if status is Status.REFINED and vague else status,
            priority=_PRIORITIES[priority],
            category=category,
            tags=tuple(tags.split()),
            estimated_hours=size if status is Status.REFINED and not vague else None,
            created_at=self.now,
            updated_at=self.now,
        )
        self.add(row)
        return self.keep(row, part, size, vague)

    def keep(self, row: Todo, part: Part, size: float, vague: bool = False) -> Item:
        """Return an added todo as an item that these hands will work on."""
        told = ("project_id", "estimated_hours", "original_estimate_hours", "started_at")
        need = self._took(size, part.story.bias)
        item = Item(
            id=row.id,
            part=part,
            status=row.status,
            row={name: getattr(row, name) for name in told},
            size=size,
            vague=vague,
            need=need,
            timed=self.rng.random() < 0.5,
            appeal=self.rng.gauss(0, 1),
            portion=self._portion(need),
            due=date.fromisoformat(row.due_date) if row.due_date else None,
        )
        self.open[item.id] = item
        return item

    def _took(self, size: float, bias: float) -> float:
        """Return the hours that a todo takes: small ones overrun, large ones underrun (log–log slope .7)."""
        if self.rng.random() < 0.06:
            return size
        return min(40.0, max(0.25, round(4 * size * exp(bias - 0.38 * log(size / 1.8) + self.rng.gauss(0, 0.66))) / 4))

    def _portion(self, need: float) -> float:
        """Return the hours done in a sitting: half of all todos are spread over days, most of the large ones."""
        if self.rng.random() > (0.2 if need < 0.75 else 0.6 if need < 3 else 0.9):
            return need
        return min(2.5, max(0.25, round(4 * need / self.rng.choice((2, 2, 3, 4))) / 4))

    def _title(self, part: Part) -> tuple[str, str, str]:
        left = self._titles.setdefault(part.id, [])
        if not left:  # all told: they come again, as such things do
            left.extend(_titles(part.story))
            self.rng.shuffle(left)
        return left.pop()

    # Forward, back and out

    def wait(self, item: Item) -> None:
        """Schedule a todo's next step; some stay where they are for good."""
        if item.status in _NEXT and self.rng.random() > 0.05:
            _, median, spread = _NEXT[item.status]
            hours = median * self.rng.lognormvariate(0, spread)
            self.push(self.awake(self.now + int(hours * HOUR)), self._step, item, item.status)

    def _step(self, item: Item, expected: Status) -> None:
        if item.status is not expected:
            return
        chance = self.rng.random()
        if chance < 0.04:
            self.drop(item)
        elif chance < 0.08 and expected is Status.REFINED:  # unclear after all
            item.size = self.rng.choice(SIZES[2:8])
            self.move(item, status=Status.MATCHED)
        elif expected is Status.DUMPED:
            self.move(item, project_id=item.part.id, status=Status.MATCHED)
        elif expected is Status.MATCHED and not item.vague:
            self._refine(item)
        else:
            self.move(item, status=Status.CONFIRMED)
        if not item.closed:
            self.wait(item)

    def _refine(self, item: Item) -> None:
        values: dict[str, Any] = {"estimated_hours": item.size, "status": Status.REFINED}
        if self.rng.random() < 0.2:
            item.due = self.clock.day(self.now) + timedelta(days=self.rng.randrange(4, 26))
            values["due_date"] = item.due.isoformat()
        self.move(item, **values)
        if self.rng.random() < 0.05:
            self._snooze(item)
        elif self.rng.random() < 0.08:
            self._block(item)

    def _snooze(self, item: Item) -> None:
        day = self.clock.day(self.now) + timedelta(days=self.rng.randrange(5, 25))
        item.snoozed = self.clock.start_of(day)
        self.change(Todo, item.id, {"snoozed_until": day.isoformat()}, {})

    def _block(self, item: Item) -> None:
        matched = [other for other in self.open.values() if other.row["project_id"] == item.part.id]
        others = [other for other in matched if other is not item and other.blocker is None]
        if others and not item.blocker:
            item.blocker = self.rng.choice(others)
            self.add(Link(id=self.new_id(), blocker_id=item.blocker.id, blocked_id=item.id, created_at=self.now))

    def _tidy(self) -> None:
        """On Sunday, date anew or drop what is overdue, and drop some of what has waited long."""
        today = self.clock.day(self.now)
        for item in list(self.open.values()):
            if item.due is not None and item.due < today and self.rng.random() < 0.7:
                self._decide(item, today)
            elif item.status is not Status.COMMITTED and self.rng.random() < self._tired(item):
                self.drop(item)

    def _tired(self, item: Item) -> float:
        """Return how probably one gives it up this Sunday."""
        age = self._age(item)
        return 0.0 if age < _OLD else 0.03 if age < 2 * _OLD else 0.13

    def _decide(self, item: Item, today: date) -> None:
        if not item.worked and self.rng.random() < 0.25:
            self.drop(item)
        else:
            item.due = today + timedelta(days=self.rng.randrange(5, 22))
            self.move(item, due_date=item.due.isoformat())

    def _age(self, item: Item) -> int:
        return self.now - (int(item.id.replace("-", "")[:12], 16) // 1000)

    def close_part(self, part: Part) -> None:
        """Drop what is left of a project that has ended; of an abandoned one something stays behind."""
        for item in [item for item in self.open.values() if item.part is part]:
            if part.fate is Fate.COMPLETED or (part.fate is Fate.ARCHIVED and self.rng.random() < 0.7):
                self.drop(item)

    def move(self, item: Item, **values: Any) -> None:
        """Set fields of a todo with the activities that follow."""
        self.change(Todo, item.id, values, {"status": item.status} | item.row)
        item.status = values.get("status", item.status)
        item.row |= {name: value for name, value in values.items() if name in item.row}

    def drop(self, item: Item) -> None:
        """Decide not to do a todo."""
        self.move(item, status=Status.DROPPED)
        self.resolve(item, Outcome.DROPPED)
        self.open.pop(item.id, None)

    def resolve(self, item: Item, outcome: Outcome) -> None:
        """Close the commitments of weeks that aren't over; in earlier ones it was carried over, and stays open."""
        for end, id in item.promises.items():
            if self.now < end:
                resolved = None if outcome is Outcome.OPEN else self.now
                self.change_untold(Commitment, id, {"outcome": outcome, "resolved_at": resolved})

    def awake(self, at: int) -> int:
        """Return an instant, or the next morning where it falls into the night."""
        local = self.clock.local(at)
        hour = local.hour + local.minute / 60
        late = 8.0 - hour if hour < 8 else 32.0 - hour if hour >= 22 else 0.0
        return at + int(late * HOUR)


def _titles(story: Story) -> list[tuple[str, str, str]]:
    """Return each title of a project once, with its category and tags."""
    made = {phrase.format(thing): (cat, tags) for phrase, cat, tags in story.tasks for thing in story.things}
    return [(title, category, tags) for title, (category, tags) in made.items()]
