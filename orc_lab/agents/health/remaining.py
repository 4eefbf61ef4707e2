"""What is known of the work that remains in a project: will it take far more than it is estimated at?

The same few features for past pseudo-projects and for a project of today: how such tasks ran over before (and so how
likely their sum exceeds OVER), how the part that is done ran over beside what was expected of it, the person's latest
bias, how much of the rest has been begun, and how large its tasks are beside the usual.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orc_lab.agents.atoms import Floats, normal_scores
from orc_lab.agents.health.shrunken import Assumption
from orc_lab.agents.health.tallies import Codes, Days, Rows, Tallies

OVER = 1.25  # trouble is remaining work that takes more than this times its estimates
ASSUMED = Assumption(
    means=(-0.5, 1.2, 1.2, 0.4, 0.9, 0.2, -0.1),
    sds=(0.3, 0.5, 1.2, 0.4, 0.7, 0.3, 0.2),
)  # of the intercept and the features in their order
_SHARED_SD = 0.3  # of ln(actual ÷ estimate): what the tasks of one plan share
_LEAST_VARIANCE, _LEAST_RATIO = 0.05, 0.1  # of one task's ratio
_DONE_HALF_LIFE = 15.0  # tasks of the project: how it went long ago says less
_DONE_TASKS, _PLANNED_TASKS = 3.0, 2.0  # finished tasks that "as expected" and "as planned" are worth
_SCORES = normal_scores(48)
_BEYOND = 0.25  # where more is spent than was foreseen, a quarter more is the guess


@dataclass(frozen=True, slots=True, kw_only=True)
class Cuts:
    """Projects cut in two at an instant each: `done` and `open` tasks, and in `done_of` and `open_of` which cut's.

    Done tasks are in order of completion within their cut. `as_of` are days, one a cut.
    """

    as_of: Days
    done: Rows
    done_of: Codes
    open: Rows
    open_of: Codes

    def __len__(self) -> int:
        return len(self.as_of)

    def estimated(self) -> Cuts:
        """Without the tasks that have no estimate, or are done without their hours."""
        done = np.isfinite(self.done.estimate) & np.isfinite(self.done.actual)
        left = np.isfinite(self.open.estimate)
        return Cuts(
            as_of=self.as_of,
            done=self.done.take(done),
            done_of=self.done_of[done],
            open=self.open.take(left),
            open_of=self.open_of[left],
        )


def overran(cuts: Cuts) -> Floats:
    """Whether the open tasks took more than OVER times their estimates (1 or 0), NaN where none has both."""
    known = np.isfinite(cuts.open.estimate) & np.isfinite(cuts.open.actual)
    group, size = cuts.open_of[known], len(cuts)
    took = np.bincount(group, cuts.open.actual[known], minlength=size)
    planned = np.bincount(group, cuts.open.estimate[known], minlength=size)
    return np.where(planned > 0, (took > OVER * planned).astype(np.float64), np.nan)


def features(tallies: Tallies, every: Cuts, spent: Floats | None = None) -> Floats:
    """The features of ASSUMED, a row a cut, as known before its day; NaN rows where no open task has an estimate.

    `spent` are hours already spent on each of the open tasks, where known: what they take is conditioned on it.
    """
    if spent is not None:
        spent = spent[np.isfinite(every.open.estimate)]
    cuts = every.estimated()
    size, h = len(cuts), tallies.known_before(cuts.as_of)
    ahead = _ahead(tallies, cuts, h, spent)
    behind = _behind(tallies, cuts, h)
    recent = tallies.recent[h] if len(tallies.rows) else np.zeros(size)
    hours = np.bincount(cuts.open_of, cuts.open.estimate, minlength=size)
    started = cuts.open.begun < cuts.as_of[cuts.open_of]
    with np.errstate(divide="ignore", invalid="ignore"):
        begun = np.bincount(cuts.open_of, cuts.open.estimate * started, minlength=size) / hours
    return np.stack([ahead[:, 0], *behind.T, recent, begun, ahead[:, 1]], axis=1)


def _ahead(tallies: Tallies, cuts: Cuts, h: Codes, spent: Floats | None) -> Floats:
    """How many standard deviations the ln ratio of the rest is expected above ln OVER, and its ln task size, (cuts, 2).

    The sum of lognormals is taken as lognormal (Fenton 1960), with the error that the tasks of one plan share.
    """
    size, estimate = len(cuts), cuts.open.estimate
    mean = tallies.expected(cuts.open, h[cuts.open_of], cuts.open.made < cuts.as_of[cuts.open_of])
    ratio = np.maximum(mean[:, 1], _LEAST_RATIO)
    variance = np.maximum(mean[:, 2] - ratio**2, _LEAST_VARIANCE)
    if spent is not None:
        ratio, variance = _given(ratio, variance, np.nan_to_num(spent) / estimate)
    with np.errstate(divide="ignore", invalid="ignore"):
        planned = np.bincount(cuts.open_of, estimate, minlength=size)
        total = np.bincount(cuts.open_of, estimate * ratio, minlength=size) / planned
        spread = np.bincount(cuts.open_of, estimate**2 * variance, minlength=size) / planned**2
        log_variance = np.log1p(spread / total**2)
        above = np.log(total) - log_variance / 2 - np.log(OVER)
        count = np.bincount(cuts.open_of, minlength=size)
        usual = np.bincount(cuts.open_of, mean[:, 3], minlength=size) / count
        larger = np.log(planned / count) - usual
    return np.stack([above / np.sqrt(log_variance + _SHARED_SD**2), larger], axis=1)


def _given(ratio: Floats, variance: Floats, spent: Floats) -> tuple[Floats, Floats]:
    """Mean and variance of lognormal ratios known to be above what is `spent` (in estimates) already."""
    sd = np.sqrt(np.log1p(variance / ratio**2))
    atoms = ratio[:, None] * np.exp(sd[:, None] * _SCORES - sd[:, None] ** 2 / 2)
    alive = atoms > spent[:, None]
    left = np.where(alive.any(axis=1, keepdims=True), alive, True)
    atoms = np.where(alive.any(axis=1, keepdims=True), atoms, (1 + _BEYOND) * spent[:, None])
    mean = (atoms * left).sum(axis=1) / left.sum(axis=1)
    above = ((atoms - mean[:, None]) ** 2 * left).sum(axis=1) / left.sum(axis=1)
    touched = spent > 0
    return np.where(touched, mean, ratio), np.where(touched, above, variance)


def _behind(tallies: Tallies, cuts: Cuts, h: Codes) -> Floats:
    """How the done part ran over: ln ratio beyond the expected a task, and ln of cost ÷ plan, both shrunken, (cuts, 2).

    Zero where nothing is done.
    """
    size, done, group = len(cuts), cuts.done, cuts.done_of
    counts = np.bincount(group, minlength=size)
    place = np.arange(len(group)) - np.repeat(np.cumsum(counts) - counts, counts)
    weight = 0.5 ** ((counts[group] - 1 - place) / _DONE_HALF_LIFE)
    mean = tallies.expected(done, h[group], done.made < done.done)
    n = np.bincount(group, weight, minlength=size)
    beyond = np.bincount(group, weight * (done.ratio - mean[:, 0]), minlength=size) / (n + _DONE_TASKS)
    planned = np.bincount(group, weight * done.estimate, minlength=size)
    took = np.bincount(group, weight * done.estimate * np.exp(done.ratio), minlength=size)
    start = _PLANNED_TASKS * planned / np.maximum(n, 1e-9)
    with np.errstate(divide="ignore", invalid="ignore"):
        cost = np.where(counts > 0, np.log((took + start) / (planned + start)), 0.0)
    return np.stack([beyond, cost], axis=1)
