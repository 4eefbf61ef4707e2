"""How many hours a todo will take in all: the person's own estimate, corrected by what became of earlier ones."""

from __future__ import annotations

from typing import Any

import pandas as pd

from orc_lab.agents.desk import Desk
from orc_lab.agents.forecast import QUANTILES, Basis, Forecast, label
from orc_lab.agents.knowledge.advice import corrected
from orc_lab.agents.ledger.entry import Model
from orc_lab.mirror.features import TASKS, Frames
from orc_lab.model import quick
from orc_lab.model.entities import Priority
from orc_lab.workbench.pipeline import entry_status


def hours_of(desk: Desk, task: pd.DataFrame) -> Forecast:
    """Return the hours that one task, a row of `tasks`, will take in all; how such answers have held is not in it."""
    frames, levels = desk.known.frames, desk.guard(Model.ESTIMATE).levels(QUANTILES)
    table = desk.known.estimator.predict(task, as_of=frames.now, quantiles=levels)
    row = corrected(desk.known.kb, table, task).iloc[0]
    known = pd.notna(row[label(levels[0])])
    own = task["estimate_hours"].iloc[0]
    values = zip(QUANTILES, levels, strict=True)
    return Forecast(
        subject=str(task["title"].iloc[0]),
        unit="h",
        as_of=frames.now,
        quantiles={nominal: float(row[label(asked)]) for nominal, asked in values} if known else {},
        basis=Basis(row["basis"]),
        n=int(row["n"]),
        evidence=(f"your own estimate is {own:g} h" if own > 0 else "it has no estimate",),
        needs="" if known else "A finished todo with its hours would be needed.",
    )


def imagined(frames: Frames, text: str, project_id: str | None) -> pd.DataFrame:
    """A task that isn't there yet, a row of `tasks` as it would be were it added with this text now."""
    line = quick.parse(text, frames.now.date())
    titles = dict(zip(frames.projects["id"], frames.projects["title"], strict=True))
    told: dict[str, Any] = {
        "id": "",
        "title": line.title or text,
        "project_id": project_id,
        "project": titles.get(project_id),
        "priority": (line.priority or Priority.MEDIUM).value,
        "tags": " ".join(line.tags),
        "status": entry_status(project_id, line.hours).value,
        "created": frames.now,
        "due": line.due,
        "estimate_hours": line.hours,
        "blocked": False,
    }
    return pd.DataFrame([{**dict.fromkeys(TASKS), **told}]).astype(TASKS)
