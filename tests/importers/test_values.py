"""Dates, durations and numbers as files write them."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orc_lab.importers.reading import values
from orc_lab.model.clock import Clock
from tests.importers.files import at

BERLIN = Clock(zone="Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("1.5", "h", 1.5),
        ("1,5", "h", 1.5),
        ("1,234.5", "h", 1234.5),
        ("1.234,5", "h", 1234.5),
        (90, "min", 1.5),
        ("5400", "s", 1.5),
        ("1:30", "min", 1.5),
        ("01:30:00", "h", 1.5),
        ("-0:30", "h", -0.5),
        ("100:00", "h", 100.0),
        ("1h 30m", "h", 1.5),
        ("1 hour 30 minutes", "h", 1.5),
        ("90min", "h", 1.5),
        ("45 s", "h", 0.0125),
        ("PT1H30M", "h", 1.5),
        ("P1DT1H", "h", 25.0),
        ("1,5h", "h", 1.5),
        ("2d", "h", None),
        ("", "h", None),
        ("h", "h", None),
        ("P", "h", None),
        ("1:75", "h", None),
        ("nan", "h", None),
        (float("inf"), "h", None),
        (True, "h", None),
        (10**400, "h", None),
        ("1_000", "h", None),
        ("1h" + " " * 50_000 + "x", "h", None),
        ([], "h", None),
    ],
)
def test_hours(text: Any, unit: Any, expected: float | None) -> None:
    assert values.hours(text, unit) == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize(
    ("value", "form", "expected"),
    [
        ("2025-01-06", None, date(2025, 1, 6)),
        ("20250106", None, date(2025, 1, 6)),
        ("2025-W02", None, date(2025, 1, 6)),
        ("2025-01-06T08:00", None, at("2025-01-06T08:00")),
        ("2025-01-06 08:00:00 +0100", None, at("2025-01-06T08:00")),
        ("2025-01-06 07:00:00 UTC", None, at("2025-01-06T08:00")),
        ("20250106080000", None, at("2025-01-06T08:00")),
        ("20251306080000", None, 20251306080),  # no date: milliseconds
        ("06.01.2025", "%d.%m.%Y", date(2025, 1, 6)),
        ("06.01.2025 08:00", "%d.%m.%Y %H:%M", at("2025-01-06T08:00")),
        ("6.1.", "%d.%m.%Y", None),
        ("0001-01-01", None, None),
        ("9999-12-31", None, None),
        ("1969-12-31T23:59:59Z", None, None),
        (1e20, None, None),
        (253402300799, None, 253402300),
    ],
)
def test_when(value: Any, form: str | None, expected: Any) -> None:
    assert values.when(value, BERLIN, form) == expected


@given(st.text() | st.integers() | st.floats() | st.none() | st.booleans() | st.lists(st.integers(), max_size=2))
def test_nothing_makes_them_fail(value: Any) -> None:
    values.hours(value)
    found = values.when(value, BERLIN)
    assert found is None or 1970 <= values.day_of(found, BERLIN).year < 9998


@given(st.text(st.characters(), max_size=20))
def test_clean_text_can_be_stored(text: str) -> None:
    cleaned = values.clean(text)
    assert "\x00" not in cleaned
    assert values.clean(cleaned) == cleaned
    cleaned.encode()


def test_the_working_day_is_in_the_persons_day() -> None:
    for start in ("00:00", "04:00", "09:00", "18:00", "23:59"):
        clock = Clock(zone="Europe/Berlin", day_start=start)
        for day in (date(2025, 1, 6), date(2025, 3, 30), date(2025, 10, 26)):
            morning, evening = values.at_hour(day, 9, clock), values.at_hour(day, 17, clock)
            assert clock.day(morning) == clock.day(evening) == day
            assert morning < evening
    assert values.at_hour(date(2025, 1, 6), 9, BERLIN) == at("2025-01-06T09:00")
