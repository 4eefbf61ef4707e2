"""The estimation report: estimates against hours, whether the bands held, and where they are no better than you."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from orc_lab.agents.backtest import estimates as lab
from orc_lab.agents.backtest.history import prepared
from orc_lab.agents.backtest.result import OURS, Family
from orc_lab.agents.backtest.scores import LEVELS
from orc_lab.agents.estimation.accuracy import Accuracy, accuracy
from orc_lab.agents.estimation.estimator import Estimator
from orc_lab.agents.estimation.walk import walk_forward
from orc_lab.agents.forecast import Basis
from orc_lab.charts.backtest import learning_curve
from orc_lab.charts.backtest import pit as pit_chart
from orc_lab.charts.estimates import calibration, estimate_against_actual, estimate_ratio_over_time
from orc_lab.mirror.features import Frames
from orc_lab.model.entities import CLOSED
from orc_lab.review import made
from orc_lab.review.back import coverage as told_coverage
from orc_lab.review.blocks import Block, Column, Definition, Section, Table, plot
from orc_lab.review.sentence import Sentence, Value, say
from orc_lab.review.tables import number, text

TITLE = "Estimation"
_FEWEST = 6  # pairs of estimate and hours that a figure needs
_OPEN = 60  # open todos listed, the widest first
_CURVE = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
_WEEKS = 12
_SPANS = {"All": lab.ALL, "Not done on their first day": lab.LATER} | {name: name for name in lab.LENGTHS}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Facts:
    """Everything that the report says, computed once; `open` has q10, q50, q90, basis and n beside each task."""

    frames: Frames
    lately: Accuracy
    walk: pd.DataFrame
    compared: Family
    pairs: pd.DataFrame
    band: pd.DataFrame
    open: pd.DataFrame


def _facts(frames: Frames) -> _Facts:
    estimator = Estimator().observe(frames.finished)
    walk = walk_forward(frames.finished, quantiles=LEVELS)
    used = frames.finished[(frames.finished["estimate_hours"] > 0) & (frames.finished["actual_hours"] > 0)]
    waiting = frames.tasks[~frames.tasks["status"].isin(CLOSED)]
    forecast = estimator.predict(waiting, as_of=frames.now)
    return _Facts(
        frames=frames,
        lately=accuracy(walk, as_of=frames.now, weeks=_WEEKS),
        walk=walk,
        compared=lab.estimates(lab.walk(prepared(frames.finished), ours=walk)),
        pairs=used,
        band=_band(estimator, used["estimate_hours"]),
        open=pd.concat([waiting, forecast[["q10", "q50", "q90", "basis", "n"]]], axis=1),
    )


def _band(estimator: Estimator, used: pd.Series) -> pd.DataFrame:
    """What todos with estimates of the sizes that the person uses are expected to take."""
    if used.empty:
        return pd.DataFrame()
    sizes = [size for size in _CURVE if used.min() <= size <= used.max()] or [float(used.median())]
    table = pd.DataFrame({"estimate_hours": sizes})
    return pd.concat([table, estimator.predict(table)[["q10", "q50", "q90"]]], axis=1)


def lead_and_sections(frames: Frames) -> tuple[Sequence[Sentence], Sequence[Section]]:
    """The report's answer in short, and its parts."""
    facts = _facts(frames)
    parts = (
        ("pairs", "Estimates against hours", _pairs),
        ("calibration", "Whether the bands held", _calibration),
        ("time", "Over time", _time),
        ("better", "Better than your own estimate?", _better),
        ("open", "Open todos", _open),
    )
    sections = tuple(Section(key=key, title=title, blocks=tuple(blocks(facts))) for key, title, blocks in parts)
    return tuple(_lead(facts)), sections


def _lead(facts: _Facts) -> Iterator[Sentence]:
    held = facts.lately
    if held.n:
        yield say(
            "{n:# estimated todo|# estimated todos} finished in {weeks:# week|# weeks} took {ratio:x} their estimate "
            "at the median; {close:%} came within {off:%}.",
            n=held.n, weeks=held.weeks, ratio=held.median_ratio, close=held.within_quarter, off=0.25,
        )  # fmt: skip
        yield told_coverage(held.coverage)
    else:
        yield say(
            "No todo with an estimate and hours was finished in {weeks:# week|# weeks}. Give todos an estimate before "
            "you begin, and their hours when they are done.",
            weeks=held.weeks,
        )  # fmt: skip


def _pairs(facts: _Facts) -> Iterator[Block]:
    if len(facts.pairs) < _FEWEST:
        yield say("{needed:n} finished todos with an estimate and hours are needed; there are {there:n}.",
                  needed=_FEWEST, there=len(facts.pairs))  # fmt: skip
        return
    pairs = facts.pairs[["estimate_hours", "actual_hours"]]
    yield plot("pairs", estimate_against_actual, finished=pairs, band=facts.band)


def _calibration(facts: _Facts) -> Iterator[Block]:
    known = facts.walk[["below", "upto"]].dropna()
    if known.empty:
        yield say("No forecast has come true yet.")
        return
    yield plot("calibration", calibration, walk=known)
    if "pit" in facts.compared.plots:
        yield plot("pit", pit_chart, table=facts.compared.plots["pit"])


def _time(facts: _Facts) -> Iterator[Block]:
    if len(facts.pairs) < _FEWEST:
        yield say("Too little data: what is drawn here begins with {needed:n} finished todos.", needed=_FEWEST)
        return
    columns = ["completed", "estimate_hours", "actual_hours"]
    yield plot("ratio", estimate_ratio_over_time, finished=facts.pairs[columns])
    yield _quarters(facts.walk)


def _quarters(walk: pd.DataFrame) -> Table:
    """How far off the own estimates and the corrected ones were, by quarter, the last two years."""
    mine = walk[(walk["estimate_hours"] > 0) & walk["q50"].notna()]
    period = mine["completed"].dt.to_period("Q")
    rows: list[tuple[Value, ...]] = []
    for quarter, those in mine.groupby(period):
        own = float((those["actual_hours"] - those["estimate_hours"]).abs().mean())
        ours = float((those["actual_hours"] - those["q50"]).abs().mean())
        inside = those["actual_hours"].between(those["q10"] - 1e-9, those["q90"] + 1e-9).mean()
        rows.append((str(quarter), len(those), own, ours, float(inside)))
    columns = (
        Column(key="quarter", label="Quarter"),
        Column(key="n", label="Todos", spec="n"),
        Column(key="own", label="Your estimate missed by", spec="h"),
        Column(key="corrected", label="Corrected", spec="h"),
        Column(key="inside", label="Inside P10–P90, edges included", spec="%"),
    )
    return Table(key="quarters", caption="Mean error by quarter", columns=columns, rows=rows[-8:])


def _better(facts: _Facts) -> Iterator[Block]:
    family = facts.compared
    if not family.rows:
        yield say("Too little data. {needs:-}", needs=family.needs)
        return
    yield _verdict(family)
    rows: list[tuple[Value, ...]] = []
    for name, part in _SPANS.items():
        row = next((row for row in family.rows if row.part == part and row.model == OURS), None)
        if row is not None:
            own, usual, held = (row.scores[key] for key in ("mae_own", "crps_ratio", "cover"))
            rows.append((name, row.n, own.value, own.low, own.high, usual.value, usual.low, usual.high, held.value))
    keys = ("mae_own", "own_low", "own_high", "crps", "crps_low", "crps_high")
    labels = ("MAE ÷ own", "95% from", "to", "CRPS ÷ ratio-50", "95% from", "to")
    columns = (
        Column(key="part", label="Todos"),
        Column(key="n", label="n", spec="n"),
        *(Column(key=key, label=label, spec="x") for key, label in zip(keys, labels, strict=True)),
        Column(key="cover", label="80% band held", spec="%"),
    )
    yield Table(
        key="compared", caption="Each finished todo forecast again, under 1 is better", columns=columns, rows=rows
    )
    if len(curve := family.plots.get("lengths", pd.DataFrame())) > 1:
        yield plot("learning", learning_curve, table=curve)


def _verdict(family: Family) -> Sentence:
    """Whether the middle of the forecast beats the person, as far as the data can tell."""
    own = family.score(lab.ALL, "mae_own")
    values = {"ratio": own.value, "low": own.low, "high": own.high}
    if np.isnan(own.high):
        return say(
            "The corrected estimate missed by {ratio:x} what your own did; there is too little to say more.", **values
        )
    if own.high < 1:
        return say(
            "The corrected estimate is better than yours: it missed by {ratio:x} what your own did (95% interval "
            "{low:x} to {high:x}).",
            **values,
        )
    if own.low > 1:
        return say(
            "The corrected estimate is worse than yours as a single number: it missed by {ratio:x} what your own did "
            "(95% interval {low:x} to {high:x}). Use its band, and your own number.",
            **values,
        )
    return say(
        "As a single number the corrected estimate is no better than yours, as far as your past can tell: it missed by "
        "{ratio:x} what your own did (95% interval {low:x} to {high:x}). What it adds is the band.",
        **values,
    )


def _open(facts: _Facts) -> Iterator[Block]:
    known = facts.open[facts.open["q50"].notna()]
    if known.empty:
        yield say("Nothing is open." if facts.open.empty else "Open todos can't be forecast before one is finished.")
        return
    widest = known.assign(width=known["q90"] - known["q10"]).sort_values(["width", "id"], ascending=[False, True])
    rows: list[tuple[Value, ...]] = [
        (row["title"], text(row["project"]), number(row["estimate_hours"]), row["q10"], row["q50"], row["q90"],
         Basis(row["basis"]).value, int(row["n"]))
        for row in widest.head(_OPEN).to_dict("records")
    ]  # fmt: skip
    columns = (
        Column(key="title", label="Todo"),
        Column(key="project", label="Project"),
        Column(key="estimate", label="Estimated", spec="h"),
        Column(key="q10", label="P10", spec="h"),
        Column(key="q50", label="P50", spec="h"),
        Column(key="q90", label="P90", spec="h"),
        Column(key="basis", label="Rests on"),
        Column(key="n", label="n", spec="n"),
    )
    rest = len(widest) - _OPEN
    more = say("And {rest:# more todo|# more todos}.", rest=rest) if rest > 0 else None
    yield Table(
        key="open", caption="Hours that open todos take in all, the widest first", columns=columns, rows=rows, more=more
    )


DEFINITIONS: tuple[Definition, ...] = (
    made.RATIO,
    Definition(
        term="Corrected estimate",
        rule="The distribution of hours that your finished todos suggest for one with this estimate, title, project "
        "and category; its middle is your own estimate while fewer than 30 are finished.",
        source="own model; see the docs on metrics",
    ),
    made.COVERAGE,
    Definition(
        term="CRPS ÷ ratio-50",
        rule="How far the whole forecast was from what came true, as twice the mean pinball loss at levels .05 to .95, "
        "÷ that of your estimate times your last 50 actual ÷ estimate.",
        source="Gneiting & Ranjan, JBES 2011; J. Spolsky, Evidence Based Scheduling, 2007",
    ),
    Definition(
        term="Intervals of ratios",
        rule="95% of a bootstrap of blocks of 50 consecutive todos.",
        source="Efron & Tibshirani 1993",
    ),
)
