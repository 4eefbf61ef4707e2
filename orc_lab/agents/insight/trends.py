"""Is a project's progress, velocity or quality rising or falling? Each slope comes with its interval."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from orc_lab.agents.atoms import Floats
from orc_lab.agents.insight.known import Known
from orc_lab.agents.insight.span import Span
from orc_lab.agents.trend import Trend, trend
from orc_lab.model.entities import CLOSED, Status

REOPENED_DAYS = 14  # work that comes back within these was not finished
_CLOSED = {status.value for status in CLOSED}


def trends(known: Known, id: str, span: Span) -> Mapping[str, Trend]:
    """Slopes of progress (points of a hundred), velocity (todos a week) and quality (points reopened) of a project."""
    mine = known.tasks(id)
    done = mine[mine["completed"].notna()]
    velocity = span.counts(done["completed"]).to_numpy() * 7 / span.days
    lived = _lived(mine, span)
    reopened = quality(known.frames.events, mine, span)
    series = {
        "progress": (100 * progress_series(mine, span), "points"),
        "velocity": (velocity, "todos a week"),
        "quality": (100 * reopened, "points of work reopened"),
    }
    return {
        name: trend(values[lived & np.isfinite(values)], unit=unit, step=span.unit)
        for name, (values, unit) in series.items()
    }


def _lived(mine: pd.DataFrame, span: Span) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """The steps that ended after the project had its first todo."""
    first = mine["created"].min()
    return np.asarray(span.edges[1:] > first) if pd.notna(first) else np.zeros(len(span.edges) - 1, dtype=np.bool_)


def progress_series(mine: pd.DataFrame, span: Span) -> Floats:
    """Share of the hours in scope that was done at the end of each step; NaN where nothing was in scope.

    Hours as noted for what is done, else as estimated, else those of a middling todo of the project; a todo counts
    when it is done. Source: earned value with 0/100 credit.
    """
    hours = mine["actual_hours"].where(mine["completed"].notna() & (mine["actual_hours"] > 0), mine["estimate_hours"])
    hours = hours.fillna(hours.median()).fillna(1.0)
    out = np.full(len(span.edges) - 1, np.nan)
    for step, end in enumerate(span.edges[1:]):
        scope = (mine["created"] <= end) & ~(mine["dropped"] <= end)
        whole = hours[scope].sum()
        if whole > 0:
            out[step] = hours[scope & (mine["completed"] <= end)].sum() / whole
    return out


def quality(events: pd.DataFrame, mine: pd.DataFrame, span: Span) -> Floats:
    """Share of what was finished in each step that was opened again within 14 days; NaN where nothing was finished.

    Source: rework rate.
    """
    closed = finishes(events, mine)
    finished = span.counts(closed["at"]).to_numpy()
    back = span.counts(closed["at"], closed["reopened"].astype("float64")).to_numpy()
    return np.asarray(np.where(finished > 0, back / np.maximum(finished, 1), np.nan))


def finishes(events: pd.DataFrame, mine: pd.DataFrame) -> pd.DataFrame:
    """Each time that a todo was finished (at), and whether it was opened again within 14 days (reopened).

    Todos whose events nobody recorded were finished once.
    """
    told = events[events["todo_id"].isin(mine["id"])]
    done = told[told["new"] == Status.DONE.value]
    after = told["at"].groupby(told["todo_id"]).shift(-1).reindex(done.index)
    then = told["new"].groupby(told["todo_id"]).shift(-1).reindex(done.index)
    soon = (after - done["at"]) <= pd.Timedelta(days=REOPENED_DAYS)
    known = pd.DataFrame({"at": done["at"], "reopened": soon & then.notna() & ~then.isin(_CLOSED)})
    untold = mine.loc[mine["completed"].notna() & ~mine["id"].isin(done["todo_id"]), "completed"]
    return pd.concat([known, pd.DataFrame({"at": untold, "reopened": False})], ignore_index=True)
