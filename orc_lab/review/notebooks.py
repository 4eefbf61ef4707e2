"""Where the notebooks are: at the top of a checkout, inside an installed package."""

from __future__ import annotations

from pathlib import Path

from orc_lab.errors import NotFound

_PACKAGE = Path(__file__).parents[1]


def folder() -> Path:
    """Return the folder of the notebooks."""
    installed = _PACKAGE / "notebooks"
    return installed if installed.is_dir() else _PACKAGE.parent / "notebooks"


def path(name: str) -> Path:
    """Return a notebook by its name without ending; raises NotFound."""
    found = folder() / f"{name}.ipynb"
    if not found.is_file():
        raise NotFound("notebook", name)
    return found
