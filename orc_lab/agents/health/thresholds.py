"""Where the rules of health draw their lines: starting points, to be replaced by what own projects taught."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from math import isfinite

from orc_lab.errors import InvalidValue, UnknownField


def _line(default: float, help: str) -> float:
    line: float = field(default=default, metadata={"help": help})
    return line


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """The lines of `health` and `risks`; `help_of` tells what each is for."""

    safe: float = _line(0.85, "P(on time) from which a project is likely on time, and which a cut or later date brings")
    even: float = _line(0.5, "P(on time) below which it is probably late")
    aged_share: float = _line(0.5, "share of the work in progress above which it is mostly aged")
    gaining: float = _line(1.25, "pace of 4 weeks ÷ that of 12 from which a project gains pace")
    slowing: float = _line(0.5, "pace of 4 weeks ÷ that of 12 below which it slows down")
    blind: float = _line(0.4, "share of the open todos without an estimate above which it is told")
    carried: float = _line(3, "weeks a todo may be carried before it has to be decided again")
    idle_days: float = _line(14, "days without anything happening after which an active project is silent")
    much: float = _line(1 / 3, "share of the open todos up to which a cut is small: more is another project")
    doubt: float = _line(0.5, "chance of trouble from which it is a high risk")
    min_done: float = _line(6, "finished todos that a score needs")
    overdue_cap: float = _line(69, "highest score while something is overdue")
    on_track: float = _line(70, "score from which a project is on track")
    at_risk: float = _line(40, "score from which it is at risk rather than off track")

    def __post_init__(self) -> None:
        """Raise InvalidValue for a line that is negative or no finite number."""
        for name, value in asdict(self).items():
            if not (isfinite(value) and value >= 0):
                raise InvalidValue(name, value, "a finite number of zero or more")

    def moved(self, lines: Mapping[str, float]) -> Thresholds:
        """With some lines replaced by name; raises UnknownField for a name that there isn't."""
        known = [line.name for line in fields(self)]
        for name in lines:
            if name not in known:
                raise UnknownField("threshold", name, known)
        return replace(self, **lines)

    def as_dict(self) -> dict[str, float]:
        """Plain values for JSON."""
        return asdict(self)


def help_of(name: str) -> str:
    """One line on what a threshold is for; raises UnknownField."""
    known = {line.name: str(line.metadata["help"]) for line in fields(Thresholds)}
    if name not in known:
        raise UnknownField("threshold", name, list(known))
    return known[name]


DEFAULT = Thresholds()
