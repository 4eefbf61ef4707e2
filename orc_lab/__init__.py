"""orc_lab: a local-first workbench for one person's work. Each name below is loaded when it is first used.

>>> from orc_lab import Workbench, initialize_storage
"""

__version__ = "0.1.0"

TYPE_CHECKING = False  # what `typing` would say, without loading it
if TYPE_CHECKING:
    from os import PathLike

    from orc_lab.errors import OrcError as OrcError
    from orc_lab.mirror.duck import Mirror as Mirror
    from orc_lab.model.entities import Activity as Activity
    from orc_lab.model.entities import Capacity as Capacity
    from orc_lab.model.entities import Commitment as Commitment
    from orc_lab.model.entities import Intention as Intention
    from orc_lab.model.entities import Priority as Priority
    from orc_lab.model.entities import Project as Project
    from orc_lab.model.entities import ProjectStatus as ProjectStatus
    from orc_lab.model.entities import Session as Session
    from orc_lab.model.entities import Status as Status
    from orc_lab.model.entities import Todo as Todo
    from orc_lab.model.entities import WeeklyGoal as WeeklyGoal
    from orc_lab.model.week import Week as Week
    from orc_lab.workbench.bench import Workbench as Workbench

_ENTITIES = "Activity Capacity Commitment Intention Priority Project ProjectStatus Session Status Todo WeeklyGoal"
_HOMES = {
    "OrcError": "orc_lab.errors",
    "Mirror": "orc_lab.mirror.duck",
    **dict.fromkeys(_ENTITIES.split(), "orc_lab.model.entities"),
    "Week": "orc_lab.model.week",
    "Workbench": "orc_lab.workbench.bench",
}


def initialize_storage(path: "str | PathLike[str] | None" = None) -> "Workbench":
    """Return the opened database, made first where there is none.

    Without a path it is the one that `orc` would use here (config.database_path). Raises what Workbench.open and
    Workbench.init raise.
    """
    from pathlib import Path

    from orc_lab import config
    from orc_lab.workbench.bench import Workbench

    where = config.database_path(str(path) if path else None)
    return Workbench.open(where) if Path(where).exists() else Workbench.init(where, zone=config.local_zone())


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*_HOMES, "__version__", "initialize_storage"])
