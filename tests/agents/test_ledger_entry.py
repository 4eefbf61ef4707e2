"""What an entry of the ledger refuses, and what survives being written down."""

import json
import math
from collections.abc import Callable
from datetime import date

import pytest

from orc_lab.agents.forecast import Basis, Forecast
from orc_lab.agents.ledger.entry import (
    ForecastEntry,
    Model,
    Subject,
    hash_of,
    of_completion,
    of_todo,
    of_trouble,
    of_weeks,
    read_quantiles,
)
from orc_lab.errors import InvalidValue
from orc_lab.model.week import Week
from tests.workbench.conftest import CLOCK, MONDAY

BAND = {0.1: 1.0, 0.25: 1.5, 0.5: 2.0, 0.75: 3.0, 0.9: 4.0}
DATES = {0.5: 3.0, 0.8: 6.0, 0.95: 10.0}
W47 = Week(2026, 47)


@pytest.mark.parametrize(
    "values",
    [
        {"quantiles": {}},
        {"quantiles": {0.5: math.nan}},
        {"quantiles": {0.1: 2.0, 0.9: 1.0}},
        {"quantiles": {0.9: 1.0, 0.1: 2.0}},
        {"quantiles": {1.0: 1.0}},
        {"unit": "fortnights"},
        {"unit": "probability", "quantiles": {0.5: 1.2}},
        {"unit": "probability", "quantiles": {0.1: 0.2, 0.9: 0.3}},
        {"raw_levels": (0.5,)},
    ],
)
def test_an_entry_that_nobody_could_score_is_refused(values: dict[str, object]) -> None:
    good: dict[str, object] = {
        "model": "m",
        "subject": Subject.TODO,
        "unit": "hours",
        "quantiles": BAND,
        "as_of": MONDAY,
    }
    with pytest.raises(InvalidValue):
        ForecastEntry(**(good | values))  # type: ignore[arg-type]


def test_constructors_refuse_what_names_nothing() -> None:
    nothing = Forecast(subject="x", unit="h", as_of=CLOCK.local(0), quantiles={}, basis=Basis.TOO_LITTLE, n=0)
    calls: list[Callable[[], object]] = [
        lambda: of_completion(DATES, as_of=0),
        lambda: of_completion(DATES, as_of=0, week=W47, project_id="p"),
        lambda: of_completion(DATES, as_of=0, count=0),
        lambda: of_weeks(W47, 0, BAND, as_of=0),
        lambda: of_weeks(W47, 1, BAND, as_of=0, unit="days"),
        lambda: of_trouble(Model.LATE, "p", 0.5, as_of=0),
        lambda: of_todo("t", nothing, as_of=0),
    ]
    for call in calls:
        with pytest.raises(InvalidValue):
            call()


def test_dates_that_may_never_come_survive_json() -> None:
    entry = of_completion({0.5: 3.0, 0.8: 40.0, 0.95: math.nan}, as_of=0, project_id="p")
    assert json.loads(entry.written) == {"0.5": 3.0, "0.8": 40.0, "0.95": None}
    assert read_quantiles(entry.written) == entry.quantiles == {0.5: 3.0, 0.8: 40.0, 0.95: math.inf}


def test_the_hash_of_inputs_is_the_same_on_every_device() -> None:
    import numpy as np
    import pandas as pd

    first = hash_of(todo="t", hours=2, tags=("a", "b"), day=date(2026, 11, 16), frame=pd.DataFrame({"a": [1, 2]}))
    same = hash_of(
        frame=pd.DataFrame({"a": [1.0, 2.0]}), day=date(2026, 11, 16), hours=np.float64(2), tags=["a", "b"], todo="t"
    )
    assert first == same == "ae8c86dba7119a2caa699848d9fed582"
    assert hash_of(hours=2) != hash_of(hours=2.5)
    with pytest.raises(InvalidValue, match="plain values"):
        hash_of(what=object())
