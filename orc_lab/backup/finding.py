"""What the doctor finds: ok, a warning or a problem, in one sentence, with the next step."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from sqlite3 import Connection


class Level(StrEnum):
    """How bad it is. A warning can wait; with a problem, something is lost, wrong, or about to be."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check's answer. `step` is what to do next, `mended` what was done about it, `mendable` whether --fix can."""

    check: str
    level: Level
    sentence: str
    step: str | None = None
    mendable: bool = False
    mended: str | None = None

    def as_dict(self) -> dict[str, object]:
        """Return it as plain values for JSON."""
        return {
            "check": self.check,
            "level": str(self.level),
            "sentence": self.sentence,
            "step": self.step,
            "mendable": self.mendable,
            "mended": self.mended,
        }


FIX = "Mend it with `orc doctor --fix`."
RESTORE = "Restore a backup with `orc restore`."


def ok(check: str, sentence: str) -> Finding:
    """Return that all is well."""
    return Finding(check=check, level=Level.OK, sentence=sentence)


def warning(check: str, sentence: str, step: str, *, mendable: bool = False) -> Finding:
    """Return what can wait."""
    return Finding(check=check, level=Level.WARNING, sentence=sentence, step=step, mendable=mendable)


def problem(check: str, sentence: str, step: str, *, mendable: bool = False) -> Finding:
    """Return what is lost, wrong, or about to be."""
    return Finding(check=check, level=Level.PROBLEM, sentence=sentence, step=step, mendable=mendable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A look into the database and, where it can be mended, how; `mend` says in a few words what it did."""

    name: str
    look: Callable[[Connection], Finding]
    mend: Callable[[Connection], str] | None = None
