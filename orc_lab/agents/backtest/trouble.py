"""Projects whose remaining work overruns: will what is open take over a quarter more than its estimates?

The label looks at the rest only, so that what has happened already can't flatter a forecast.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import nan

import numpy as np
import numpy.typing as npt
import pandas as pd

from orc_lab.agents.atoms import Floats
from orc_lab.agents.backtest import simple
from orc_lab.agents.backtest.history import days, estimated, finished, spread
from orc_lab.agents.backtest.result import OURS, Family, Measure, Row
from orc_lab.agents.backtest.scores import Score, auc_score, brier, clusters, held, ratio
from orc_lab.agents.health.remaining import OVER
from orc_lab.agents.health.trouble import HealthModel

OPEN, STRETCH = "todos open in a project", "stretches of 12, half done"
COST, MONTE_CARLO, RULES, USUAL = "cost so far", "ratio-50 Monte Carlo", "rules' score", "usual share"
LENGTH, DONE = 12, 6
_LEAST_OPEN = 3
_EVERY = "28D"
MOST = 40  # days, and stretches, of one person that are looked at
_FEWEST, _FEWEST_EACH = 30, 8  # snapshots, and those with trouble or without, that a row needs
_CLUSTER = 8
_GROUPS = 5
_DRAWS = 1000
_MEASURES = {
    "auc": Measure(label="AUC", spec="x", help="chance that a project with trouble to come was ranked above another"),
    "brier": Measure(label="Brier", spec="x", help="mean squared error of the chance"),
    "skill": Measure(label="Brier ÷ usual share", spec="x", help="÷ that of the person's usual share until then"),
}
LAW = (
    f"Trouble is remaining work that took over {OVER:g} times its estimates. Looked at are the open todos of a "
    f"project every four weeks ({_LEAST_OPEN} or more with estimates), and stretches of {LENGTH} consecutive tasks of "
    "a project once half are done, with the rest known by its estimates. What was completed on days before is known."
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Look:
    """A project on a day: its tasks that are done and those that are left, from their outcomes."""

    part: str
    day: pd.Timestamp
    done: pd.DataFrame
    left: pd.DataFrame

    @property
    def snapshot(self) -> pd.DataFrame:
        """The project as it was seen: nothing of what is left is known but that it is there."""
        made, begun = self.left["created"], self.left["started"]
        seen = self.left.assign(
            created=made.where(made < self.day, self.day),
            started=begun.where(begun < self.day),
            completed=pd.Series(pd.NaT, index=made.index, dtype=made.dtype),
            actual_hours=np.nan,
            status="committed",
        )
        return pd.concat([self.done, seen], ignore_index=True)


def walk(tasks: pd.DataFrame, person: str = "", *, until: datetime | None = None, seed: int = 0) -> pd.DataFrame:
    """Look at the projects of one person (`prepared`) while they went on; a row a look.

    Columns: person, part, day, overran (the label), and what each method said: ours, usual, carlo (chances), cost
    (ratio so far, 1 where nothing is done) and score (the rules' 0–100, NaN where too few are done).
    """
    done = finished(tasks)
    rated = done[estimated(done)].reset_index(drop=True)
    looks = sorted([*_open(rated), *_stretches(rated)], key=lambda look: look.day)
    model, learnt, rows = HealthModel(), 0, list[dict[str, object]]()
    ratios, completed = (rated["actual_hours"] / rated["estimate_hours"]).to_numpy(), days(rated["completed"])
    for look in looks:
        before = int((days(done["completed"]) < look.day.to_datetime64()).sum())
        if before > learnt:
            model = model.observe(done.iloc[learnt:before])
            learnt = before
        found = model.score(look.snapshot, as_of=look.day.to_pydatetime())
        known = ratios[completed < look.day.to_datetime64()]
        draw = np.random.default_rng([seed, look.day.toordinal(), len(look.left)])
        rows.append({
            "person": person, "part": look.part, "day": look.day, "overran": _overran(look.left),
            "ours": found.p_overrun, "usual": found.usual_overrun, "carlo": _carlo(known, look.left, draw),
            "cost": _cost(look.done), "score": nan if found.score is None else float(found.score),
        })  # fmt: skip
    return pd.DataFrame(rows)


def _open(rated: pd.DataFrame) -> Iterator[_Look]:
    """Every four weeks each project with enough open."""
    if rated.empty:
        return
    grid = pd.date_range(rated["created"].min().normalize(), rated["completed"].max(), freq=_EVERY, unit="us")
    for day in grid[spread(len(grid), MOST, start=1)]:
        made, ended = rated["created"] < day, rated["completed"] < day
        for _, mine in rated[made].groupby("project_id", dropna=False):
            over = ended[mine.index]
            if (~over).sum() >= _LEAST_OPEN:
                yield _Look(part=OPEN, day=day, done=mine[over], left=_in_order(mine[~over]))


def _stretches(rated: pd.DataFrame) -> Iterator[_Look]:
    """Consecutive tasks of a project, in order of creation, on the morning after half of them were done."""
    made = rated.sort_values(["created", "id"], kind="stable")
    pieces = [
        mine.iloc[start : start + LENGTH]
        for _, mine in made.groupby("project_id", dropna=False)
        for start in range(0, len(mine) - LENGTH + 1, LENGTH)
    ]
    for at in spread(len(pieces), MOST):
        piece = pieces[at].sort_values(["completed", "id"], kind="stable")
        day = piece["completed"].iloc[DONE - 1].normalize() + pd.Timedelta(days=1)
        over = piece["completed"] < day
        if (~over).any():
            yield _Look(part=STRETCH, day=day, done=piece[over], left=_in_order(piece[~over]))


def _in_order(left: pd.DataFrame) -> pd.DataFrame:
    """By creation: in the order of completion the rows themselves would tell what came later."""
    return left.sort_values(["created", "id"], kind="stable")


def _overran(left: pd.DataFrame) -> bool:
    return bool(left["actual_hours"].sum() > OVER * left["estimate_hours"].sum())


def _cost(done: pd.DataFrame) -> float:
    planned = float(done["estimate_hours"].sum())
    return float(done["actual_hours"].sum()) / planned if planned > 0 else 1.0


def _carlo(known: Floats, left: pd.DataFrame, rng: np.random.Generator) -> float:
    """Chance by independent draws of the last fifty ratios."""
    estimate = left["estimate_hours"].to_numpy(dtype=np.float64)
    drawn = rng.choice(simple.recent(known), (_DRAWS, len(estimate))) @ estimate
    return float((drawn > OVER * estimate.sum()).mean())


def trouble(walked: pd.DataFrame, *, seed: int = 0) -> Family:
    """Compare the methods on the looks at one or more persons' projects."""
    rows = tuple(_rows(walked, seed)) if len(walked) else ()
    return Family(
        key="trouble",
        title="Projects in trouble",
        law=LAW,
        measures=_MEASURES,
        rows=rows,
        needs="" if rows else f"{_FEWEST} looks at projects, {_FEWEST_EACH} with trouble and without, would be needed.",
        plots={"reliability": reliability(walked)} if rows else {},
    )


def _rows(walked: pd.DataFrame, seed: int) -> Iterator[Row]:
    for part in (OPEN, STRETCH):
        those = walked[walked["part"] == part]
        truth = those["overran"].to_numpy(dtype=np.bool_)
        if len(those) < _FEWEST or min(truth.sum(), (~truth).sum()) < _FEWEST_EACH:
            continue
        for model, scores in _scores(those, truth, seed).items():
            yield Row(part=part, model=model, n=len(those), scores=scores)


def _scores(those: pd.DataFrame, truth: npt.NDArray[np.bool_], seed: int) -> Mapping[str, dict[str, Score]]:
    labels = clusters(those["person"].tolist(), _CLUSTER)
    usual = brier(those["usual"].to_numpy(dtype=np.float64), truth)
    found = {}
    for model, column in ((OURS, "ours"), (MONTE_CARLO, "carlo"), (USUAL, "usual"), (COST, "cost"), (RULES, "score")):
        said = those[column].to_numpy(dtype=np.float64)
        ranked = -np.nan_to_num(said, nan=80.0) if column == "score" else said
        found[model] = {"auc": auc_score(ranked, truth, labels, seed=seed)}
        if column in ("ours", "carlo", "usual"):
            found[model]["brier"] = Score(value=float(brier(said, truth).mean()))
        if column in ("ours", "carlo"):
            found[model]["skill"] = ratio(brier(said, truth), usual, labels, seed=seed)
    return found


def reliability(walked: pd.DataFrame, groups: int = _GROUPS) -> pd.DataFrame:
    """How often trouble came by the chance given: chance, share, low, high, n; groups of the same size."""
    ordered = walked.sort_values("ours", kind="stable")
    rows = []
    for some in np.array_split(np.arange(len(ordered)), groups):
        mine = ordered.iloc[some]
        share = held(mine["overran"].to_numpy(dtype=np.bool_))
        rows.append((float(mine["ours"].mean()), share.value, share.low, share.high, len(mine)))
    return pd.DataFrame(rows, columns=["chance", "share", "low", "high", "n"])
