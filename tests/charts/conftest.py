"""Lives to draw."""

import pytest

from orc_lab.mirror.features import Frames
from tests.charts.life import life


@pytest.fixture(scope="session")
def half_a_year() -> Frames:
    return life()
