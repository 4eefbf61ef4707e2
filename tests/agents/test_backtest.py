"""The walks themselves: nothing from after a forecast reaches it, and what they find is what there was."""

import json

import numpy as np
import pandas as pd
import pytest

from orc_lab.agents.backtest import dates, estimates, orders, sums, trouble, weeks
from orc_lab.agents.backtest.history import prepared
from orc_lab.agents.backtest.result import OURS, Backtest
from orc_lab.agents.backtest.run import FAMILIES, backtest
from orc_lab.errors import InvalidValue
from tests.agents.lives import AS_OF, finished, frame

COUNT = 110
CUT = AS_OF - pd.Timedelta(days=80)
QUANTILES = r"^(ours|ratio|usual|carlo|rate)_"


@pytest.fixture(scope="module")
def life() -> pd.DataFrame:
    return prepared(finished(COUNT, days=2.2))


@pytest.fixture(scope="module")
def altered(life: pd.DataFrame) -> pd.DataFrame:
    """The same life until CUT; from then on everything took other hours and ended on other days."""
    rng = np.random.default_rng(5)
    later = life["completed"] >= CUT
    last = life["completed"] == life["completed"].max()
    moved = life["completed"] + pd.to_timedelta(rng.integers(1, 40, len(life)), unit="D")
    return life.assign(
        actual_hours=life["actual_hours"].mask(later, 7.5 * rng.permutation(life["actual_hours"])),
        completed=life["completed"].mask(later & ~last, moved).clip(upper=life["completed"].max()),
    )


def alike(before: pd.DataFrame, after: pd.DataFrame, keys: list[str], columns: str, least: int) -> None:
    """The forecasts with the same keys are the same, and there are some."""
    both = before.merge(after, on=keys, suffixes=("", " after"))
    assert len(both) >= least
    names = [name for name in before.filter(regex=columns) if name not in keys]
    assert names
    for name in names:
        pd.testing.assert_series_equal(both[name], both[f"{name} after"], check_names=False)


def test_the_altered_life_differs(life, altered):
    assert (life["actual_hours"] != altered["actual_hours"]).sum() > 25
    assert (life["completed"] != altered["completed"]).sum() > 25
    early = life["completed"] < CUT
    pd.testing.assert_frame_equal(life[early], altered[early])


def test_no_estimate_knows_what_came_after(life, altered):
    before, after = estimates.walk(life), estimates.walk(altered)
    for model in estimates.MODELS:
        first, second = (
            each.facts[["id", "created"]].join(pd.DataFrame(each.quantiles[model]).add_prefix("ours_"))
            for each in (before, after)
        )
        alike(first[first["created"] <= CUT], second, ["id", "created"], QUANTILES, 50)


def test_no_sum_knows_what_came_after(life, altered):
    before, after = sums.walk(life), sums.walk(altered)
    alike(before[before["at"] <= CUT], after, ["size", "at"], QUANTILES, 5)


def test_no_week_knows_what_came_after(life, altered):
    before, after = weeks.walk(life), weeks.walk(altered)
    first = life["created"].min().normalize()
    known = (CUT - first).days // 7
    alike(before[before["start"] <= known], after, ["measure", "horizon", "start"], QUANTILES, 20)


def test_no_date_knows_what_came_after(life, altered):
    before, after = dates.walk(life), dates.walk(altered)
    alike(before[before["today"] <= CUT], after, ["count", "today"], QUANTILES, 8)


def busy(life: pd.DataFrame) -> pd.DataFrame:
    """The same with more open at a time: everything was created a month earlier, in one project."""
    return life.assign(created=life["created"] - pd.Timedelta(days=30), project_id="p")


def test_no_chance_knows_what_came_after(life, altered):
    before, after = (trouble.walk(prepared(busy(each))) for each in (life, altered))
    # The day of a stretch is when half of it was done, so only looks at open work are made on the same days.
    before, after = (each[each["part"] == trouble.OPEN] for each in (before, after))
    alike(before[before["day"] <= CUT], after, ["day"], r"^(ours|usual|carlo|cost|score)$", 4)


def test_a_snapshot_hides_the_outcome(life):
    looks = [*trouble._open(busy(life)), *trouble._stretches(life)]
    assert len(looks) > 10
    for look in looks:
        seen = look.snapshot
        left = seen[seen["completed"].isna()]
        assert len(left) == len(look.left)
        assert left["actual_hours"].isna().all()
        assert not (left["started"] >= look.day).any()
        assert (seen["completed"].dropna() < look.day).all()


@pytest.fixture(scope="module")
def found() -> Backtest:
    return backtest({"": finished(COUNT, days=2.2)}, only=["estimates", "sums", "weeks", "dates"])


def test_every_method_is_there_with_intervals_and_json_holds_it(found):
    whole = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert set(whole["families"]) == {"estimates", "sums", "weeks", "dates"}
    assert [row.model for row in found["estimates"].rows if row.part == estimates.ALL] == list(estimates.MODELS)
    score = found["estimates"].score(estimates.ALL, "crps_ratio")
    assert score.low < score.value < score.high
    assert found["estimates"].rows[0].n == COUNT
    assert found["weeks"].score("todos, 1 week", "crps", weeks.BOOTSTRAP).value > 0
    assert {row.model for row in found["dates"].rows} == {OURS, dates.MONTE_CARLO, dates.RATE}
    with pytest.raises(KeyError):
        found["estimates"].score("none", "mae")


def test_the_table_is_the_rows_as_text(found):
    family = found["estimates"]
    assert len(family.table) == len(family.rows)
    assert all(len(row) == len(family.headers) for row in family.table)
    assert family.table[0][:3] == ("all", "orc_lab", str(COUNT))
    assert "80% band held" in family.sentence
    assert f"{COUNT} finished tasks of one person" in found.sentence


def test_the_own_estimate_is_scored_by_hand(found):
    made = finished(COUNT, days=2.2)
    error = (made["actual_hours"] - made["estimate_hours"]).abs().mean()
    own = found["estimates"].score(estimates.ALL, "mae", estimates.OWN).value
    assert own == pytest.approx(error)
    assert found["estimates"].score(estimates.ALL, "crps", estimates.OWN).value == pytest.approx(error)


def test_the_same_history_gives_the_same_whatever_its_order():
    made = finished(70, days=2.2)
    once = backtest({"": made}, only=["estimates", "sums"])
    again = backtest({"": made.sample(frac=1, random_state=1)}, only=["estimates", "sums"])
    assert once.as_dict() == again.as_dict()


@pytest.mark.parametrize("count", [0, 1, 3])
def test_too_little_data_is_an_answer_that_says_what_is_needed(count):
    found = backtest({"": finished(count)})
    for family in found.families:
        assert not family.rows
        assert "would be needed" in family.sentence, family.key
        assert family.sentence.startswith(f"{family.title}: too little data")
    json.dumps(found.as_dict(), allow_nan=False)


def test_odd_histories_are_walked():
    made = finished(40, days=2.0)
    day = made["completed"].iloc[0]
    odd = {
        "all equal": made.assign(estimate_hours=2.0, actual_hours=2.0),
        "one giant outlier": made.assign(actual_hours=made["actual_hours"].mask(made.index == 20, 50_000.0)),
        "no estimates": made.assign(estimate_hours=np.nan),
        "zero estimates": made.assign(estimate_hours=0.0),
        "one day": made.assign(created=day, started=day, completed=day),
        "duplicates": pd.concat([made, made], ignore_index=True),
        "completed before created": made.assign(created=made["completed"] + pd.Timedelta(days=3)),
        "nothing but open": frame([{"id": "o", "created": AS_OF}]),
    }
    found = backtest(odd, only=["estimates", "trouble"])
    assert found.persons == 7
    assert found["estimates"].rows
    json.dumps(found.as_dict(), allow_nan=False)


def test_persons_are_judged_on_their_own_past_only():
    one, other = finished(60, seed=1), finished(60, seed=2)
    alone = estimates.walk(prepared(one), "a").facts.assign(q=estimates.walk(prepared(one), "a").quantiles[OURS][:, 9])
    both = backtest({"a": one, "b": other.assign(actual_hours=99.0)}, only=["estimates"])
    assert both["estimates"].score("person a", "mae").value == pytest.approx(
        (alone["q"] - alone["actual"]).abs().mean()
    )
    assert both.persons == 2


def test_progress_is_told_before_each_step():
    told = []
    backtest({"a": finished(5), "b": finished(5)}, only=["estimates", "weeks"],
             progress=lambda done, of, what: told.append((done, of, what)))  # fmt: skip
    assert told == [(0, 4, "estimates a"), (1, 4, "estimates b"), (2, 4, "weeks a"), (3, 4, "weeks b")]


def test_a_part_that_there_is_not():
    with pytest.raises(InvalidValue, match="one of estimates, sums, weeks, dates, trouble, orders"):
        backtest({}, only=["guesses"])
    assert list(FAMILIES) == ["estimates", "sums", "weeks", "dates", "trouble", "orders"]


def test_orders_are_simulated_on_the_persons_tasks():
    drawn = orders.walk(prepared(finished(80, days=1.0)), "a")
    assert set(drawn["person"]) == {"a"}
    assert orders.orders(drawn.head(40)).needs
