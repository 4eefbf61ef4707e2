"""A line while it is typed: what it says, and what the past says to it."""

import math
from datetime import datetime

import pytest

from orc_lab.agents.forecast import Basis, Forecast
from orc_lab.widgets.typed import past_says, read
from orc_lab.workbench.bench import Workbench


def test_a_line_is_read_as_it_will_be_added(wb: Workbench) -> None:
    wb.add_project("Master's thesis")
    told = read(wb, "Write draft +master's_thesis 2h !high @fri #deep")
    assert told == {
        "title": "Write draft", "project": "Master's thesis", "new_project": False, "hours": 2.0, "priority": "high",
        "due": "2026-11-20", "tags": ["deep"], "status": "refined",
    }  # fmt: skip
    assert (read(wb, "Dig +Garden")["new_project"], read(wb, "Dig")["status"]) == (True, "dumped")


@pytest.mark.parametrize(
    ("basis", "own", "said"),
    [
        (Basis.HISTORY, 2.0, "you say 2 h; your past says 1.2–4.6 h"),
        (Basis.SIMILAR, None, "your past says 1.2–4.6 h"),
        (Basis.PRIOR, 2.0, "you say 2 h; too little is finished to know you: maybe 1.2–4.6 h"),
    ],
)
def test_the_past_answers_in_a_line(basis: Basis, own: float | None, said: str) -> None:
    quantiles = {0.1: 1.2, 0.5: 2.4, 0.9: 4.6}
    forecast = Forecast(subject="x", unit="h", as_of=datetime(2026, 11, 16), quantiles=quantiles, basis=basis, n=9)
    assert past_says(forecast, own) == said


def test_nothing_known_is_nothing_said() -> None:
    forecast = Forecast(subject="x", unit="h", as_of=datetime(2026, 11, 16), quantiles={}, basis=Basis.PRIOR, n=0)
    assert math.isnan(forecast.median)
    assert past_says(forecast, 2.0) == ""
