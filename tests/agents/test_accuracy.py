import json

import pandas as pd
import pytest

from orc_lab.agents.estimation.accuracy import accuracy
from orc_lab.agents.estimation.walk import walk_forward
from tests.agents.lives import AS_OF, finished, frame


def test_it_measures_the_last_weeks_only():
    past = finished(200).assign(actual_hours=lambda t: 3 * t["estimate_hours"])
    last = past["completed"] > AS_OF - pd.Timedelta(weeks=4)
    past.loc[last, "actual_hours"] = past.loc[last, "estimate_hours"] * 1.2
    found = accuracy(walk_forward(past), as_of=AS_OF, weeks=4)
    assert found.n == int(last.sum())
    assert found.median_ratio == pytest.approx(1.2)
    assert found.within_quarter == 1.0
    assert found.mae_own == pytest.approx((0.2 * past.loc[last, "estimate_hours"]).mean())


def test_the_correction_helps_a_person_who_always_takes_twice_as_long():
    past = finished(300).assign(actual_hours=lambda t: 2 * t["estimate_hours"])
    found = accuracy(walk_forward(past), as_of=AS_OF)
    assert found.mae_corrected < 0.2 * found.mae_own
    assert "was smaller: 0.00 h against" in found.sentence


def test_what_is_not_finished_by_then_does_not_count():
    past = finished(50)
    found = accuracy(walk_forward(past), as_of=past["completed"].iloc[24], weeks=1000)
    assert found.n == 25


def test_no_estimates_nothing_to_compare():
    found = accuracy(walk_forward(frame([])), as_of=AS_OF)
    assert found.n == 0
    assert "nothing to compare" in found.sentence
    assert json.loads(json.dumps(found.as_dict(), allow_nan=False))["median_ratio"] is None
