"""From a database to the review of a week: what was known when the week was over, or what is known now."""

from __future__ import annotations

import time
from datetime import date, timedelta

from orc_lab import config
from orc_lab.agents.desk import Desk
from orc_lab.mirror.duck import Mirror
from orc_lab.mirror.features import Frames, frames
from orc_lab.model.entities import Todo
from orc_lab.model.week import Week
from orc_lab.review.blocks import Looked, Review
from orc_lab.review.weekly import weekly_review
from orc_lab.review.when import clock_of, week_of
from orc_lab.store import change_log
from orc_lab.workbench.bench import Workbench

LONG_AGO = timedelta(weeks=2)  # after its end, no promise for the week after can be made


def read_review(
    db: str | None = None, week: str | None = None, now: int | None = None, seq: int | None = None
) -> Review:
    """Return the review of a week; of the person's own database, else the sample, and the week due, where unnamed.

    `now` is the instant to look from, seconds UTC; with `seq` a past one, on what the change log held up to that entry.
    Raises what opening a database raises, UnknownWeek and FutureWeek.
    """
    instant = int(time.time()) if now is None else now
    with Workbench.open(config.readable_path(db)) as bench:
        wanted = week_of(bench, None if week is None else Week.parse(week), instant)
        head = change_log.head(bench.db) if seq is None else seq
        frames = read_frames(bench, wanted, instant, seq=seq)
        desk = Desk.at(bench, frames, now=instant if seq is None else int(time.time()))
        review = weekly_review(
            desk.known.frames,
            week=wanted,
            kb=desk.known.kb,
            sample=bench.sample,
            past=wanted.end(clock_of(bench, wanted, instant)) < instant - LONG_AGO.total_seconds(),
            begins=_begins(bench, wanted, instant),
            looked=Looked(at=instant, seq=head),
        )
        desk.keep(review.forecasts)
        return review


def _begins(bench: Workbench, week: Week, now: int) -> date | None:
    """The day of the first todo, where it lies after the week."""
    first = bench.find(Todo, order="created_at", limit=1)
    if not first or first[0].created_at >= now:
        return None
    day = bench.clock(first[0].created_at).day(first[0].created_at)
    return day if day >= (week + 1).monday else None


def read_frames(bench: Workbench, week: Week, now: int, *, seq: int | None = None) -> Frames:
    """Return what was known at the end of a week, or at `now` while it runs; with `seq` `now` is a past instant."""
    clock = clock_of(bench, week, now)
    end = week.end(clock)
    then = end <= now or seq is not None
    with Mirror.as_of(bench.db, min(end, now), seq=seq) if then else Mirror(bench.db) as mirror:
        return frames(mirror, min(end, now), clock)
