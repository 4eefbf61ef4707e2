"""The agents on large histories, beside plain uses of the libraries they stand on.

Goals: ten thousand finished tasks learned in 3 s, one more in 50 ms, one prediction in 20 ms; of ten projects, a
summary in 200 ms and all recommendations in 1 s, once the models are built.
"""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import ExtraTreesRegressor

from orc_lab.agents.estimation.estimator import Estimator
from orc_lab.agents.insight.known import Known
from orc_lab.agents.insight.summary import generate_project_summary
from orc_lab.agents.recommend.daily import generate_daily_recommendations
from orc_lab.mirror.duck import Mirror
from orc_lab.mirror.features import frames
from orc_lab.model.week import Week
from orc_lab.sample.life import make
from orc_lab.workbench.bench import Workbench
from tests.agents.lives import AS_OF, finished, open_tasks
from tests.bench.conftest import Compare

PAST = finished(10_000, days=0.3)


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Known:
    """A year of a busy sample life, its models built, with the projects of its last week."""
    path, end = tmp_path_factory.mktemp("life") / "sample.db", Week(2026, 46)
    make(path, end=end, todos=2000)
    with Workbench.open(path) as wb:
        clock = wb.clock()
        seen = frames(Mirror(wb.db), end.end(clock), clock)
    found = Known(frames=seen)
    generate_daily_recommendations(found)
    return found


def fresh(known: Known) -> Known:
    """The same with its models, and nothing of its projects computed yet."""
    again = Known(frames=known.frames, kb=known.kb)
    for name in ("estimator", "model", "background", "ages", "weeks"):
        again.__dict__[name] = getattr(known, name)
    return again


def test_learning_ten_thousand(compare: Compare) -> None:
    features, hours = np.random.default_rng(0).random((3000, 26)), np.random.default_rng(1).random((3000, 2))
    forest = ExtraTreesRegressor(40, min_samples_leaf=6, max_features=0.5, bootstrap=True)
    found = compare(
        lambda: Estimator().observe(PAST).predict(open_tasks(1), as_of=AS_OF),
        lambda: forest.fit(features, hours),
        rounds=3,
    )
    assert found.subject < 3000


def test_one_more_completion(compare: Compare) -> None:
    estimator = Estimator().observe(PAST)
    estimator.predict(open_tasks(1), as_of=AS_OF)
    more = iter(finished(60, seed=9, end=AS_OF + pd.Timedelta(days=60)).assign(id=lambda t: "new" + t["id"]).iterrows())
    found = compare(
        lambda: estimator.observe(pd.DataFrame([next(more)[1]])),
        lambda: pd.concat([PAST, PAST.tail(1)]).sort_values(["completed", "id"]),
        rounds=20,
    )
    assert found.subject < 50


def test_one_prediction(compare: Compare) -> None:
    estimator, ratio = Estimator().observe(PAST), (PAST["actual_hours"] / PAST["estimate_hours"]).tail(50)
    found = compare(
        lambda: estimator.predict(open_tasks(1), as_of=AS_OF),
        lambda: (open_tasks(1), ratio.quantile([0.1, 0.25, 0.5, 0.75, 0.9])),
        rounds=20,
    )
    assert found.subject < 20


def test_a_summary(compare: Compare, known: Known) -> None:
    ids = iter(known.active * 20)
    found = compare(
        lambda: generate_project_summary(fresh(known), next(ids)), lambda: known.frames.tasks.copy(), rounds=10
    )
    assert found.subject < 200


def test_recommendations(compare: Compare, known: Known) -> None:
    found = compare(lambda: generate_daily_recommendations(fresh(known)), lambda: known.frames.tasks.copy(), rounds=5)
    print(f"{len(known.active)} active projects, {len(known.ages)} open todos")
    assert found.subject < 1000 * max(len(known.active), 10) / 10
