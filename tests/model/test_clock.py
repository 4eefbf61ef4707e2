"""A person's days: zones, clock changes, days that start at four."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orc_lab.errors import InvalidValue
from orc_lab.model.clock import Clock

ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "America/Havana",
]
CLOCKS = st.builds(Clock, zone=st.sampled_from(ZONES), day_start=st.sampled_from(["00:00", "04:00", "05:30"]))
DAYS = st.dates(date(1990, 1, 1), date(2040, 1, 1))


@settings(derandomize=True)
@given(CLOCKS, DAYS)
def test_days_follow_each_other_without_gap(clock: Clock, day: date) -> None:
    start, end = clock.start_of(day), clock.start_of(day + timedelta(days=1))
    assert 22 * 3600 < end - start < 26 * 3600
    assert clock.day(start) == day
    assert clock.day(end - 1) == day
    assert clock.day(start - 1) == day - timedelta(days=1)


@settings(derandomize=True)
@given(CLOCKS, st.datetimes(datetime(1990, 1, 1), datetime(2040, 1, 1)).map(lambda wall: wall.replace(microsecond=0)))
def test_an_instant_is_shown_as_the_wall_clock_that_it_came_from(clock: Clock, wall: datetime) -> None:
    shown = clock.local(clock.instant(wall)) + clock.shift
    assert shown == wall or abs(shown - wall) <= timedelta(hours=1)  # a time that the clock change skipped
    assert clock.instant(shown) == clock.instant(wall)


@pytest.mark.parametrize(
    ("wall", "instant"),
    [
        (datetime(2026, 3, 29, 1, 59), 1_774_745_940),
        (datetime(2026, 3, 29, 2, 30), 1_774_747_800),  # never shown by a clock: half past three
        (datetime(2026, 3, 29, 3, 30), 1_774_747_800),
        (datetime(2026, 10, 25, 2, 30), 1_792_888_200),  # shown twice: the first one
        (datetime(2026, 10, 25, 3, 0), 1_792_893_600),
    ],
)
def test_clock_changes(wall: datetime, instant: int) -> None:
    assert Clock(zone="Europe/Berlin").instant(wall) == instant


def test_the_small_hours_belong_to_the_day_before() -> None:
    clock = Clock(zone="Europe/Berlin", day_start="04:00")
    at = clock.instant(datetime(2026, 11, 23, 3, 59))
    assert clock.day(at) == date(2026, 11, 22)
    assert clock.day(at + 60) == date(2026, 11, 23)
    assert clock.local(at) == datetime(2026, 11, 22, 23, 59)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../../etc/passwd", "Europe", "x" * 5000, "Europe/Berlin\0"])
def test_a_zone_that_nobody_knows_is_refused(zone: str) -> None:
    with pytest.raises(InvalidValue, match="IANA"):
        Clock(zone=zone).local(0)


@pytest.mark.parametrize("start", ["24:00", "4", "noon", ""])
def test_a_day_start_that_is_no_time_is_refused(start: str) -> None:
    with pytest.raises(InvalidValue, match="day_start"):
        Clock(day_start=start).local(0)
