"""What a line in quick syntax says, while it is being typed."""

from typing import Any

from orc_lab.agents.forecast import Basis, Forecast, figure
from orc_lab.model import quick
from orc_lab.workbench.bench import Workbench
from orc_lab.workbench.pipeline import entry_status


def read(wb: Workbench, text: str) -> dict[str, Any]:
    """Return what a line says: its parts, where the todo would stand, and whether its project would be made."""
    line = quick.parse(text, wb.today())
    known = wb.project_titled(line.project) if line.project else None
    return {
        "title": line.title,
        "project": known.title if known else line.project,
        "new_project": bool(line.project) and known is None,
        "hours": line.hours,
        "priority": None if line.priority is None else str(line.priority),
        "due": None if line.due is None else line.due.isoformat(),
        "tags": list(line.tags),
        "status": str(entry_status(line.project, line.hours)),
    }


def past_says(forecast: Forecast, own: float | None) -> str:
    """Return the calibrated answer in a line: `you say 2 h; your past says 1.2–4.6 h`."""
    if not forecast.quantiles:
        return ""
    low, high = (figure(forecast.quantiles[level]) for level in (min(forecast.quantiles), max(forecast.quantiles)))
    who = "your past says" if forecast.basis is not Basis.PRIOR else "too little is finished to know you: maybe"
    says = f"{who} {low}–{high} h"
    return f"you say {figure(own)} h; {says}" if own else says
