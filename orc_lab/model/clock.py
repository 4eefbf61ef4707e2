"""A person's local time: which day an instant belongs to, given their zone and when their day starts."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from orc_lab.errors import InvalidValue


@dataclass(frozen=True, kw_only=True)
class Clock:
    """A zone (IANA name) and the hour and minute at which a new day starts, `04:00` for late workers."""

    zone: str = "UTC"
    day_start: str = "00:00"

    @cached_property
    def tz(self) -> ZoneInfo:
        """Return the zone; raises InvalidValue for a name that nobody knows."""
        try:
            return ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise InvalidValue("zone", self.zone, "an IANA zone such as Europe/Berlin") from None

    @cached_property
    def shift(self) -> timedelta:
        """Return the day start as a duration after midnight."""
        try:
            start = time.fromisoformat(self.day_start)
        except ValueError:
            raise InvalidValue("day_start", self.day_start, "a time such as 04:00") from None
        return timedelta(hours=start.hour, minutes=start.minute)

    def local(self, instant: int) -> datetime:
        """Return the naive local time of an instant (seconds UTC), shifted so that its date is the person's day."""
        return datetime.fromtimestamp(instant, self.tz).replace(tzinfo=None) - self.shift

    def day(self, instant: int) -> date:
        """Return the person's day of an instant."""
        return self.local(instant).date()

    def start_of(self, day: date) -> int:
        """Return the instant at which a day starts; one that a clock change skips moves on, as zoneinfo rules."""
        return self.instant(datetime.combine(day, time()) + self.shift)

    def instant(self, wall: datetime) -> int:
        """Return the instant (seconds UTC) of a naive wall-clock time in this zone."""
        return int(wall.replace(tzinfo=self.tz).timestamp())
