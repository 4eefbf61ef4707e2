"""Plotly's own way to show figures, without its button that uploads them to a cloud."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

_MODULE = "plotly.io._renderers"
_WITH_CONFIG = ("plotly_mimetype", "notebook", "browser", "iframe")


def without_cloud(config: Mapping[str, Any]) -> None:
    """Let any figure that this process shows by Plotly's own means have this configuration, from now on.

    Plotly loads what it shows figures with (a quarter of a second: validators of notebooks, kaleido) when first asked;
    where that is still to come, it is set then.
    """
    if _MODULE in sys.modules:
        _set(sys.modules[_MODULE], config)
    elif not any(isinstance(finder, _Once) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Once(config))


def _set(module: ModuleType, config: Mapping[str, Any]) -> None:
    for name in _WITH_CONFIG:
        module.renderers[name].config = dict(config)


class _Once(MetaPathFinder):
    """Finds the module where it always is, and configures it once it is loaded."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = config

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path, target) if fullname == _MODULE else None
        if spec is None or spec.loader is None:
            return None
        sys.meta_path.remove(self)
        load = spec.loader.exec_module

        def load_and_set(module: ModuleType) -> None:
            load(module)
            _set(module, self.config)

        spec.loader.exec_module = load_and_set  # type: ignore[method-assign]
        return spec
