"""Which week is due for a look."""

from datetime import datetime
from pathlib import Path

import pytest

from orc_lab.errors import FutureWeek
from orc_lab.model.clock import Clock
from orc_lab.model.week import Week
from orc_lab.review.when import clock_of, default_week, week_of
from orc_lab.workbench.bench import Workbench
from tests.review.conftest import WEEK


def at(year: int, month: int, day: int, hour: int = 12) -> int:
    return Clock().instant(datetime(year, month, day, hour))


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (at(2026, 5, 18, 0), "2026-W20"),  # Monday
        (at(2026, 5, 21, 23), "2026-W20"),  # Thursday
        (at(2026, 5, 22, 0), "2026-W21"),  # Friday
        (at(2026, 5, 24, 23), "2026-W21"),  # Sunday
        (at(2026, 7, 6), "2026-W27"),  # seven weeks of nothing
        (at(2026, 8, 3), "2026-W20"),  # eleven weeks of nothing: the last week with something
        (at(2020, 1, 8), "2020-W01"),  # before anything
    ],
)
def test_the_week_that_is_due(database: Path, now: int, due: str) -> None:
    with Workbench.open(database) as bench:
        assert str(default_week(bench, now)) == due


def test_an_empty_database_is_due_for_last_week(tmp_path: Path) -> None:
    with Workbench.init(tmp_path / "new.db") as bench:
        assert str(default_week(bench, at(2026, 5, 18))) == "2026-W20"


def test_the_sample_is_due_for_its_last_week(tmp_path: Path) -> None:
    with Workbench.init(tmp_path / "sample.db", sample=True) as bench:
        with bench.edit("a todo", origin="import"):
            bench.add_todo("Only one", created_at=at(2026, 5, 13))
        assert str(default_week(bench, at(2026, 6, 3))) == "2026-W20"


def test_a_week_that_has_begun_can_be_reviewed_and_a_later_one_not(database: Path) -> None:
    with Workbench.open(database) as bench:
        assert week_of(bench, WEEK, WEEK.start(Clock())) == WEEK
        with pytest.raises(FutureWeek, match="2026-W20 begins on 2026-05-11, which is still to come"):
            week_of(bench, WEEK, WEEK.start(Clock()) - 1)


def test_a_past_week_has_the_clock_of_its_time(tmp_path: Path) -> None:
    with Workbench.init(tmp_path / "moved.db", zone="Europe/Berlin") as bench:
        bench.set_setting("zone", "America/New_York", valid_from=at(2026, 6, 1))
        now = at(2026, 6, 10)
        assert clock_of(bench, Week.parse("2026-W20"), now).zone == "Europe/Berlin"
        assert clock_of(bench, Week.parse("2026-W23"), now).zone == "America/New_York"
