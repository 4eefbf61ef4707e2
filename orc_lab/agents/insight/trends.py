"""Is a project's progress, velocity or quality rising or falling? Each slope comes with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from math import nan, sqrt

import numpy as np
import pandas as pd

from orc_lab.agents.atoms import Floats
from orc_lab.agents.insight.known import Known
from orc_lab.agents.insight.span import Span
from orc_lab.agents.trend import Trend, trend
from orc_lab.model.entities import CLOSED, Status

REWORK_DAYS = 14  # work that comes back within these was not finished
_LEAST = 5  # steps, as for any trend
_Z = 1.644854
_CLOSED = {status.value for status in CLOSED}


def trends(known: Known, id: str, span: Span) -> Mapping[str, Trend]:
    """Slopes of progress (points of a hundred), velocity (todos a week), quality (points that stayed finished)."""
    mine = known.tasks(id)
    lived = _lived(mine, span)
    velocity = span.counts(mine["completed"]) * 7 / span.days
    kept = 100 * quality(known.frames.events, mine, span)
    return {
        "progress": drift(100 * progress_series(mine, span)[lived], unit="points", step=span.unit),
        "velocity": trend(velocity[lived], unit="todos a week", step=span.unit),
        "quality": trend(kept[lived & np.isfinite(kept)], unit="points that stayed finished", step=span.unit),
    }


def _lived(mine: pd.DataFrame, span: Span) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """The steps that ended after the project had its first todo."""
    first = mine["created"].min()
    return np.asarray(span.edges[1:] > first) if pd.notna(first) else np.zeros(len(span.edges) - 1, dtype=np.bool_)


def drift(levels: Floats, *, unit: str, step: str) -> Trend:
    """Slope of a sum that goes on, such as progress: the mean of its changes with Student's 90% interval.

    Each level holds those before it, so that the levels are not independent: a slope through them, by any method that
    takes them so, would see a trend in most sums of pure chance. NaN levels are left out.
    """
    known = levels[np.isfinite(levels)]
    n = len(known)
    if n < _LEAST:
        return Trend(unit=unit, slope=nan, low=nan, high=nan, n=n, step=step)
    changes = np.diff(known)
    middle = float(changes.mean())
    half = _student(n - 2) * float(changes.std(ddof=1)) / sqrt(n - 1)
    return Trend(unit=unit, slope=middle, low=middle - half, high=middle + half, n=n, step=step)


def _student(df: int) -> float:
    """The .95 quantile of Student's t from 3 degrees of freedom on, to .02 (M. Abramowitz & I. Stegun, 26.7.5)."""
    z = _Z
    terms = (z**3 + z) / 4, (5 * z**5 + 16 * z**3 + 3 * z) / 96, (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + sum(term / float(df) ** (power + 1) for power, term in enumerate(terms))


def progress_series(mine: pd.DataFrame, span: Span) -> Floats:
    """Share of the hours in scope that was done at the end of each step; NaN where nothing was in scope.

    Hours as noted for what is done, else as estimated, else those of a middling todo of the project; a todo counts
    when it is done. Source: earned value with 0/100 credit.
    """
    hours = mine["actual_hours"].where(mine["completed"].notna() & (mine["actual_hours"] > 0), mine["estimate_hours"])
    weights = hours.fillna(hours.median()).fillna(1.0).to_numpy()
    ends = span.edges[1:].to_numpy()[:, None]
    created, dropped, completed = (mine[name].to_numpy() <= ends for name in ("created", "dropped", "completed"))
    scope = created & ~dropped
    whole = scope @ weights
    return np.asarray(np.where(whole > 0, (scope & completed) @ weights / np.where(whole > 0, whole, 1.0), nan))


def quality(events: pd.DataFrame, mine: pd.DataFrame, span: Span) -> Floats:
    """Of what was finished or came back within 14 days, in each step, the share finished; NaN where there was nothing.

    Rework counts in the step in which it comes back: what was finished lately hasn't had the time to, and would look
    better than it is. Source: rework rate.
    """
    finished, back = (span.counts(when) for when in finishes(events, mine))
    both = finished + back
    return np.asarray(np.where(both > 0, finished / np.maximum(both, 1.0), nan))


def finishes(events: pd.DataFrame, mine: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """The instants at which todos were finished, and at which finished ones came back within 14 days.

    Todos whose events nobody recorded were finished once.
    """
    told = events[events["todo_id"].isin(mine["id"])]
    done = told["new"] == Status.DONE.value
    before = told["at"].where(done).groupby(told["todo_id"]).shift()
    soon = (told["at"] - before) <= pd.Timedelta(days=REWORK_DAYS)
    untold = mine["completed"].notna() & ~mine["id"].isin(told.loc[done, "todo_id"])
    finished = pd.concat([told.loc[done, "at"], mine.loc[untold, "completed"]], ignore_index=True)
    return finished, told.loc[soon & ~told["new"].isin(_CLOSED), "at"]
