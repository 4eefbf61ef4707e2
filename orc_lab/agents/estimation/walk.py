"""The past as it would have been forecast, and how well that went."""

from __future__ import annotations

import numpy as np
import pandas as pd

from orc_lab.agents.atoms import share_in_band
from orc_lab.agents.estimation.estimator import MEMORY, Estimator, moment_made
from orc_lab.agents.estimation.table import Table
from orc_lab.agents.estimation.task import tasks_of
from orc_lab.agents.forecast import NOMINAL, QUANTILES, Coverage, check_levels
from orc_lab.agents.given import hours_in, local_times, table_of

RECENT = 300  # the latest tasks tell how well forecasts hold now
_FACTS = ["id", "created", "completed", "estimate_hours", "actual_hours"]
_BLANK = {
    "id": "str", "created": "datetime64[us]", "completed": "datetime64[us]", "estimate_hours": "float64",
    "actual_hours": "float64",
}  # fmt: skip


def walk_forward(
    finished: pd.DataFrame,
    *,
    waited: bool = False,
    last: int | None = None,
    quantiles: tuple[float, ...] = QUANTILES,
) -> pd.DataFrame:
    """Forecast each finished task from what was completed on days strictly before the day it was created.

    With `waited`, only those not done on their first day, forecast as an open task of a later day is; with `last`, only
    so many of the latest. One row a task with actual hours, in order of completion, index as given. Columns: id,
    created, completed, estimate_hours, actual_hours, q10 … q90, basis, n (finished tasks known then), and below and
    upto: the forecast's P(Y < actual) and P(Y ≤ actual), its PIT with ties.
    """
    facts = _usable(table_of(finished, "finished tasks"))
    estimator = Estimator(memory=MEMORY if last else None).observe(facts)
    tasks = tasks_of(facts)
    rows = [row for row, task in enumerate(tasks) if not (waited and task.at_once)][-(last or len(tasks)) :]
    wanted, index = [tasks[row].seen(later=waited) for row in rows], facts.index[rows]
    moments = np.array([moment_made(task) for task in wanted], dtype=np.int64)
    wanted = estimator.believed(wanted, moments)
    table = Table(len(wanted), check_levels(quantiles))
    for some, atoms, n in estimator.forecasts(wanted, moments):
        table.fill(some, [wanted[row] for row in some], atoms, n)
    return pd.concat([facts.loc[index, _FACTS], table.frame(index), table.outcomes(index)], axis=1)


def coverage_of(walk: pd.DataFrame, *, nominal: float = NOMINAL) -> Coverage:
    """How often the central bands of a `walk_forward` held; a tie with an edge counts in part."""
    held = share_in_band(walk["below"].to_numpy(), walk["upto"].to_numpy(), nominal)
    return Coverage(nominal=nominal, hits=float(held.sum()), n=len(held))


def _usable(finished: pd.DataFrame) -> pd.DataFrame:
    """Rows that say when and how long, in order of completion; of rows with one id the last. Absent facts are NA."""
    missing = {name: pd.Series(index=finished.index, dtype=_BLANK[name]) for name in _BLANK if name not in finished}
    known = finished.assign(**missing)
    known = known.assign(
        **{name: local_times(known[name], name) for name in ("created", "completed")},
        **{name: hours_in(known[name], name) for name in ("estimate_hours", "actual_hours")},
    )
    again = known["id"].duplicated(keep="last") & known["id"].notna()
    hours = known["actual_hours"]
    over = known["completed"].notna() & (hours > 0) & np.isfinite(hours)
    ordered: pd.DataFrame = known[over & ~again].sort_values(["completed", "id"], kind="stable")
    return ordered
