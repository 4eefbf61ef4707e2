"""What the kernel of a review does while it is still being connected to: load what the first cell needs."""

from __future__ import annotations

import gc
from importlib import import_module
from threading import Thread

LINE = "from orc_lab.review.warm import warm; warm(); del warm"  # for a kernel to run before any cell
# As the first cell names them, for it waits for each in turn; what only the agents need comes last.
_MODULES = ("orc_lab.review.view", "orc_lab.review.reading", "sklearn.tree")
_RARELY = 50_000  # objects made between looks for cycles; loading alone makes that many, and a review is short


def warm() -> None:
    """Load them beside, so that the kernel answers at once; an error is left to the cell that needs them."""
    gc.set_threshold(_RARELY)
    Thread(target=_load, daemon=True).start()


def _load() -> None:
    for name in _MODULES:
        try:
            import_module(name)
        except ImportError:
            return
