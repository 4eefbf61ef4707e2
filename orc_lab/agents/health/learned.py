"""What a person's finished tasks teach about trouble: tallies of them all, and what became of pseudo-projects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from orc_lab.agents.atoms import Floats
from orc_lab.agents.health import dormancy, lateness, remaining
from orc_lab.agents.health.cohorts import Cohorts, cohorts
from orc_lab.agents.health.looks import Looks, looks
from orc_lab.agents.health.shrunken import logistic
from orc_lab.agents.health.tallies import WINDOW, Flags, Rows, Tallies, names_in, rows_of

_CUT_WEIGHT, _LOOK_WEIGHT = 0.06, 0.3  # cuts of one stretch, and looks a fortnight apart, tell nearly the same
_HALF_LIFE, _LOOK_HALF_LIFE = 800.0, 730.0  # tasks; days
_USUAL, _USUAL_CUTS = 0.3, 10.0  # share of stretches that overrun for an unknown person, and what it is worth


@dataclass(frozen=True, eq=False)
class Past:
    """Finished tasks as arrays (the last WINDOW, in order of completion), with the codes of their categories."""

    rows: Rows
    tallies: Tallies
    categories: Mapping[str, int]
    projects: Mapping[str, int]

    @classmethod
    def of(cls, finished: pd.DataFrame) -> Past:
        """Read a frame in order of completion."""
        recent = finished.tail(WINDOW)
        categories, projects = names_in(recent, "category"), names_in(recent, "project_id", "project")
        rows = rows_of(recent, categories, projects)
        rated = np.isfinite(rows.estimate) & np.isfinite(rows.actual)
        return cls(rows, Tallies(rows.take(rated)), categories, projects)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chances:
    """Coefficients learned from what had matured by a day, and the usual share of stretches that overran."""

    overrun: Floats
    dormant: Floats
    usual: float
    stretches: int
    needed: lateness.Needed


@dataclass(frozen=True, eq=False)
class Lessons:
    """Past pseudo-projects with their features and labels, learned from as far as they had matured."""

    rows: Rows
    past: Cohorts
    features: Floats
    overran: Floats
    looks: Looks
    _fitted: dict[tuple[int, ...], Chances] = field(default_factory=dict)

    @classmethod
    def of(cls, past: Past) -> Lessons:
        """Cut the past into pseudo-projects and see what became of them."""
        found = cohorts(past.rows)
        return cls(
            rows=past.rows,
            past=found,
            features=remaining.features(past.tallies, found.cuts),
            overran=remaining.overran(found.cuts),
            looks=looks(past.rows),
        )

    def by(self, day: np.datetime64) -> Chances:
        """What was known on the morning of a day."""
        ripe = self.past.matured < day
        known, ended = self.looks.matured(day), self.looks.finished(day)
        key = (int(ripe.sum()), len(known.day), len(ended.day))
        if key not in self._fitted:
            self._fitted.clear()
            self._fitted[key] = self._fit(ripe, known, ended, day)
        return self._fitted[key]

    def _fit(self, ripe: Flags, known: Looks, ended: Looks, day: np.datetime64) -> Chances:
        at = self.past.at[ripe]
        newest = np.searchsorted(self.rows.done, day, side="left")
        weight = _CUT_WEIGHT * 0.5 ** (np.maximum(newest - 1 - at, 0) / _HALF_LIFE)
        x, y = self.features[ripe], self.overran[ripe]
        told = np.isfinite(y) & np.isfinite(x).all(axis=1)
        return Chances(
            overrun=logistic(x[told], y[told], weight[told], remaining.ASSUMED),
            dormant=logistic(known.pace, known.slept, _look_weights(known, day), dormancy.ASSUMED),
            usual=_usual(y[told], weight[told]),
            stretches=len(np.unique(at)),
            needed=lateness.needed(ended.late, ended.days, _look_weights(ended, day)),
        )


def _look_weights(found: Looks, day: np.datetime64) -> Floats:
    age = (day - found.day).astype(np.float64)
    return np.asarray(_LOOK_WEIGHT * 0.5 ** (age / _LOOK_HALF_LIFE))


def _usual(overran: Floats, weight: Floats) -> float:
    return float((weight @ overran + _USUAL * _USUAL_CUTS) / (weight.sum() + _USUAL_CUTS))
