"""Which finished tasks resemble a task: those that share leaves with it in a forest of extremely randomised trees.

The trees (Geurts, Ernst & Wehenkel, Machine Learning 2006) are grown on the ratio and the hours together, so one
likeness serves both; what a forest says is the finished tasks themselves with weights (Meinshausen, JMLR 2006), round
numbers and all. It is grown anew each time the history has grown by a quarter, or by as much as is looked back on;
between, tasks that get finished join the leaves that are there. At which sizes it is grown doesn't depend on who asks
when.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from orc_lab.agents.atoms import Floats
from orc_lab.agents.estimation.past import Past

FIRST = 30  # finished tasks with an estimate before a forest is grown
GROWTH = 1.25
TREES, LEAF, SHARE = 40, 6, 0.5  # tasks a leaf at least; features looked at for a split
ROWS = 3000  # finished tasks looked back on
_PLACES = 6  # decimals: what differs by less, as between hours and minutes, must not decide a split
_KEPT = 2  # forests: that of now, and one of before for who looks back

Leaves = npt.NDArray[np.int32]


@dataclass(eq=False)
class Forests:
    """The forests of one past, grown when they are first asked for."""

    past: Past
    _grown: dict[int, _Forest] = field(default_factory=dict)

    def weights(self, known: int, features: list[list[float]], relevance: Floats) -> Floats:
        """How much finished tasks, from number `known` − len(relevance) up to `known`, resemble each described one.

        `relevance` has a factor for each of them; weights have the shape (tasks, len(relevance)) and sum to one a row.
        There must be FIRST or more among those that are kept.
        """
        size = max(grown_at(known), self.past.forgotten + FIRST)
        if size not in self._grown:
            self._grown = {key: self._grown[key] for key in sorted(self._grown)[-(_KEPT - 1) :]}
            self._grown[size] = _Forest(self.past, size)
        forest, first = self._grown[size], known - len(relevance)
        leaves = forest.of_past(first, known)
        wanted = forest.leaves(np.array(features))
        return np.array([_shared(leaves, row, relevance) for row in wanted])

    def cut(self, size: int) -> None:
        """The past has changed from this size on."""
        self._grown = {key: forest for key, forest in self._grown.items() if key <= size}
        for forest in self._grown.values():
            forest.cut(size)


def grown_at(known: int) -> int:
    """The size of history at which the forest was grown that serves `known` finished tasks."""
    size = FIRST
    while (bigger := max(size + 5, min(int(size * GROWTH), size + ROWS))) <= known:
        size = bigger
    return size


class _Forest:
    """Trees grown on the first `size` tasks, and the leaves that all tasks fall into."""

    def __init__(self, past: Past, size: int) -> None:
        first = past.first(size, ROWS)
        tasks = past.slice(first, size)
        targets = np.array([(task.ratio, task.actual) for task in tasks])
        spread = np.maximum(targets.std(axis=0), 0.1)
        self._past = past
        self._trees = _trees(
            past.described(first, size).round(_PLACES), ((targets - targets.mean(axis=0)) / spread).round(_PLACES)
        )
        self._first, self._of_past = 0, np.empty((0, TREES), dtype=np.int32)

    def leaves(self, features: Floats) -> Leaves:
        """The leaf of each task in each tree, shape (tasks, TREES)."""
        narrow = features.round(_PLACES).astype(np.float32)
        return np.stack([tree.apply(narrow) for tree in self._trees], axis=1).astype(np.int32)

    def of_past(self, first: int, last: int) -> Leaves:
        """The leaves of finished tasks."""
        have = self._first + len(self._of_past)
        if first < self._first or not len(self._of_past):
            self._first, self._of_past = first, self.leaves(self._past.described(first, last))
        elif last > have:
            self._of_past = np.concatenate([self._of_past, self.leaves(self._past.described(have, last))])
        return self._of_past[first - self._first : last - self._first]

    def cut(self, size: int) -> None:
        """Forget the leaves of tasks from this index on."""
        self._of_past = self._of_past[: max(0, size - self._first)]


def _trees(features: Floats, targets: Floats) -> list[Any]:
    """Extremely randomised trees, each on a bootstrap sample.

    Grown one by one: scikit-learn's own forest spends more on checks and copies than on growing such small ones.
    """
    from sklearn import config_context  # loads for a second: only when needed
    from sklearn.tree import ExtraTreeRegressor

    rng = np.random.default_rng(0)
    narrow, size = np.ascontiguousarray(features, dtype=np.float32), len(features)
    trees = []
    with config_context(skip_parameter_validation=True):
        for seed in range(TREES):
            drawn = np.bincount(rng.integers(0, size, size), minlength=size).astype(np.float64)
            tree = ExtraTreeRegressor(min_samples_leaf=LEAF, max_features=SHARE, random_state=seed)
            trees.append(tree.fit(narrow, targets, sample_weight=drawn, check_input=False).tree_)
    return trees


def _shared(leaves: Leaves, wanted: Leaves, relevance: Floats) -> Floats:
    """Weights of finished tasks for one: in each tree its leaf's tasks share one part."""
    together = (leaves == wanted) * relevance[:, None]
    weight: Floats = (together / np.maximum(together.sum(axis=0), 1e-12)).sum(axis=1)
    return np.asarray(weight / weight.sum())
