"""What finished work says about one task: the model behind the estimator, on plain arrays.

Half of the forecast is a log–log line with its residuals (small tasks overrun, large ones underrun), half the ratios
of similar tasks as they were; recent work counts more; a broad assumption worth five tasks keeps short pasts honest.
The optimum is flat: halving or doubling the constants moved CRPS by less than one percent on ten years of nine people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from orc_lab.agents.atoms import Atoms, Floats, normal_scores
from orc_lab.agents.estimation import habit
from orc_lab.agents.estimation.task import OUTLIER, Task

WINDOW = 400  # finished tasks looked back on
HALF_LIFE = 200.0  # tasks
_PRIOR_TASKS = 5.0
_PRIOR_SD = 1.0  # of ln(actual ÷ estimate): people have .6 to .85, an unknown person could have more
_PRIOR_HOURS, _PRIOR_HOURS_SD = 2.0, 1.2  # of a task without an estimate before any was finished; of ln(actual)
_LEVEL_TASKS, _SLOPE_TASKS = 5.0, 20.0  # how many tasks the line's start "ratio 1, slope 1" is worth
_FAR_HOURS = np.log(50.0)  # of the hours of todos without an estimate
_REACH, _FAR = 1.0, 0.05  # estimates e-fold apart are like each other; others count a twentieth
AT_ONCE = 0.25  # what tasks done on their first day count for those that are open beyond it
_SAME = 4.0  # how much more a task of the same category, or project, counts
_BACK_OFF = 5.0  # tasks a category or project needs to weigh as much as what is above it
_SCORES = normal_scores(24)

Codes = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tasks:
    """Tasks as arrays of one length: ln hours (NaN where unusable), codes of where they belong (−1 for none).

    `at_once`: done on the day it was made; of an open task, that it still may be.
    """

    estimate: Floats
    actual: Floats
    category: Codes
    project_id: Codes
    at_once: Flags

    def __len__(self) -> int:
        return len(self.estimate)

    @property
    def ratio(self) -> Floats:
        """Return ln(actual ÷ estimate) within an outlier, NaN without an estimate."""
        return np.asarray(np.clip(self.actual - self.estimate, -OUTLIER, OUTLIER))

    def take(self, index: slice | Flags | Codes) -> Tasks:
        """Return the tasks at a slice, mask or positions."""
        return Tasks(
            estimate=self.estimate[index],
            actual=self.actual[index],
            category=self.category[index],
            project_id=self.project_id[index],
            at_once=self.at_once[index],
        )


def arrays(tasks: Sequence[Task], codes: Codebook) -> Tasks:
    """Finished or wanted tasks as arrays; `codes` gives each place its number and learns those it doesn't know."""
    return Tasks(
        estimate=np.array([task.estimate for task in tasks]),
        actual=np.array([task.actual for task in tasks]),
        category=np.array([codes.of("category", task.category) for task in tasks], dtype=np.int64),
        project_id=np.array([codes.of("project", task.project) for task in tasks], dtype=np.int64),
        at_once=np.array([task.at_once for task in tasks], dtype=np.bool_),
    )


class Codebook(dict[tuple[str, str], int]):
    """A number for each place, −1 for none."""

    def of(self, kind: str, name: str) -> int:
        """The number of a place."""
        return self.setdefault((kind, name), len(self)) if name else -1


def relevance(past: Tasks, *, at_once: bool) -> Floats:
    """Weights of finished tasks, oldest first, for a task that may be done at once or is open beyond its first day.

    Recent work counts more, and what was done under other habits hardly any more. Tasks that are noted down when they
    are done fit their estimates far better than those that wait; without the distinction 80% bands of tasks that wait
    held 74% of times.
    """
    recent = 0.5 ** (np.arange(len(past))[::-1] / HALF_LIFE) * _belonging(past)
    return np.where(past.at_once & (not at_once), AT_ONCE * recent, recent)


def _belonging(past: Tasks) -> Floats:
    """How much each belongs to the habits of now; one without an estimate as much as the next one that has one."""
    rated = np.isfinite(past.estimate)
    some = past.take(rated)
    found = np.append(habit.belonging(some.ratio, some.project_id, some.category), 1.0)
    return np.asarray(found[np.cumsum(rated) - rated])


def from_estimates(past: Tasks, weight: Floats, wanted: Tasks) -> Atoms:
    """Hours that tasks with an estimate will take, given finished ones with an estimate and their relevance."""
    x = wanted.estimate[:, None]
    assumed = _PRIOR_TASKS / (_PRIOR_TASKS + weight.sum())
    values = [x + _PRIOR_SD * _SCORES]
    weights = [np.full((len(wanted), len(_SCORES)), assumed / len(_SCORES))]
    if len(past):
        ratio = past.ratio
        middle, level, slope = _line(past.estimate, ratio, weight)
        residual = ratio - level - slope * (past.estimate - middle)
        likeness = weight * _likeness(past, wanted)
        half = (1 - assumed) / 2
        values += [x + level + slope * (x - middle) + residual, x + ratio]
        weights.append(np.broadcast_to(half * weight / weight.sum(), (len(wanted), len(past))))
        weights.append(half * likeness / likeness.sum(axis=1, keepdims=True))
    return Atoms.of(np.exp(np.concatenate(values, axis=1)), np.concatenate(weights, axis=1))


def _line(x: Floats, ratio: Floats, weight: Floats) -> tuple[float, float, float]:
    """Shrunk weighted regression of ln(actual ÷ estimate) on ln(estimate): middle of x, level there, slope."""
    middle = float(weight @ x / weight.sum())
    centred = x - middle
    level = float(weight @ ratio / (weight.sum() + _LEVEL_TASKS))
    slope = float(weight @ (centred * ratio) / (weight @ centred**2 + _SLOPE_TASKS))
    return middle, level, slope


def _likeness(past: Tasks, wanted: Tasks) -> Floats:
    """How much each finished task (columns) resembles each wanted one (rows)."""
    apart = (wanted.estimate[:, None] - past.estimate) / _REACH
    near = np.exp(-0.5 * apart**2) + _FAR
    return np.asarray(
        near * _SAME ** (_same(past.category, wanted.category) + _same(past.project_id, wanted.project_id))
    )


def _same(past: Codes, wanted: Codes) -> Floats:
    return np.where((wanted[:, None] == past) & (past >= 0), 1.0, 0.0)


def from_actuals(past: Tasks, weight: Floats, wanted: Tasks) -> Atoms:
    """Hours that tasks without a usable estimate will take: those of finished work.

    Work of the same category and, above it, of the same project counts as far as there is enough of it.
    """
    assumed = _PRIOR_TASKS / (_PRIOR_TASKS + weight.sum())
    usual = np.median(past.actual) if len(past) else np.log(_PRIOR_HOURS)
    prior = usual + _PRIOR_HOURS_SD * _SCORES
    values = np.concatenate([prior, np.clip(past.actual, usual - _FAR_HOURS, usual + _FAR_HOURS)])
    share = np.broadcast_to(weight / max(weight.sum(), 1.0), (len(wanted), len(past)))
    for known, asked in ((past.category, wanted.category), (past.project_id, wanted.project_id)):
        mine = weight * _same(known, asked)
        share = (mine + _BACK_OFF * share) / (mine.sum(axis=1, keepdims=True) + _BACK_OFF)
    total = share.sum(axis=1, keepdims=True)
    share = (1 - assumed) * share / np.where(total > 0, total, 1.0)
    broad = np.full((len(wanted), len(_SCORES)), assumed / len(_SCORES))
    spread = np.broadcast_to(np.exp(values), (len(wanted), len(values)))
    return Atoms.of(spread, np.concatenate([broad, share], axis=1))
