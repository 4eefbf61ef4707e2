"""What a person can set, as data: each option with its default and a line that says what it does."""

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from datetime import time
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from orc_lab.errors import InvalidValue, UnknownField, UnreadableFile

OWN = os.path.join("data", "creation-os.db")
SAMPLE = os.path.join("data", "sample.db")  # the sample life never shares a file with one's own


def _option(default: object, help: str) -> Any:
    return field(default=default, metadata={"help": help})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings that held at some instant. They are dated: a past week uses what held then."""

    zone: str = _option("UTC", "IANA time zone of your days, such as Europe/Berlin")
    day_start: str = _option("00:00", "when a new day starts; 04:00 counts the small hours to the day before")
    hours_per_week: float = _option(30.0, "hours of planned work that a full week of yours holds")


def options() -> dict[str, str]:
    """Return each option's name and what it does."""
    return {option.name: option.metadata["help"] for option in fields(Settings)}


def checked(key: str, value: object) -> object:
    """Return a value fit for an option; raises UnknownField or InvalidValue."""
    known = {option.name: option for option in fields(Settings)}
    if key not in known:
        raise UnknownField("setting", key, tuple(known))
    convert: Callable[[Any], object] = float if isinstance(known[key].default, float) else str
    try:
        converted = convert(value)
    except (TypeError, ValueError, OverflowError):
        raise InvalidValue(key, value, known[key].metadata["help"]) from None
    if isinstance(converted, float) and not 0 < converted <= 168:
        raise InvalidValue(key, value, "hours from 0 to 168")
    return converted


def usable(key: str, value: str) -> object | None:
    """Return the value that an option's stored JSON stands for; None for one that can't be used."""
    try:
        held = checked(key, json.loads(value))
        if key == "zone":
            ZoneInfo(str(held))
        elif key == "day_start":
            time.fromisoformat(str(held))
    except (ValueError, RecursionError, InvalidValue, ZoneInfoNotFoundError, OSError):
        return None
    return held


def settings(stored: Iterable[tuple[str, str]]) -> Settings:
    """Return settings from stored (key, JSON value) pairs, later ones winning.

    Unknown keys are passed over, and so is what can't be used: other tools write too.
    """
    names = {option.name for option in fields(Settings)}
    found = ((key, usable(key, value)) for key, value in stored if key in names)
    return Settings(**{key: value for key, value in found if value is not None})  # type: ignore[arg-type]


def workbench_folder() -> str:
    """Return the nearest folder, from the one we are in upwards, that holds a database; else the one we are in.

    Sitting in a workbench's `notebooks/` therefore means the same life as sitting beside it. Raises UnreadableFile
    where the folder is gone.
    """
    try:
        here = folder = os.getcwd()
    except FileNotFoundError:
        raise UnreadableFile("The folder we are in", "it has been deleted", "Go to another one with cd.") from None
    while not (os.path.isfile(os.path.join(folder, OWN)) or os.path.isfile(os.path.join(folder, SAMPLE))):
        above = os.path.dirname(folder)
        if above == folder:
            return here
        folder = above
    return folder


def database_path(named: str | None = None) -> str:
    """Return the person's database: the one named, else ORC_DB, else that of the workbench folder, there or not."""
    return named or os.environ.get("ORC_DB") or os.path.join(workbench_folder(), OWN)


def readable_path(named: str | None = None) -> str:
    """Return the database to read, there or not: one's own, or the sample where the workbench folder holds only that.

    Who names one, here or by ORC_DB, means that one.
    """
    own, sample = database_path(named), sample_path()
    chosen = bool(named or os.environ.get("ORC_DB"))
    return sample if not chosen and not os.path.isfile(own) and os.path.isfile(sample) else own


def sample_path() -> str:
    """Return the sample life of the workbench folder, there or not."""
    return os.path.join(workbench_folder(), SAMPLE)


def local_zone() -> str:
    """Return this computer's IANA time zone, UTC where it has none that is known."""
    from tzlocal import get_localzone_name, reload_localzone  # asked once, when a database is made

    try:
        reload_localzone()  # it remembers the zone that TZ named when anything first asked, in this process
        return ZoneInfo(get_localzone_name()).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return "UTC"
