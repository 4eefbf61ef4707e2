from dataclasses import asdict, fields, replace

import numpy as np
import pandas as pd
import pytest

from orc_lab.agents.estimation.estimator import Estimator
from orc_lab.agents.health.history import health_history
from orc_lab.agents.health.patterns import PATTERNS, patterns_with, with_adjustments
from orc_lab.agents.health.risks import risks
from orc_lab.agents.health.rules import Label, health
from orc_lab.agents.health.snapshot import snapshot
from orc_lab.agents.health.thresholds import DEFAULT, Thresholds, help_of
from orc_lab.agents.health.trouble import HealthModel
from orc_lab.errors import InvalidValue, UnknownField
from tests.agents.lives import AS_OF, finished, open_tasks, project, weekly

PAST = finished(240)
TASKS = pd.concat([PAST, open_tasks(4)], ignore_index=True)
LOOK = snapshot(TASKS, weekly(PAST), project(), AS_OF, Estimator().observe(PAST))
BLIND = tuple(replace(item, estimate_hours=np.nan) for item in LOOK.items)
TROUBLE = HealthModel().observe(PAST).score(TASKS[TASKS["project_id"] == "p1"], as_of=AS_OF)


def test_adjustments_are_replaced_by_name_and_move_the_score():
    idle = replace(LOOK, idle_days=30.0)
    usual = health(idle, ())
    assert usual.score == 80
    only = [pattern for pattern in with_adjustments(PATTERNS, {"silent": -4}) if pattern.name == "silent"]
    assert health(idle, only).score == 76
    with pytest.raises(UnknownField):
        with_adjustments(PATTERNS, {"no such": 1})


@pytest.mark.parametrize(
    ("line", "value", "look", "name"),
    [
        ("idle_days", 40.0, replace(LOOK, idle_days=30.0), "silent"),
        ("carried", 6, replace(LOOK, items=tuple(replace(item, carried=4) for item in LOOK.items)), "carried over"),
        ("blind", 1.0, replace(LOOK, items=BLIND), "unestimated"),
        ("even", 0.2, replace(LOOK, due=AS_OF.to_pydatetime() + pd.Timedelta(days=9), p_on_time=0.3), "late"),
    ],
)  # fmt: skip
def test_a_moved_line_moves_the_risk_and_the_pattern(line, value, look, name):
    moved = DEFAULT.moved({line: value})
    assert name in {risk.name for risk in risks(look)}
    assert name not in {risk.name for risk in risks(look, thresholds=moved)}
    before, after = ({part.name for part in health(look, thresholds=lines).components} for lines in (DEFAULT, moved))
    assert before != after


def test_lines_of_labels_and_of_data_are_moved_too():
    assert health(LOOK, (), thresholds=DEFAULT.moved({"on_track": 81})).label is Label.AT_RISK
    assert health(LOOK, (), thresholds=DEFAULT.moved({"min_done": 10_000})).score is None


def test_the_default_lines_are_the_default_patterns():
    plain = [(pattern.name, pattern.adjustment, pattern.help) for pattern in PATTERNS]
    assert plain == [(pattern.name, pattern.adjustment, pattern.help) for pattern in patterns_with(Thresholds())]


def test_every_line_tells_what_it_is_for_and_refuses_nonsense():
    assert all(len(help_of(line.name)) > 20 for line in fields(Thresholds))
    assert DEFAULT.as_dict() == asdict(DEFAULT)
    with pytest.raises(UnknownField):
        help_of("nothing")
    with pytest.raises(UnknownField):
        DEFAULT.moved({"nothing": 1})
    with pytest.raises(InvalidValue):
        DEFAULT.moved({"blind": -1})


def test_every_risk_has_steps():
    shown = [
        replace(LOOK, due=AS_OF.to_pydatetime() - pd.Timedelta(days=9)),
        replace(LOOK, arrived_4=9, left_4=0, idle_days=99.0, largest_done=0.1),
        replace(LOOK, items=tuple(replace(i, over=True, carried=5, estimate_hours=np.nan) for i in LOOK.items)),
    ]
    sure = replace(TROUBLE, p_overrun=0.9, p_dormant=0.9)
    found = {risk.name: risk for look in shown for risk in risks(look, trouble=sure)}
    assert len(found) == 9
    assert all(risk.steps and all(risk.steps) for risk in found.values())


def test_chances_are_carried_along_and_told_as_risks_only_where_given():
    usual, known = health(LOOK), health(LOOK, trouble=replace(TROUBLE, p_overrun=0.9))
    assert "trouble" not in usual.as_dict()
    assert known.as_dict()["trouble"]["p_overrun"] == 0.9
    assert (usual.score, usual.components) == (known.score, known.components)
    assert "likely overrun" in {risk.name for risk in known.risks} - {risk.name for risk in usual.risks}


def test_a_history_of_health_is_one_row_an_instant_in_order():
    weeks = [replace(LOOK, as_of=AS_OF.to_pydatetime() - pd.Timedelta(weeks=n), idle_days=20.0 * n) for n in (0, 2, 1)]
    found = health_history(weeks)
    assert list(found.columns) == ["project_id", "as_of", "score", "label", "components"]
    assert found["as_of"].is_monotonic_increasing
    assert found["score"].iloc[-1] == health(LOOK).score
    assert found["score"].iloc[0] < found["score"].iloc[-1]
    assert found["components"].iloc[0]["silent"] == -10
    assert health_history([]).empty
    assert np.isnan(health_history([replace(LOOK, done=1)])["score"].iloc[0])
