"""The health report: each project's score with its evidence, risks with steps, chances of trouble, and its history."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd

from orc_lab.agents.ageing import ageing
from orc_lab.agents.estimation.estimator import Estimator
from orc_lab.agents.health.chances import Trouble
from orc_lab.agents.health.rules import Health, Label, health
from orc_lab.agents.health.snapshot import ProjectSnapshot, snapshot
from orc_lab.agents.insight.known import Known
from orc_lab.agents.knowledge.agent import known_then
from orc_lab.charts.backtest import score_over_time
from orc_lab.charts.projects import health as health_chart
from orc_lab.charts.projects import scores as chart_rows
from orc_lab.mirror.features import Frames
from orc_lab.model.entities import ProjectStatus
from orc_lab.review import made
from orc_lab.review.ahead import health_item
from orc_lab.review.blocks import Block, Column, Definition, Item, Items, Section, Table, plot
from orc_lab.review.sentence import Sentence, Value, say
from orc_lab.review.tables import number

TITLE = "Health"
WEEKS = 12  # looked back on
MOST = 30  # projects told with all their evidence
MOST_DRAWN = 8  # projects looked back on, the least healthy now


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Project:
    """One active project as of the instant."""

    known: ProjectSnapshot
    health: Health
    trouble: Trouble


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Facts:
    """Everything that the report says, computed once; the projects least healthy first."""

    frames: Frames
    projects: Sequence[_Project]
    history: pd.DataFrame


def _facts(frames: Frames) -> _Facts:
    active = frames.projects[frames.projects["status"] == ProjectStatus.ACTIVE.value]
    known = Known(frames=frames, kb=known_then(frames))
    found = [_project(known, id) for id in active["id"]]
    ordered = sorted(found, key=lambda one: (one.health.score is None, one.health.score, one.health.title))
    worst = active.set_index("id", drop=False).loc[[one.known.id for one in ordered[:MOST_DRAWN]]]
    return _Facts(frames=frames, projects=ordered, history=_history(frames, worst, known.estimator))


def _project(known: Known, id: str) -> _Project:
    look, health = known.snapshot(id), known.health(id)
    trouble = health.trouble or known.model.score(known.tasks(id).drop(columns="due"), as_of=known.as_of, due=look.due)
    return _Project(known=look, health=health, trouble=trouble)


def _history(frames: Frames, rows: pd.DataFrame, estimator: Estimator) -> pd.DataFrame:
    """The score now and at the end of each of the weeks before: project_id, project, at, score (NaN for none).

    From the dates of the tasks that there are: their projects, titles and estimates are those of the instant, and no
    holiday that lay ahead then is known.
    """
    found = []
    for at in (frames.now - timedelta(weeks=back) for back in range(WEEKS - 1, -1, -1)):
        tasks, promised = _by(frames.tasks, at), frames.commitments[frames.commitments["committed"] <= at]
        ages = ageing(tasks, at)
        for _, row in rows.iterrows():
            if not (tasks["project_id"] == row["id"]).any():
                continue
            capacity = frames.ahead if at == frames.now else None
            known = snapshot(
                tasks, frames.weekly, row, at, estimator, commitments=promised, capacity=capacity, ages=ages
            )
            found.append((row["id"], row["title"], at, health(known).score))
    return pd.DataFrame(found, columns=["project_id", "project", "at", "score"]).astype({"score": "float64"})


def _by(tasks: pd.DataFrame, at: datetime) -> pd.DataFrame:
    """A project's tasks as far as they had happened by an instant."""
    there = tasks[tasks["created"] <= at]
    times = {name: there[name].where(there[name] <= at) for name in ("started", "completed", "dropped")}
    later = times["completed"].isna() & there["completed"].notna() | times["dropped"].isna() & there["dropped"].notna()
    # Hours aren't dated: those of what was done later are not known yet.
    return there.assign(
        **times, status=there["status"].mask(later, "committed"), actual_hours=there["actual_hours"].mask(later)
    )


def lead_and_sections(frames: Frames) -> tuple[Sequence[Sentence], Sequence[Section]]:
    """The report's answer in short, and its parts."""
    facts = _facts(frames)
    parts = (
        ("scores", "Scores and chances", _scores),
        ("evidence", "Why", _evidence),
        ("risks", "Risks and what to do", _risks),
        ("history", "Over time", _over_time),
    )
    sections = tuple(Section(key=key, title=title, blocks=tuple(blocks(facts))) for key, title, blocks in parts)
    return tuple(_lead(facts)), sections


def _lead(facts: _Facts) -> Iterator[Sentence]:
    if not facts.projects:
        yield say(
            "No project is active. Give todos a project ({command:code}), and its health stands here.",
            command="orc match ID PROJECT",
        )
        return
    scored = [one.health for one in facts.projects if one.health.score is not None]
    bad = [one for one in scored if one.label is not Label.ON_TRACK]
    yield say(
        "{count:# project is|# projects are} active, {scored:n} of them with a score; {bad:# is|# are} not on track.",
        count=len(facts.projects), scored=len(scored), bad=len(bad),
    )  # fmt: skip
    if bad:
        yield say(
            "The lowest is {project} with {score:n} of {best:n}.", project=bad[0].title, score=bad[0].score, best=100
        )


def _scores(facts: _Facts) -> Iterator[Block]:
    scored = [one.health for one in facts.projects if one.health.score is not None]
    if scored:
        yield plot("health", health_chart, scores=chart_rows(scored))
    if not facts.projects:
        yield say("There is nothing to score.")
        return
    rows: list[tuple[Value, ...]] = [
        (one.known.title, one.health.score, one.health.label.value, one.known.open, number(one.known.p_on_time),
         one.trouble.p_overrun, one.trouble.p_dormant, number(one.trouble.p_late), one.trouble.basis.value,
         one.trouble.n)
        for one in facts.projects
    ]  # fmt: skip
    columns = (
        Column(key="project", label="Project"),
        Column(key="score", label="Health", spec="n"),
        Column(key="label", label="In words"),
        Column(key="open", label="Open", spec="n"),
        Column(key="p_on_time", label="P(on time)", spec="chance"),
        Column(key="p_overrun", label="P(overrun)", spec="chance"),
        Column(key="p_dormant", label="P(dormant)", spec="chance"),
        Column(key="p_late", label="P(late)", spec="chance"),
        Column(key="basis", label="Rests on"),
        Column(key="n", label="n", spec="n"),
    )
    yield Table(key="scores", caption="Active projects, the least healthy first", columns=columns, rows=rows)


def _evidence(facts: _Facts) -> Iterator[Block]:
    if not facts.projects:
        yield say("No project, no evidence.")
        return
    yield Items(key="why", items=[health_item(one.health) for one in facts.projects[:MOST]])
    told = [Item(text=say("{project}: {told:-}", project=one.known.title, told=line))
            for one in facts.projects[:MOST] for line in one.trouble.evidence[:1]]  # fmt: skip
    if told:
        yield say("What the chances rest on:")
        yield Items(key="chances", items=told)


def _risks(facts: _Facts) -> Iterator[Block]:
    items = [
        Item(
            text=say("{project}, {severity:-}: {what:-}", project=one.known.title, severity=risk.severity.value,
                     what=risk.sentence),
            details=[say("{step:-}", step=step) for step in risk.steps],
        )
        for one in facts.projects
        for risk in one.health.risks
    ]  # fmt: skip
    if items:
        yield Items(key="risks", items=items)
    else:
        yield say("No risk was found.")


def _over_time(facts: _Facts) -> Iterator[Block]:
    table = facts.history.dropna(subset=["score"])
    if table.empty:
        yield say("No project has had a score in the last {weeks:# week|# weeks}.", weeks=WEEKS)
        return
    yield plot("history", score_over_time, table=table)
    rows: list[tuple[Value, ...]] = []
    for _, mine in table.groupby("project_id", sort=False):
        first, last = mine.iloc[0], mine.iloc[-1]
        change = last["score"] - first["score"]
        rows.append((str(last["project"]), float(first["score"]), float(last["score"]), float(change), len(mine)))
    columns = (
        Column(key="project", label="Project"),
        Column(key="first", label="First score", spec="n"),
        Column(key="last", label="Now", spec="n"),
        Column(key="change", label="Change", spec="p"),
        Column(key="weeks", label="Weeks", spec="n"),
    )
    yield Table(key="history", caption="The score then and now", columns=columns, rows=rows)


DEFINITIONS: tuple[Definition, ...] = (
    made.HEALTH,
    made.ON_TIME,
    Definition(
        term="P(overrun)",
        rule="Chance that the open todos take over 1.25 times their estimates in total: a small regression on how past "
        "stretches of your work went on, from shipped constants while there are few.",
        source="own model; backtest with `orc backtest --only trouble`",
    ),
    Definition(
        term="P(dormant)",
        rule="Chance that nothing is completed in the project in the next 8 weeks.",
        source="own model",
    ),
    Definition(term="P(late)", rule="Chance that something is still open after the due day, arrivals included.",
               source="own model"),
    Definition(
        term="Over time",
        rule="The score at the end of each of the last weeks, from the dates of today's todos: projects, titles and "
        "estimates are those of now.",
        source="own definition",
    ),
)  # fmt: skip
