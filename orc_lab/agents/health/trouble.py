"""The chance of trouble, learned from a person's own past: `HealthModel().observe(finished).score(snapshot)`.

Stretches of past work are cut as if they had been projects on the way; a small regression learns what told beforehand
that the rest would overrun, sleep or be late, starting from shipped constants and leaving them as far as there is
evidence. Learned only from what had matured by the day of the score.
"""

from __future__ import annotations

from datetime import datetime
from math import exp, nan

import numpy as np
import pandas as pd

from orc_lab.agents.atoms import Floats
from orc_lab.agents.forecast import Basis, amount, figure, share
from orc_lab.agents.given import local_time, table_of
from orc_lab.agents.health import remaining
from orc_lab.agents.health.chances import Trouble
from orc_lab.agents.health.dormancy import Pace
from orc_lab.agents.health.lateness import within
from orc_lab.agents.health.learned import Chances, Lessons, Past
from orc_lab.agents.health.looks import open_features
from orc_lab.agents.health.plain import dropped, known_at, last_instant, plain, regular
from orc_lab.agents.health.remaining import OVER, Cuts
from orc_lab.agents.health.rules import health
from orc_lab.agents.health.shrunken import chance_of
from orc_lab.agents.health.snapshot import moment
from orc_lab.agents.health.tallies import rows_of
from orc_lab.errors import InvalidValue

MIN_FINISHED = 30  # below, the chances are mostly those that are assumed of anybody
_DAY = pd.Timedelta(days=1)
_GROWTH = 1.1  # the pseudo-projects are cut anew when there is a tenth more to cut


class HealthModel:
    """What a person's finished work says about open projects. Nothing is learned from anybody else's work."""

    def __init__(self) -> None:
        self._parts = [regular(pd.DataFrame())]  # what was finished, the parts in order of completion
        self._ids: set[str] = set()
        self._n = 0
        self._newest: pd.Timestamp | None = None  # instant of the last completion
        self._past: Past | None = None
        self._lessons: Lessons | None = None
        self._cut_at = -1

    @property
    def n(self) -> int:
        """Finished tasks known."""
        return self._n

    @property
    def _finished(self) -> pd.DataFrame:
        """Finished tasks in order of completion."""
        if len(self._parts) > 1:
            self._parts = [pd.concat(self._parts, ignore_index=True)]
        return self._parts[0]

    def observe(self, finished: pd.DataFrame) -> HealthModel:
        """Learn these finished tasks too and return the model; a task seen before is replaced, by its id.

        Columns: completed (datetime; rows without it are left out, and so is what was learned from such a task before,
        by its id) and, where known, id, project_id (or project), created, started (datetimes), estimate_hours,
        actual_hours, category. The order of rows is without effect. Raises InvalidValue for rows without `completed`.
        """
        told = table_of(finished, "finished tasks")
        if len(told) and "completed" not in told:
            raise InvalidValue("the columns of finished tasks", list(told.columns), "also completed")
        told = regular(told)
        new = told[told["completed"].notna()].sort_values(["completed", "id"], kind="stable", ignore_index=True)
        again = self._ids & set(told["id"].dropna())
        if new.empty and not again:
            return self
        later = self._newest is None or new.empty or new["completed"].iloc[0] > self._newest
        if not later or again:
            before = self._finished
            both = pd.concat([before[~before["id"].isin(again)], new])
            self._parts = [both.sort_values(["completed", "id"], kind="stable", ignore_index=True)]
            self._lessons, self._cut_at = None, -1
        else:
            self._parts.append(new)
        self._ids = (self._ids - again) | set(new["id"].dropna())
        last = self._parts[-1]["completed"]
        self._n, self._newest = sum(map(len, self._parts)), last.iloc[-1] if len(last) else None
        self._past = None
        if _milestone(self.n) != self._cut_at:
            self._learn()
        return self

    def _learn(self) -> None:
        self._cut_at = _milestone(self.n)
        self._lessons = Lessons.of(Past.of(self._finished.head(self._cut_at)))
        if self._newest is not None:
            self._lessons.by(day_of(self._newest + _DAY))

    def score(self, snapshot: pd.DataFrame, *, as_of: datetime | None = None, due: datetime | None = None) -> Trouble:
        """The chances of trouble of one project, from the frame of its tasks at an instant.

        Columns as in `observe`; open rows have no `completed`, their actual_hours are those spent so far. `as_of` is
        the instant (else the latest date in the frame, else the day after the last finished task); only what was
        finished on earlier days is learned from, and what the frame says was completed later counts as open. `due` is
        the due day (else the latest of a column `due` of open rows). Raises InvalidValue where no instant is known.
        """
        tasks = regular(snapshot)
        now = self._instant(tasks, as_of)
        if self._newest is not None and self._newest >= now.normalize():  # it must not know what came later
            past = HealthModel().observe(self._finished[self._finished["completed"] < now.normalize()])
            return past.score(snapshot, as_of=now, due=due)
        if self._past is None:
            self._past = Past.of(self._finished)
        lessons = self._lessons or Lessons.of(self._past)
        look = _Look(known_at(tasks, now), now, self._past, lessons.by(day_of(now)))
        told = look.left["due"].max() if due is None or pd.isna(due) else local_time(due, "due")
        return look.trouble(moment(told))

    def _instant(self, tasks: pd.DataFrame, as_of: datetime | None) -> pd.Timestamp:
        if as_of is not None:
            return local_time(as_of, "as_of")
        if (latest := last_instant(tasks)) is not None:
            return latest
        if self._newest is not None:
            return self._newest + _DAY
        raise InvalidValue("as_of", None, "an instant, as nothing in the snapshot has a date")


class _Look:
    """One project at an instant, beside what is known of the person's past."""

    def __init__(self, tasks: pd.DataFrame, now: pd.Timestamp, past: Past, known: Chances) -> None:
        self.tasks = tasks.sort_values(["completed", "id"], kind="stable", ignore_index=True)
        self.now, self.day, self.past, self.known = now, day_of(now), past, known
        rows = rows_of(self.tasks, past.categories, past.projects)
        finished, gone = self.tasks["completed"].notna(), dropped(self.tasks)
        self.left = self.tasks[~finished & ~gone]
        self.done, self.open = rows.take(finished.to_numpy()), rows.take((~finished & ~gone).to_numpy())
        self.alive = rows.take(~gone.to_numpy())
        self.before = past.rows.take(past.rows.done < self.day)

    def p_overrun(self) -> float:
        """P(the open tasks take more than OVER times their estimates); the usual share where none has an estimate."""
        done, left = self.done, self.open
        if not len(left):
            return 0.0
        rated = np.isfinite(left.estimate)
        if not rated.any():
            return self.known.usual
        if np.nansum(left.actual[rated]) > OVER * left.estimate[rated].sum():
            return 1.0
        cuts = Cuts(
            as_of=np.array([self.day]),
            done=done,
            done_of=np.zeros(len(done), dtype=np.int64),
            open=left,
            open_of=np.zeros(len(left), dtype=np.int64),
        )
        found = remaining.features(self.past.tallies, cuts, left.actual)
        return float(chance_of(found, self.known.overrun)[0])

    def p_dormant(self) -> float:
        """P(no completion within the next weeks)."""
        pace = Pace(made=self.alive.made, done=self.alive.done)
        return float(chance_of(np.array([pace.features(self.day)]), self.known.dormant)[0])

    def p_late(self, due: datetime | None) -> float:
        """P(something is open after the due day), NaN without one."""
        if due is None:
            return nan
        if self.left.empty:
            return 0.0
        rows = self.alive
        person = max(within(self.past.rows.done, self.day), within(rows.done, self.day))
        made = np.where(np.isnat(rows.made), self.day, rows.made)
        found = open_features(np.minimum(made, self.day), rows.done, self.day, person)
        days = float((day_of(pd.Timestamp(due)) - self.day).astype(int))
        return self.known.needed.chance_beyond(found, days)

    def trouble(self, due: datetime | None) -> Trouble:
        n, p_late, at = len(self.before), self.p_late(due), self.now.to_pydatetime()
        facts = plain(
            self.tasks, self.left, at, due=due, p_late=p_late, cycle_days=self.cycles(), largest_done=self.largest()
        )
        return Trouble(
            as_of=at,
            p_overrun=self.p_overrun(),
            p_dormant=self.p_dormant(),
            p_late=p_late,
            usual_overrun=self.known.usual,
            score=health(facts).score,
            basis=Basis.HISTORY if n >= MIN_FINISHED else Basis.PRIOR,
            n=n,
            open=len(self.open),
            evidence=self.evidence(),
            needs=self.needs(n),
        )

    def cycles(self) -> Floats:
        """Days that earlier tasks took, from their start where it is known."""
        rows = self.before
        start = np.where(np.isnat(rows.begun), rows.made, rows.begun)
        return np.maximum(0.0, (rows.done - start).astype(np.float64))

    def largest(self) -> float:
        """Hours of the largest finished task, NaN without one."""
        hours = np.concatenate([self.before.actual, self.done.actual])
        return float(np.nanmax(hours)) if np.isfinite(hours).any() else nan

    def evidence(self) -> tuple[str, ...]:
        """What the chances rest on, in sentences."""
        rated = np.isfinite(self.done.estimate) & np.isfinite(self.done.actual)
        found = []
        if rated.any():
            cost = self.done.actual[rated].sum() / self.done.estimate[rated].sum()
            found.append(f"What is done took {figure(float(cost))} times its estimates.")
        if self.known.stretches:
            past = f"{self.known.stretches:,} stretches of your work"
            found.append(f"In {past}, the rest overran by a quarter in {share(self.known.usual)}.")
        return tuple(found)

    def needs(self, n: int) -> str:
        """What would make the chances the person's own, empty where they are."""
        blind = len(self.open) > 0 and not np.isfinite(self.open.estimate).any()
        wanted = [amount(MIN_FINISHED - n, "more finished tasks")] if n < MIN_FINISHED else []
        wanted += ["an estimate on an open task"] if blind else []
        return f"To be about you it needs {' and '.join(wanted)}." if wanted else ""


def _milestone(count: int) -> int:
    """The largest count of a fixed sequence up to `count`, so that it is without effect how tasks were handed over."""
    if count < 1 / (_GROWTH - 1):
        return count
    step = int(np.floor(np.log(count) / np.log(_GROWTH) + 1e-9))
    return min(count, int(np.ceil(exp(step * np.log(_GROWTH)))))


def day_of(when: pd.Timestamp) -> np.datetime64:
    """The day of an instant."""
    return np.datetime64(when.to_pydatetime().date(), "D")
