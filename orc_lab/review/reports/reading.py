"""From a database to the report of an agent, as known now or at the end of a week."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module

from orc_lab import config
from orc_lab.agents.desk import Desk
from orc_lab.agents.insight import told
from orc_lab.agents.insight.known import Known
from orc_lab.agents.knowledge.agent import stored
from orc_lab.agents.ledger.entry import HOURS, TODOS, ForecastEntry, hash_of, of_weeks
from orc_lab.agents.velocity.throughput import forecast_total
from orc_lab.errors import InvalidValue
from orc_lab.mirror.features import Frames
from orc_lab.model.week import Week
from orc_lab.review.blocks import Definition, Section
from orc_lab.review.reading import read_frames
from orc_lab.review.report import AGENTS, week_seen
from orc_lab.review.reports.document import Report, notes
from orc_lab.review.sentence import Sentence
from orc_lab.review.when import week_of
from orc_lab.workbench.bench import Workbench

HORIZON = 12  # weeks that the velocity report looks ahead

Parts = tuple[Sequence[Sentence], Sequence[Section]]


@dataclass(frozen=True, slots=True)
class _Agent:
    """What a module of a report holds."""

    title: str
    lead_and_sections: Callable[[Frames], Parts]
    definitions: Sequence[Definition]


def read_report(agent: str, db: str | None = None, week: str | None = None, now: int | None = None) -> Report:
    """Return the report of `velocity`, `estimation`, `health` or `knowledge`.

    Of the person's own database, else the sample, where none is named. It is as known at the end of the week, or at
    `now` (seconds UTC) while that runs; without a week it is the one that runs, or where nothing has happened for long
    the last one with something in it. Raises what opening a database raises, InvalidValue, UnknownWeek and FutureWeek.
    """
    chosen = _agent(agent)
    instant = int(time.time()) if now is None else now
    with Workbench.open(config.readable_path(db)) as bench:
        wanted = week_seen(bench, instant) if week is None else week_of(bench, Week.parse(week), instant)
        frames, sample = read_frames(bench, wanted, instant), bench.sample
        if sample:  # what it knows was learned when it was made
            frames = replace(frames, knowledge=stored(bench))
        found = report(agent, frames, week=wanted, sample=sample, chosen=chosen)
        if agent in ("velocity", "health"):
            desk = Desk.at(bench, frames, now=instant)
            desk.keep(list(_shown(agent, desk.known)))
    return found


def _shown(agent: str, known: Known) -> Iterator[ForecastEntry]:
    """The forecasts of a report, as entries of the ledger."""
    if agent == "health":
        for id in known.active:
            yield from told.troubles(known, known.health(id))
        return
    frames = known.frames
    for measure, unit in (("done", TODOS), ("hours", HOURS)):
        found = forecast_total(
            frames.weekly, frames.now, horizon=HORIZON, measure=measure, capacity=frames.ahead[:HORIZON]
        )
        if found.quantiles:
            made = hash_of(weeks=frames.weekly[measure].tolist(), ahead=list(frames.ahead[:HORIZON]))
            yield of_weeks(frames.week, HORIZON, found, as_of=frames.as_of, unit=unit, inputs_hash=made)


def report(
    agent: str, frames: Frames, *, week: Week | None = None, sample: bool = False, chosen: _Agent | None = None
) -> Report:
    """Return the report of an agent from what was known at the instant of the frames: the same for the same input."""
    known = chosen or _agent(agent)
    lead, sections = known.lead_and_sections(frames)
    return Report(
        agent=agent,
        title=known.title,
        week=week or frames.week,
        as_of=frames.now,
        sample=sample,
        reconstructed=frames.reconstructed,
        lead=lead,
        notes=notes(frames, sample),
        sections=sections,
        definitions=known.definitions,
    )


def _agent(name: str) -> _Agent:
    if name not in AGENTS:
        raise InvalidValue("a report", name, f"one of {', '.join(AGENTS)}")
    module: Mapping[str, object] = vars(import_module(f"orc_lab.review.reports.{name}"))
    return _Agent(module["TITLE"], module["lead_and_sections"], module["DEFINITIONS"])  # type: ignore[arg-type]
