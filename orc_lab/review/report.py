"""Execute the notebook of one agent and write its report: a page, the notebook, and its numbers as JSON."""

from __future__ import annotations

import os
import time
from pathlib import Path

from orc_lab.errors import InvalidValue
from orc_lab.model.week import Week
from orc_lab.review import notebooks
from orc_lab.review.publish import Published, executed
from orc_lab.review.when import Asked, default_week, week_of
from orc_lab.workbench.bench import Workbench

AGENTS = ("velocity", "estimation", "health", "knowledge")


def publish_report(
    database: str | os.PathLike[str],
    agent: str,
    week: Week | None = None,
    reports: str | os.PathLike[str] = "reports",
    *,
    now: int | None = None,
    notebook: Path | None = None,
    cell_seconds: int | None = None,
) -> Published:
    """Execute the report of an agent and write `<agent>.html`, `.ipynb` and `.json` into `reports/<week>/`.

    As known at the end of the week, or at `now` (seconds UTC) while that runs; without a week as known now, or where
    nothing has happened for long in the last week with something in it. Raises what opening a database raises,
    InvalidValue, FutureWeek, NotWritable, DiskFull, and ReviewFailed where the notebook did not run to its end; that
    one stays as `<agent>.failed.ipynb`.
    """
    if agent not in AGENTS:
        raise InvalidValue("a report", agent, f"one of {', '.join(AGENTS)}")
    asked = _asked(os.fspath(database), week, int(time.time()) if now is None else now)
    source = notebook or notebooks.path(f"{agent}_report")
    place = Path(reports) / str(asked.week)
    title, what = f"{agent.capitalize()} · {asked.week}", f"{agent} report"
    files = executed(source, asked.parameters, place, of=title, name=agent, what=what, cell_seconds=cell_seconds)
    return Published(week=asked.week, html=files.html, notebook=files.notebook, json=files.json)


def week_seen(bench: Workbench, now: int) -> Week:
    """Return the week that runs at `now`; in the sample life, and after weeks of nothing, the last with something."""
    due, running = default_week(bench, now), Week.at(now, bench.clock(now))
    return due if bench.sample or due < running - 1 else running


def _asked(database: str, week: Week | None, now: int) -> Asked:
    """Look into the database whether there can be such a report; raises what opening it raises, and FutureWeek."""
    with Workbench.open(database) as bench:
        wanted = week_seen(bench, now) if week is None else week_of(bench, week, now)
        return Asked(database=os.path.abspath(database), week=wanted, now=now)
