"""ISO weeks: those there are, those there aren't, and counting on from one to the next."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orc_lab.errors import UnknownWeek
from orc_lab.model.clock import Clock
from orc_lab.model.week import Week, weeks_in

DATES = st.dates(date(1001, 1, 8), date(9990, 1, 1))


@settings(derandomize=True)
@given(DATES, st.integers(-600, 600))
def test_weeks_are_counted_like_days(day: date, steps: int) -> None:
    week = Week.of(day)
    assert week.monday <= day <= week.sunday
    assert week.monday.weekday() == 0
    assert week + steps == Week.of(day + timedelta(weeks=steps))
    assert (week + steps) - steps == week
    assert Week.parse(str(week)) == week
    assert (week < week + steps) == (steps > 0)
    assert 1 <= week.number <= weeks_in(week.year)


@pytest.mark.parametrize(
    ("text", "monday"),
    [
        ("2026-W47", date(2026, 11, 16)),
        ("2026W47", date(2026, 11, 16)),
        (" 2026-w1 ", date(2025, 12, 29)),
        ("2020-W53", date(2020, 12, 28)),
        ("2026-W53", date(2026, 12, 28)),
        ("2021-W01", date(2021, 1, 4)),
    ],
)
def test_a_week_is_read(text: str, monday: date) -> None:
    assert Week.parse(text).monday == monday


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2025-W53", "2025 has the weeks W01 to W52"),
        ("2026-W54", "2026 has the weeks W01 to W53"),
        ("2026-W00", "W01 to W53"),
        ("0999-W05", "out of range"),
        ("9999-W01", "out of range"),
        ("2026-47", "form"),
        ("last", "form"),
        ("", "form"),
        ("2026-W471", "form"),
    ],
)
def test_a_week_that_does_not_exist_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(UnknownWeek, match=why):
        Week.parse(text)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Niue", "Europe/Berlin"])
@pytest.mark.parametrize("week", ["1000-W01", "9998-W53", "9998-W01"])
def test_every_week_that_is_read_has_its_instants(week: str, zone: str) -> None:
    clock = Clock(zone=zone)
    try:
        found = Week.parse(week)
    except UnknownWeek:
        assert weeks_in(int(week[:4])) == 52
        return
    assert found.start(clock) < found.end(clock)


def test_the_53rd_week_lies_between_two_years() -> None:
    last = Week(2020, 53)
    assert (last - 1, last + 1) == (Week(2020, 52), Week(2021, 1))
    assert [str(week) for week in Week(2020, 52).until(Week(2021, 1))] == ["2020-W52", "2020-W53", "2021-W01"]
    assert list(Week(2021, 1).until(last)) == []
    assert Week.of(date(2021, 1, 3)) == last


def test_a_week_with_a_clock_change_is_an_hour_shorter_or_longer() -> None:
    berlin = Clock(zone="Europe/Berlin")
    lengths = [
        Week.parse(week).end(berlin) - Week.parse(week).start(berlin) for week in ("2026-W13", "2026-W20", "2026-W43")
    ]
    assert [length // 3600 for length in lengths] == [167, 168, 169]


def test_the_week_of_an_instant_depends_on_zone_and_day_start() -> None:
    late = 1_794_189_600  # Monday 2026-11-09 02:00 in Berlin
    assert Week.at(late, Clock(zone="Europe/Berlin")) == Week(2026, 46)
    assert Week.at(late, Clock(zone="Europe/Berlin", day_start="04:00")) == Week(2026, 45)
    assert Week.at(late, Clock(zone="America/Lima")) == Week(2026, 45)
