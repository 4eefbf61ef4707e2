"""ISO weeks (ISO 8601: Monday first, week 1 holds the first Thursday)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from orc_lab.errors import UnknownWeek
from orc_lab.model.clock import Clock

_FORM = re.compile(r"(\d{4})-?W(\d{1,2})", re.IGNORECASE)


@dataclass(frozen=True, slots=True, order=True)
class Week:
    """One ISO week; ordered by time, written `2026-W47`."""

    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> "Week":
        """Return the week that `2026-W47` or `2026W47` names; raises UnknownWeek."""
        match = _FORM.fullmatch(text.strip())
        if not match:
            raise UnknownWeek(text, "it doesn't have the form year-Wnumber")
        year, number = int(match[1]), int(match[2])
        if not 1000 <= year <= 9998:  # nearer to either end of the calendar, zones carry an instant beyond it
            raise UnknownWeek(text, "the year is out of range")
        last = weeks_in(year)
        if not 1 <= number <= last:
            raise UnknownWeek(text, f"{year} has the weeks W01 to W{last}")
        return cls(year, number)

    @classmethod
    def of(cls, day: date) -> "Week":
        """Return the week that a day falls in."""
        year, number, _ = day.isocalendar()
        return cls(year, number)

    @classmethod
    def at(cls, instant: int, clock: Clock) -> "Week":
        """Return the person's week of an instant (seconds UTC)."""
        return cls.of(clock.day(instant))

    @property
    def monday(self) -> date:
        """The week's first day."""
        return date.fromisocalendar(self.year, self.number, 1)

    @property
    def sunday(self) -> date:
        """The week's last day."""
        return self.monday + timedelta(days=6)

    def start(self, clock: Clock) -> int:
        """Return the instant at which the week starts."""
        return clock.start_of(self.monday)

    def end(self, clock: Clock) -> int:
        """Return the instant at which the next week starts: the week's end, exclusive."""
        return clock.start_of(self.monday + timedelta(days=7))

    def __add__(self, weeks: int) -> "Week":
        return Week.of(self.monday + timedelta(weeks=weeks))

    def __sub__(self, weeks: int) -> "Week":
        return self + -weeks

    def until(self, last: "Week") -> Iterator["Week"]:
        """Yield this week and those after it up to and including `last`."""
        week = self
        while week <= last:
            yield week
            week = week + 1

    def __str__(self) -> str:
        return f"{self.year}-W{self.number:02d}"


def weeks_in(year: int) -> int:
    """Return how many ISO weeks a year has: 52 or 53. December 28 is always in the last one."""
    return date(year, 12, 28).isocalendar()[1]
