"""orc_lab: a local-first workbench for one person's work. Each name below is loaded when it is first used.

>>> from orc_lab import Workbench, initialize_storage
"""

__version__ = "0.1.0"

TYPE_CHECKING = False  # what `typing` would say, without loading it
if TYPE_CHECKING:
    from os import PathLike

    from orc_lab.agents.backtest.run import backtest as backtest
    from orc_lab.agents.completion.dates import forecast_completion as forecast_completion
    from orc_lab.agents.desk import Desk as Desk
    from orc_lab.agents.estimation.estimator import Estimator as Estimator
    from orc_lab.agents.health.trouble import HealthModel as HealthModel
    from orc_lab.agents.insight.analysis import analyze_project as analyze_project
    from orc_lab.agents.insight.summary import generate_project_summary as generate_project_summary
    from orc_lab.agents.knowledge.agent import AgentKnowledge as AgentKnowledge
    from orc_lab.agents.recommend.daily import generate_daily_recommendations as generate_daily_recommendations
    from orc_lab.agents.recommend.scheduler import Recommender as Recommender
    from orc_lab.agents.recommend.scheduler import Scheduler as Scheduler
    from orc_lab.agents.velocity.throughput import forecast_throughput as forecast_throughput
    from orc_lab.errors import OrcError as OrcError
    from orc_lab.exporters.run import export as export
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
    from orc_lab.sync.calls import disable_sync as disable_sync
    from orc_lab.sync.calls import enable_sync as enable_sync
    from orc_lab.sync.calls import exclude_from_sync as exclude_from_sync
    from orc_lab.sync.calls import force_sync_all as force_sync_all
    from orc_lab.sync.calls import get_sync_status as get_sync_status
    from orc_lab.sync.calls import include_in_sync as include_in_sync
    from orc_lab.sync.calls import stop_background_sync as stop_background_sync
    from orc_lab.sync.calls import sync_in_background as sync_in_background
    from orc_lab.workbench.bench import Workbench as Workbench

_SYNC = "disable_sync enable_sync exclude_from_sync force_sync_all get_sync_status include_in_sync"
_SYNC += " stop_background_sync sync_in_background"
_ENTITIES = "Activity Capacity Commitment Intention Priority Project ProjectStatus Session Status Todo WeeklyGoal"
_HOMES = {
    "AgentKnowledge": "orc_lab.agents.knowledge.agent",
    "Desk": "orc_lab.agents.desk",
    "Estimator": "orc_lab.agents.estimation.estimator",
    "HealthModel": "orc_lab.agents.health.trouble",
    "OrcError": "orc_lab.errors",
    "Recommender": "orc_lab.agents.recommend.scheduler",
    "Scheduler": "orc_lab.agents.recommend.scheduler",
    "backtest": "orc_lab.agents.backtest.run",
    "analyze_project": "orc_lab.agents.insight.analysis",
    "export": "orc_lab.exporters.run",
    "forecast_completion": "orc_lab.agents.completion.dates",
    "forecast_throughput": "orc_lab.agents.velocity.throughput",
    "generate_daily_recommendations": "orc_lab.agents.recommend.daily",
    "generate_project_summary": "orc_lab.agents.insight.summary",
    "Mirror": "orc_lab.mirror.duck",
    **dict.fromkeys(_ENTITIES.split(), "orc_lab.model.entities"),
    **dict.fromkeys(_SYNC.split(), "orc_lab.sync.calls"),
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
