"""The settings that held at an instant, and the clock that follows from them."""

import time

from orc_lab import config
from orc_lab.model.clock import Clock
from orc_lab.store import repository
from orc_lab.store.database import Database


def settings(db: Database, at: int | None = None) -> config.Settings:
    """Return the settings that held at an instant, or that hold now."""
    return config.settings(repository.settings(db, int(time.time()) if at is None else at))


def clock(db: Database, at: int | None = None) -> Clock:
    """Return the person's zone and day start as they held at an instant."""
    held = settings(db, at)
    return Clock(zone=held.zone, day_start=held.day_start)


def wall_time(db: Database, instant: int) -> str:
    """Return an instant as messages show it: the time on the wall in the person's zone, `2026-11-20 17:30`."""
    here = clock(db)
    return f"{here.local(instant) + here.shift:%Y-%m-%d %H:%M}"
