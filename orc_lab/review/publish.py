"""Execute the review's notebook and write what it shows: one page, the notebook, and its numbers as JSON.

All files are written beside their places before the first one is renamed, so a reader never finds half of one, and a
run that fails leaves the reports of earlier runs as they are.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from orc_lab.errors import NotWritable, ReviewFailed, of_system
from orc_lab.model.week import Week
from orc_lab.review import notebooks, warm
from orc_lab.review.kernel import started
from orc_lab.review.when import asked

if TYPE_CHECKING:
    from orc_lab.review.export import Exported

_LEFTOVER = 24 * 3600.0  # seconds after which what a killed run left is swept away


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What was written, and for which week."""

    week: Week
    html: Path
    notebook: Path
    json: Path


def publish(
    database: str | os.PathLike[str],
    week: Week | None = None,
    reports: str | os.PathLike[str] = "reports",
    *,
    now: int | None = None,
    notebook: Path | None = None,
    cell_seconds: int | None = None,
) -> Published:
    """Execute the review of a week and write `review.html`, `.ipynb` and `.json` into `reports/<week>/`.

    Without a week it is the one that `when.default_week` names. `now` (seconds UTC) is the instant to look from.
    Raises what opening a database raises, FutureWeek, NotWritable, DiskFull, and ReviewFailed where the notebook did
    not run to its end; that one stays as `review.failed.ipynb`.
    """
    question = asked(os.fspath(database), week, int(time.time()) if now is None else now)
    source = notebook or notebooks.path("weekly_review")
    place = Path(reports) / str(question.week)
    with _written(place), started(warm.LINE) as kernel:
        # Here, while the kernel starts: papermill, nbconvert and Plotly take about as long to load.
        from orc_lab.review import execute, export

        beside = place / f".review-{token_hex(4)}.ipynb"
        try:
            executed = execute.execute(
                source, beside, question.parameters, kernel, cell_seconds=cell_seconds or execute.CELL_SECONDS
            )
            return _kept(export.exported(executed, question.week), question.week, place)
        except execute.Broken as error:
            failed = place / "review.failed.ipynb"
            beside.replace(failed)
            raise ReviewFailed(str(error), str(failed)) from error
        finally:
            beside.unlink(missing_ok=True)


def _kept(exported: Exported, week: Week, place: Path) -> Published:
    """Put the files into place; those of one run belong together, also where two end at the same time."""
    from orc_lab.charts.files import write_together

    written = Published(
        week=week, html=place / "review.html", notebook=place / "review.ipynb", json=place / "review.json"
    )
    with _alone(place):
        write_together({written.notebook: exported.notebook, written.json: exported.json, written.html: exported.html})
        (place / "review.failed.ipynb").unlink(missing_ok=True)
    return written


@contextmanager
def _written(place: Path) -> Iterator[None]:
    """Make the folder, free of what killed runs left; raises NotWritable or DiskFull, also for what is done in it."""
    try:
        place.mkdir(parents=True, exist_ok=True)
        for left in place.glob(".review*"):
            with suppress(FileNotFoundError):
                if time.time() - left.stat().st_mtime > _LEFTOVER:
                    left.unlink()
        if not os.access(place, os.W_OK):
            raise NotWritable(str(place))
        yield
    except OSError as error:
        raise of_system(error) from error


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    """Let one run at a time put its files into place, so that they belong together; where the system has such locks."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    handle = os.open(place, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
