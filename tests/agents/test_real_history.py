"""Do the bands hold, and are the forecasts better than what is usual, on ten years of nine real people?

Each person is judged apart, on their own past only.
"""

import numpy as np
import pandas as pd
import pytest

from orc_lab.agents.estimation.estimator import Estimator
from orc_lab.agents.estimation.walk import coverage_of, walk_forward
from orc_lab.agents.forecast import label
from orc_lab.agents.velocity import ensemble
from orc_lab.agents.velocity.past import Past
from orc_lab.agents.velocity.throughput import scenarios

MOST = 600  # finished tasks of a person that are walked: the share that bands hold is known to some 3 points then
LEVELS = tuple(np.round(np.arange(0.05, 1, 0.05), 2).tolist())
Persons = dict[str, pd.DataFrame]


def pinball(quantiles: np.ndarray, outcomes: np.ndarray) -> float:
    """Mean CRPS by twice the mean pinball loss over LEVELS; `quantiles` (n, levels), `outcomes` (n,)."""
    miss = outcomes[:, None] - quantiles
    return float(2 * np.where(miss >= 0, np.array(LEVELS) * miss, (np.array(LEVELS) - 1) * miss).mean())


@pytest.fixture(scope="module")
def walks(persons: Persons) -> Persons:
    return {name: walk_forward(first(mine), quantiles=LEVELS) for name, mine in persons.items()}


def first(mine: pd.DataFrame) -> pd.DataFrame:
    """A person's first finished tasks, MOST of them at most."""
    return mine.sort_values(["completed", "id"]).head(MOST)


def ratio_50(walk: pd.DataFrame) -> np.ndarray:
    """Quantiles of the own estimate × the last fifty ratios known: evidence-based scheduling."""
    ratio = (walk["actual_hours"] / walk["estimate_hours"]).to_numpy()
    known = [ratio[max(0, n - 50) : n] if n else np.ones(1) for n in walk["n"]]
    return walk["estimate_hours"].to_numpy()[:, None] * np.array([np.quantile(past, LEVELS) for past in known])


def test_single_tasks_are_covered_as_promised(walks):
    for name, walk in walks.items():
        coverage = coverage_of(walk)
        assert 0.74 < coverage.share < 0.87, f"person {name}: {coverage.sentence}"
    assert 0.78 < coverage_of(pd.concat(walks.values())).share < 0.84


def test_tasks_that_wait_are_covered_too(persons):
    together = coverage_of(pd.concat([walk_forward(first(mine), waited=True) for mine in persons.values()]))
    assert 0.75 < together.share < 0.84, together.sentence


def test_the_bands_beat_ratio_50_and_the_middle_beats_the_own_estimate(walks):
    ours = theirs = own = middle = 0.0
    for name, walk in walks.items():
        outcomes = walk["actual_hours"].to_numpy()
        mine, usual = walk[[label(level) for level in LEVELS]].to_numpy(), ratio_50(walk)
        logs = [pinball(np.log(quantiles), np.log(outcomes)) for quantiles in (mine, usual)]
        assert logs[0] < 1.02 * logs[1], f"person {name}: CRPS of the log {logs[0]:.3f} against {logs[1]:.3f}"
        ours, theirs = ours + pinball(mine, outcomes) * len(walk), theirs + pinball(usual, outcomes) * len(walk)
        own += np.abs(walk["estimate_hours"] - outcomes).sum()
        middle += np.abs(walk["q50"] - outcomes).sum()
    assert ours < 0.93 * theirs
    assert middle < 0.95 * own


def test_plans_of_twenty_tasks_are_covered(persons):
    inside = []
    for mine in persons.values():
        made = mine.sort_values(["created", "id"])
        for start in np.linspace(80, len(made) - 20, 4).astype(int) if len(made) > 120 else []:
            plan = made.iloc[start : start + 20]
            past = mine[mine["completed"] < plan["created"].iloc[0]]
            total = Estimator().observe(past).predict_total(plan, size=1000)
            inside.append(total[0.1] <= plan["actual_hours"].sum() <= total[0.9])
    assert len(inside) == 32
    assert 0.65 < np.mean(inside) < 0.97  # independent draws hold some 58%


def weekly(mine: pd.DataFrame) -> dict[str, np.ndarray]:
    first = mine["created"].min()
    at = ((mine["completed"] - (first - pd.Timedelta(days=first.day_of_week))).dt.days // 7).to_numpy()
    return {"todos": np.bincount(at).astype(float), "hours": np.bincount(at, weights=mine["actual_hours"])}


@pytest.mark.parametrize("measure", ["todos", "hours"])
@pytest.mark.parametrize("horizon", [1, 4])
def test_weeks_ahead_are_covered_as_promised(persons, measure, horizon):
    held = []
    for mine in persons.values():
        history = weekly(mine)[measure]
        first = max(12, int(np.flatnonzero(history)[0]) + 1)
        held.append(ensemble.held(Past.of(history), np.arange(first, len(history) - horizon + 1), horizon, 0.8))
    together = np.concatenate(held)
    assert len(together) > 2700
    assert 0.77 < together.mean() < 0.84


@pytest.mark.parametrize("measure", ["todos", "hours"])
@pytest.mark.parametrize("horizon", [1, 4])
def test_weeks_ahead_beat_a_bootstrap_of_twelve_weeks(persons, measure, horizon):
    ours = usual = 0.0
    rng = np.random.default_rng(0)
    for mine in persons.values():
        history = weekly(mine)[measure]
        for start in range(12, len(history) - horizon + 1, 12):
            past, truth = history[:start], np.array([history[start : start + horizon].sum()])
            if past.any():
                total = scenarios(past, horizon, size=600).sum(axis=1)
                resampled = rng.choice(past[-12:], (600, horizon)).sum(axis=1)
                ours += pinball(np.quantile(total, LEVELS)[None, :], truth)
                usual += pinball(np.quantile(resampled, LEVELS)[None, :], truth)
    assert ours < {1: 0.97, 4: 0.92}[horizon] * usual
