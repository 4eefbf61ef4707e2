"""Execute the review's notebook and write what it shows: one page, the notebook, and its numbers as JSON.

All files are written beside their places before the first one is renamed, so a reader never finds half of one, and a
run that fails leaves the reports of earlier runs as they are.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
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
class Files:
    """A page, the notebook that made it, and its numbers."""

    html: Path
    notebook: Path
    json: Path


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
    seq: int | None = None,
    notebook: Path | None = None,
    cell_seconds: int | None = None,
) -> Published:
    """Execute the review of a week and write `review.html`, `.ipynb` and `.json` into `reports/<week>/`.

    Without a week it is the one that `when.default_week` names. `now` (seconds UTC) is the instant to look from; with
    `seq` a past one, on what the change log held up to that entry: both stand in `review.json` under `looked`.
    Raises what opening a database raises, FutureWeek, NotWritable, DiskFull, and ReviewFailed where the notebook did
    not run to its end; that one stays as `review.failed.ipynb`.
    """
    question = asked(os.fspath(database), week, int(time.time()) if now is None else now, seq)
    source = notebook or notebooks.path("weekly_review")
    place = Path(reports) / str(question.week)
    files = executed(source, question.parameters, place, of=question.week, cell_seconds=cell_seconds)
    return Published(week=question.week, html=files.html, notebook=files.notebook, json=files.json)


def executed(
    notebook: Path,
    parameters: Mapping[str, object],
    place: Path,
    *,
    of: Week | str,
    name: str = "review",
    what: str = "review",
    cell_seconds: int | None = None,
) -> Files:
    """Execute a notebook and write `name`.html, .ipynb and .json into `place`; return where they are.

    `of` is the week that it reviews, or the page's title. Raises NotWritable, DiskFull and ReviewFailed, which names
    `what` could not be executed; the notebook stays as `name`.failed.ipynb then.
    """
    with _written(place, name), started(warm.LINE) as kernel:
        # Here, while the kernel starts: papermill, nbconvert and Plotly take about as long to load.
        from orc_lab.review import execute, export

        beside = place / f".{name}-{token_hex(4)}.ipynb"
        try:
            ran = execute.execute(
                notebook, beside, parameters, kernel, cell_seconds=cell_seconds or execute.CELL_SECONDS
            )
            return _kept(export.exported(ran, of), place, name)
        except execute.Broken as error:
            failed = place / f"{name}.failed.ipynb"
            beside.replace(failed)
            raise ReviewFailed(str(error), str(failed), what) from error
        finally:
            beside.unlink(missing_ok=True)


def _kept(exported: Exported, place: Path, name: str) -> Files:
    """Put the files into place; those of one run belong together, also where two end at the same time."""
    from orc_lab.charts.files import write_together

    files = Files(html=place / f"{name}.html", notebook=place / f"{name}.ipynb", json=place / f"{name}.json")
    with _alone(place):
        write_together({files.notebook: exported.notebook, files.json: exported.json, files.html: exported.html})
        (place / f"{name}.failed.ipynb").unlink(missing_ok=True)
    return files


@contextmanager
def _written(place: Path, name: str) -> Iterator[None]:
    """Make the folder, free of what killed runs left; raises NotWritable or DiskFull, also for what is done in it."""
    try:
        place.mkdir(parents=True, exist_ok=True)
        for left in place.glob(f".{name}*"):
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
