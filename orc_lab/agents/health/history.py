"""How a project's score went: the score at each of some past instants, from what was known then."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from orc_lab.agents.health.patterns import Pattern
from orc_lab.agents.health.rules import Health, health
from orc_lab.agents.health.snapshot import ProjectSnapshot
from orc_lab.agents.health.thresholds import DEFAULT, Thresholds

_TYPES = {"project_id": "str", "as_of": "datetime64[us]", "score": "float64", "label": "str", "components": "object"}


def health_history(
    snapshots: Iterable[ProjectSnapshot],
    patterns: Sequence[Pattern] | None = None,
    *,
    thresholds: Thresholds = DEFAULT,
) -> pd.DataFrame:
    """Score snapshots of past instants (week ends, say), each made of what was known at its own; in order of time.

    Columns: project_id, as_of, score (NaN where there was too little data), label, components (name → adjustment).
    The patterns and thresholds are those of today, so that a line shows the project's change and not the rules'.
    """
    found = (health(snapshot, patterns, thresholds=thresholds) for snapshot in snapshots)
    frame = pd.DataFrame([_row(each) for each in found], columns=list(_TYPES)).astype(_TYPES)
    return frame.sort_values(["project_id", "as_of"], kind="stable", ignore_index=True)


def _row(found: Health) -> dict[str, object]:
    return {
        "project_id": found.project_id,
        "as_of": found.as_of,
        "score": found.score,
        "label": found.label.value,
        "components": {part.name: part.adjustment for part in found.components},
    }
