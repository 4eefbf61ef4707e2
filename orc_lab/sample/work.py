"""Weeks and days of work: promise too much, start, stop, finish, be interrupted, carry over.

Half of the todos are done bit by bit, with days in between; what was begun comes before what is new.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from math import log

from orc_lab.model.clock import Clock
from orc_lab.model.entities import Commitment, Outcome, Priority, Session, Status, Todo
from orc_lab.sample.backlog import Backlog, Item
from orc_lab.sample.script import Script
from orc_lab.sample.seasons import DAY, HOUR, Season
from orc_lab.sample.timeline import Event
from orc_lab.workbench.weeks import goal_id

HOURS = (5.6, 6.2, 6.2, 6.0, 4.6, 0.8, 0.5)  # of focused work, Monday to Sunday
OVERCOMMITTED = 0.9  # what the plan asks for of a week's hours, by estimates that are too low
_LEAST, _MOST = 6, (9, 12)  # todos that a plan holds
_OPENS, _CLOSES = 8.9, 19.0  # working hours of a day
_BLOCKS = (0.5, 0.75, 1.0, 1.0, 1.5, 1.5, 2.0, 2.5)
_WORTH = {Priority.LOW: -0.8, Priority.MEDIUM: 0.0, Priority.HIGH: 0.7, Priority.URGENT: 1.2}
_RESTS = (1, 1, 2, 2, 3, 4)  # days until a todo that is done bit by bit comes up again
_DAMP = 0.6  # how much chance decides what is next


class Hands(Backlog):
    """One pair of hands. `plans` says whether its promises are the person's commitments."""

    def __init__(self, script: Script, clock: Clock, number: int, amounts: Sequence[int], *, pace: float = 1.0) -> None:
        super().__init__(script, clock, f"{script.seed}/{number}")
        self.plans = number == 0
        self.amounts = amounts
        self.pace = pace
        self.finished: Counter[str] = Counter()
        self._planned: set[int] = set()
        self._last: Item | None = None

    def events(self) -> Iterator[Event]:
        """Yield what happens, in order of time."""
        self.now = self.script.start
        self.prepare()
        for part in self.script.parts:
            if part.ends is not None:
                self.push(part.ends, self.close_part, part)
        for season in self.script.seasons:
            if season.planned_at is not None:
                self.push(season.planned_at, self.plan, season)
        for season, amount in zip(self.script.seasons, self.amounts, strict=False):
            self.captures(season, amount)
            self._days(season)
            yield from self.until(season.end)

    def prepare(self) -> None:
        """Schedule what these hands alone bring about."""

    # A week

    def plan(self, season: Season) -> list[Item]:
        """Promise todos for a week, one a minute; return them."""
        carried = [item for item in self.open.values() if item.status is Status.COMMITTED]
        chosen = [item for item in carried if self._again(item)]
        hours = sum(f * h for f, h in zip(season.factors, HOURS, strict=True)) * self.pace * OVERCOMMITTED
        most = round(self.rng.randint(*_MOST) * max(1.0, self.pace))
        hours -= sum(item.row["estimated_hours"] or 1.5 for item in chosen)
        ready = sorted(self._ready(), key=self._worth, reverse=True)
        if season is self.script.last:
            chosen += sorted(ready, key=lambda item: item.need)[-2:]
        for item in [item for item in ready if item not in chosen]:
            if len(chosen) < _LEAST or (len(chosen) < most and hours > 0):
                chosen.append(item)
                hours -= item.row["estimated_hours"] or 1.5
        if chosen:
            self._planned.add(season.end)
        for minute, item in enumerate(chosen, start=1):
            self.push(self.now + 60 * minute, self.promise, item, season)
        return chosen

    def _again(self, item: Item) -> bool:
        """Decide on what was carried over: promise it again, put it back, or drop it."""
        chance = self.rng.random()
        if len(item.promises) >= 2 and chance < 0.35:
            self.drop(item)
        elif chance < 0.12:
            self.move(item, status=Status.CONFIRMED)
        return item.status is Status.COMMITTED

    def _ready(self) -> list[Item]:
        ready = [item for item in self.open.values() if self._workable(item)]
        return [i for i in ready if i.status is Status.CONFIRMED or (i.status is Status.REFINED and i.appeal > 1)]

    def _workable(self, item: Item) -> bool:
        blocked = item.blocker is not None and not item.blocker.closed
        return not blocked and item.snoozed <= self.now and item.part.begins <= self.now < item.part.rests

    def _worth(self, item: Item) -> float:
        worth = _WORTH[item.part.story.priority] + item.appeal + self.rng.gauss(0, _DAMP)
        if item.due is not None:
            days = (self.clock.start_of(item.due) - self.now) / DAY
            worth += 3.0 if days < 7 else 1.0 if days < 14 else 0.0
        if item.part.ends is not None and item.part.ends - self.now < 21 * DAY:
            worth += 1.0
        if self._age(item) > 35 * DAY and not item.worked:  # what could wait so long can wait
            worth -= 2.5
        return worth

    def promise(self, item: Item, season: Season) -> None:
        """Commit to a todo for a week, if it is still open."""
        if item.closed or season.end in item.promises:
            return
        if self.plans:
            promise = Commitment(
                id=self.new_id(),
                weekly_goal_id=goal_id(self.script.user_id, season.week),
                todo_id=item.id,
                estimated_hours=item.row["estimated_hours"],
                created_at=self.now,
            )
            self.add_untold(promise)
            item.promises[season.end] = promise.id
        self.move(item, status=Status.COMMITTED)

    # A day

    def _days(self, season: Season) -> None:
        energy = self.pace * self.rng.lognormvariate(0, 0.15)
        for day, (hours, factor) in enumerate(zip(HOURS, season.factors, strict=True)):
            opens = season.midnights[day] + int((_OPENS + self.rng.random() * (0.4 if day < 5 else 4)) * HOUR)
            left = hours * factor * energy * self.rng.uniform(0.8, 1.2)
            self.push(season.midnights[day] + 5 * HOUR, self._calm)
            self.push(opens, self._work, season, left, season.midnights[day] + int(_CLOSES * HOUR))
            if day < 5 and factor > 0 and self.rng.random() < 0.15:
                self.push(opens + self.rng.randrange(8 * HOUR), self._take_in, season)
            if day in (1, 2, 3) and factor > 0 and self.rng.random() < 0.08:
                self.push(opens - HOUR, self._take_out, season)

    def _calm(self) -> None:
        """What seemed urgent yesterday and was not begun goes the usual way."""
        for item in self.sudden:
            if not item.worked:
                self.wait(item)
        self.sudden = [item for item in self.sudden if item.worked]

    def _take_in(self, season: Season) -> None:
        if season.end in self._planned and (ready := self._ready()):
            self.promise(max(ready, key=self._worth), season)

    def _take_out(self, season: Season) -> None:
        planned = [i for i in self.open.values() if i.status is Status.COMMITTED and season.end in i.promises]
        if planned:
            item = min(planned, key=self._worth)
            self.resolve(item, Outcome.REMOVED)
            del item.promises[season.end]
            self.move(item, status=Status.CONFIRMED)

    def _work(self, season: Season, left: float, closes: int) -> None:
        item = self._next(season)
        if item is None or left < 0.25:
            return
        hours = min(item.need, item.portion, max(0.25, round(left * 4) / 4), self.rng.choice(_BLOCKS))
        end = self.now + int(hours * HOUR)
        if end > closes:
            return
        session = self._start(item) if item.timed else None
        self._last = item
        self.push(end, self._stop, item, session, hours)
        pause = self.rng.choice((300, 420, 600, 900, 1500, 2700))
        self.push(end + pause, self._work, season, left - hours, closes)

    def _next(self, season: Season) -> Item | None:
        """Choose what to work on: what can't wait, what is promised, else something that is ready."""
        while self.sudden:
            if not self.sudden[-1].closed:
                return self.sudden[-1]
            self.sudden.pop()
        idle = all(self.now < item.rests for item in self._promised())
        if idle and self.rng.random() < 0.5:
            self._take_in(season)
        return max(self._promised(), key=self._pull, default=None)

    def _promised(self) -> list[Item]:
        return [item for item in self.open.values() if item.status is Status.COMMITTED and self._workable(item)]

    def _pull(self, item: Item) -> float:
        """What was begun goes on, today or after a rest, and short things get done first."""
        begun = -4.0 if self.now < item.rests else 1.6 if item is self._last else 1.8 if item.worked else 0.0
        return self._worth(item) + begun + 0.3 * len(item.promises) - 0.5 * log(item.need)

    def _start(self, item: Item) -> Session:
        session = Session(
            id=self.new_id(), todo_id=item.id, device_id=self.script.device_id, started_at=self.now, ended_at=None
        )
        self.add_untold(session)
        self.tell(Todo, item.id, "session started", new=session.id)
        if item.row["started_at"] is None:
            values = {"started_at": self.now} | _frozen(item)
            self.change_untold(Todo, item.id, values)
            item.row |= values
        return session

    def _stop(self, item: Item, session: Session | None, hours: float) -> None:
        item.need -= hours
        item.worked += hours
        if item.portion < item.need + hours:
            item.rests = self.now + self.rng.choice(_RESTS) * DAY - 6 * HOUR
        if session is not None:
            self.change_untold(Session, session.id, {"ended_at": self.now})
            self.tell(Todo, item.id, "session ended", old=session.id, new=(self.now - session.started_at) / HOUR)
        estimate = item.row["estimated_hours"]
        if item.closed:
            return
        if item.need < 0.2:
            self.push(self.now + self.rng.randrange(20, 240), self._done, item)
        elif item.timed and estimate and item.worked > 1.4 * estimate and self.rng.random() < 0.25:
            self.move(item, estimated_hours=max(estimate, 2.0 * round(item.worked)))

    def _done(self, item: Item) -> None:
        if item.closed:
            return
        values = {"completed_at": self.now} | _frozen(item) | {"status": Status.DONE}
        if not item.timed:
            values["adjusted_hours"] = item.worked
        self.move(item, **values)
        self.resolve(item, Outcome.DONE)
        self.open.pop(item.id, None)
        self.finished[item.part.id] += 1
        if self.rng.random() < 0.04 and self.now < item.part.rests - 10 * DAY:
            self.push(self.awake(self.now + self.rng.randrange(DAY, 9 * DAY)), self._reopen, item)

    def _reopen(self, item: Item) -> None:
        item.need = self.rng.choice((0.25, 0.5, 0.5, 1.0, 1.5))
        self.move(item, status=Status.CONFIRMED, completed_at=None)
        self.resolve(item, Outcome.OPEN)
        self.open[item.id] = item


def _frozen(item: Item) -> dict[str, float]:
    estimate = item.row["estimated_hours"]
    return (
        {}
        if estimate is None or item.row["original_estimate_hours"] is not None
        else {"original_estimate_hours": estimate}
    )
