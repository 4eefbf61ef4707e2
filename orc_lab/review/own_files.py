"""Which files in a folder of reports, and in one of notebooks, orc has written: by their names and what they hold."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from orc_lab.charts.dashboard import SECTIONS
from orc_lab.review import notebooks

_WEEK = re.compile(r"\d{4}-W\d\d")
_THEN = re.compile(r"as-of-\d{4}-\d\d-\d\dT\d{4}")
_PICTURES = "dashboard"
_OF_A_WEEK = re.compile(r"\.?(review|velocity|estimation|health|knowledge)\b.*\.(html|ipynb|json)(\.[0-9a-f]{8})?")
_ALL = re.compile(r"\.?(dashboard|backtest)\.html(\.[0-9a-f]{8})?")
_PICTURE = re.compile(rf"\.?({'|'.join(name for names in SECTIONS.values() for name in names)})\.png(\.[0-9a-f]{{8}})?")
_MARKS = (b"--orc-ink", b"orc_lab", b'"schema": 1')  # of a page, a notebook, and a review's numbers
_HEAD = 65_536


def folders(reports: str) -> list[str]:
    """Return the folders that reports are written into, `reports` itself first; those that are there."""
    found = []
    for folder in [reports, *_named(reports, _THEN)]:
        inside = [os.path.join(folder, _PICTURES), *_named(folder, _WEEK)]
        found += [folder, *(each for each in inside if os.path.isdir(each) and not _link(each))]
    return [folder for folder in found if os.path.isdir(folder)]


def _named(folder: str, pattern: re.Pattern[str]) -> list[str]:
    """Return the folders in a folder whose names a pattern fits; none where it isn't there."""
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    found = [os.path.join(folder, name) for name in names if pattern.fullmatch(name)]
    return [path for path in found if os.path.isdir(path) and not _link(path)]


def own(reports: str) -> Iterator[str]:
    """Yield the reports that orc wrote; a file of another's among them is left out."""
    for folder in folders(reports):
        name = os.path.basename(folder)
        pattern = _OF_A_WEEK if _WEEK.fullmatch(name) else _PICTURE if name == _PICTURES else _ALL
        for name in sorted(os.listdir(folder)):
            path = os.path.join(folder, name)
            if pattern.fullmatch(name) and os.path.isfile(path) and not _link(path) and _marked(path, pattern):
                yield path


def unchanged_notebooks(folder: str) -> Iterator[str]:
    """Yield the notebooks of a folder that are the package's own as they were copied; a changed one is the person's."""
    if not os.path.isdir(folder) or os.path.samefile(folder, notebooks.folder()):
        return
    for source in sorted(notebooks.folder().glob("*.ipynb")):
        copy = os.path.join(folder, source.name)
        if os.path.isfile(copy) and not _link(copy):
            with open(copy, "rb") as file:
                if file.read() == source.read_bytes():
                    yield copy


def _marked(path: str, pattern: re.Pattern[str]) -> bool:
    with open(path, "rb") as file:
        head = file.read(_HEAD)
    return head.startswith(b"\x89PNG") if pattern is _PICTURE else not head or any(mark in head for mark in _MARKS)


def _link(path: str) -> bool:
    return os.path.islink(path)
