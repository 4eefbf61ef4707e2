"""Scores that can be checked by hand or by simulation: spans of levels, pinball, standing, and the guard."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from orc_lab.agents.atoms import Atoms, share_in_band
from orc_lab.agents.forecast import QUANTILES
from orc_lab.agents.ledger.curve import Curve
from orc_lab.agents.ledger.entry import Model, of_completion, of_todo, of_trouble
from orc_lab.agents.ledger.guard import Recalibration, recalibrate
from orc_lab.agents.ledger.scores import Score, State, of_quantiles, pinball, within
from orc_lab.agents.ledger.settle import score_of
from orc_lab.agents.ledger.standing import coverage, held, standings
from orc_lab.agents.ledger.truth import Verdict
from orc_lab.model.entities import ForecastRecord, Origin

NORMAL = NormalDist()
NUMBERS = st.floats(0, 1e6) | st.sampled_from([0.25, 0.5, 1.0, 2.0, 4.0])
LEVELS = st.lists(st.integers(1, 99), min_size=1, max_size=6, unique=True).map(
    lambda found: [n / 100 for n in sorted(found)]
)


@st.composite
def quantiles(draw: st.DrawFn, positive: bool = False) -> dict[float, float]:
    levels = draw(LEVELS)
    values = sorted(draw(st.lists(NUMBERS, min_size=len(levels), max_size=len(levels))))
    return {level: value + (0.25 if positive else 0) for level, value in zip(levels, values, strict=True)}


@settings(derandomize=True)
@given(quantiles(), NUMBERS, NUMBERS)
def test_levels_rise_with_outcomes_and_stay_between_those_around(
    foreseen: dict[float, float], one: float, other: float
) -> None:
    curve = Curve(tuple(foreseen), tuple(foreseen.values()))
    low, high = sorted((one, other))
    first, second = curve.span(low), curve.span(high)
    assert 0 <= first[0] <= first[1] <= 1
    if first[0] == first[1] and second[0] == second[1]:  # a tie reaches halfway to the levels around it
        assert first[0] <= second[0] + 1e-9
    for level, value in foreseen.items():
        if value < low and first[0] == first[1]:
            assert first[0] >= level


@settings(derandomize=True)
@given(quantiles(positive=True), NUMBERS, st.sampled_from([1 / 60, 1 / 24, 60.0, 1000.0]))
def test_scores_do_not_depend_on_the_unit(foreseen: dict[float, float], outcome: float, factor: float) -> None:
    assume(all(value == outcome or abs(value - outcome) > 1e-6 for value in foreseen.values()))
    one = of_quantiles(foreseen, outcome, counts_from=0)
    scaled = {level: value * factor for level, value in foreseen.items()}
    other = of_quantiles(scaled, outcome * factor, counts_from=0)
    assert other.crps == pytest.approx(one.crps * factor)
    assert (other.low, other.high, other.inside) == pytest.approx((one.low, one.high, one.inside), abs=1e-6)


@settings(derandomize=True)
@given(quantiles(positive=True), st.floats(0.01, 0.99))
def test_a_value_and_its_level_belong_together(foreseen: dict[float, float], level: float) -> None:
    curve = Curve(tuple(foreseen), tuple(foreseen.values()))
    value = curve.value_at(level)
    assert value >= 0
    low, high = curve.span(value)
    if len(foreseen) > 1 and low == high and value > 0:
        assert low == pytest.approx(level, abs=1e-3)
    assert curve.value_at(min(0.999, level + 0.005)) >= value - 1e-9 * value


def test_a_lognormal_is_known_from_five_quantiles_tails_too() -> None:
    curve = Curve(QUANTILES, [math.exp(1 + 0.7 * NORMAL.inv_cdf(level)) for level in QUANTILES])
    for level in (0.001, 0.03, 0.2, 0.5, 0.6, 0.97, 0.999):
        value = math.exp(1 + 0.7 * NORMAL.inv_cdf(level))
        assert curve.value_at(level) == pytest.approx(value)
        assert curve.level_of(value) == pytest.approx(level, abs=1e-6)
    assert curve.span(0.0)[1] < 1e-6


def test_pinball_by_hand_and_least_at_the_truth() -> None:
    assert pinball({0.5: 2.0}, 3.0) == 0.5
    assert pinball({0.1: 2.0, 0.9: 2.0}, 3.0) == pytest.approx((0.1 + 0.9) / 2)
    assert pinball({0.1: 3.0, 0.9: 3.0}, 2.0) == pytest.approx((0.9 + 0.1) / 2)
    rng = np.random.default_rng(1)
    outcomes = rng.gamma(2.0, 2.0, 4000)
    true = dict(zip(QUANTILES, np.quantile(outcomes, QUANTILES).tolist(), strict=True))
    costs = {
        factor: np.mean([pinball({k: v * factor for k, v in true.items()}, y) for y in outcomes])
        for factor in (0.8, 1.0, 1.2)
    }
    assert min(costs, key=costs.__getitem__) == 1.0


@settings(derandomize=True)
@given(quantiles(), NUMBERS)
def test_a_score_survives_its_json(foreseen: dict[float, float], outcome: float) -> None:
    score = of_quantiles(foreseen, outcome, counts_from=7)
    back = Score.read(score.text)
    assert back.text == score.text
    assert back.counts
    assert score.crps >= 0
    assert 0 <= score.inside <= 1


def test_ties_count_in_part_and_on_average_as_the_atoms_do() -> None:
    rng = np.random.default_rng(3)
    values = np.array([0.25, 0.5, 1.0, 2.0, 3.0, 4.0, 8.0])
    weights = np.array([0.05, 0.15, 0.3, 0.25, 0.1, 0.1, 0.05])
    atoms = Atoms.of(values[None, :], weights[None, :])
    foreseen = dict(zip(QUANTILES, atoms.quantiles(QUANTILES)[0].tolist(), strict=True))
    outcomes = rng.choice(values, 4000, p=weights)
    ours = np.mean([of_quantiles(foreseen, y, counts_from=0).inside for y in outcomes])
    exact = np.mean([share_in_band(*atoms.interval(np.array([y])), 0.8)[0] for y in outcomes])
    assert exact == pytest.approx(0.8, abs=0.02)
    assert ours == pytest.approx(0.8, abs=0.05)


def test_within_is_a_share() -> None:
    assert within(0.05, 0.15, 0.1, 0.9) == pytest.approx(0.5)
    assert (within(0.1, 0.1, 0.1, 0.9), within(0.05, 0.05, 0.1, 0.9)) == (1.0, 0.0)


def test_infinite_dates_are_scored_as_far_as_they_tell() -> None:
    foreseen = {0.5: 3.0, 0.8: 9.0, 0.95: math.inf}
    missed = of_quantiles(foreseen, 9.0, counts_from=0, censored=True)
    assert (missed.low, missed.high) == (0.8, 1.0)
    assert json.loads(missed.text)["censored"] is True
    late = of_quantiles(foreseen, 90.0, counts_from=0)
    assert 0.8 < late.low < 0.95
    assert math.isfinite(late.crps)
    assert of_quantiles({0.5: math.inf}, 3.0, counts_from=0).low == 0.25


# Standing


def settled(
    number: int, foreseen: Mapping[float, float], outcome: float, *, raw: Sequence[float] = ()
) -> ForecastRecord:
    """A live forecast of a todo of its own, come true."""
    entry = of_todo(f"t{number}", foreseen, as_of=1000 + number, raw_levels=tuple(raw))
    return resolved(number, entry.written, "hours", outcome, subject=("todos", f"t{number}"), detail=entry.detail)


def resolved(
    number: int, written: str, unit: str, outcome: float, *, subject: tuple[str, str | None], model: str = "estimate",
    detail: str | None = None,
) -> ForecastRecord:  # fmt: skip
    row = ForecastRecord(
        id=f"f{number:05d}", model=model, subject=subject[0], subject_id=subject[1], unit=unit, quantiles=written,
        basis="history", inputs_hash="", as_of=1000 + number, made_at=1000 + number, origin=Origin.LIVE, detail=detail,
        day="2026-11-16",
    )  # fmt: skip
    at = 2000 + number
    verdict = Verdict(id=row.id, state=State.RESOLVED, outcome=outcome, resolved_at=at, counts_from=at)
    return replace(row, outcome=outcome, resolved_at=at, score=score_of(row, verdict).text)


def foresee(spread: float, centre: float = 0.0, levels: Sequence[float] = QUANTILES) -> dict[float, float]:
    """Lognormal quantiles."""
    return {level: math.exp(centre + spread * NORMAL.inv_cdf(level)) for level in levels}


def ledger(count: int, *, said: float, true: float, seed: int, centre: float = 0.0) -> list[ForecastRecord]:
    """Forecasts of lognormal hours whose spread on a log scale is said to be `said` and is `true`."""
    outcomes = np.exp(np.random.default_rng(seed).normal(centre, true, count))
    return [settled(n, foresee(said), float(y)) for n, y in enumerate(outcomes)]


def test_coverage_is_of_the_level_asked_and_of_the_model_asked() -> None:
    rows = ledger(2000, said=0.6, true=0.6, seed=1)
    for nominal in (0.5, 0.8, 0.9):
        found = coverage(rows, model="estimate", nominal=nominal)
        assert found.low <= nominal <= found.high
        assert found.n == 2000
    for level in (0.1, 0.5, 0.8, 0.95):
        assert held(rows, level=level).share == pytest.approx(level, abs=0.03)
    assert coverage(rows, model="velocity").n == 0
    assert coverage([], model="estimate").sentence.endswith("no forecast has come true yet")
    shuffled = [rows[i] for i in np.random.default_rng(0).permutation(len(rows))]
    assert coverage(shuffled) == coverage(rows)


def test_probabilities_have_a_brier_score_and_a_reliability_table() -> None:
    rng = np.random.default_rng(5)
    said = rng.beta(1.0, 2.0, 1500)
    rows = [
        resolved(n, json.dumps({"p": float(p)}), "probability", float(rng.random() < p), subject=("projects", f"p{n}"))
        for n, p in enumerate(said)
    ]
    (standing,) = standings(rows)
    assert standing.n == 1500
    assert standing.brier < standing.brier_of_base
    assert standing.brier == pytest.approx(float(np.mean(said * (1 - said))), abs=0.02)
    assert sum(each.n for each in standing.reliability) == 1500
    assert all(each.low - 0.02 <= each.said <= each.high + 0.02 for each in standing.reliability)
    assert "Brier score" in standing.sentence
    json.dumps(standing.as_dict(), allow_nan=False)


def test_what_is_not_counted_yet_is_told() -> None:
    open_row = replace(settled(0, foresee(0.5), 1.0), outcome=None, resolved_at=None, score=None)
    (standing,) = standings([open_row])
    assert standing.sentence == "estimate: the one forecast doesn't count yet."
    assert standing.as_dict()["crps"] is None


# The guard


def later(
    guard: Recalibration, *, said: float, true: float, centre: float = 0.0, count: int = 20000
) -> tuple[float, float]:
    """The share of later outcomes inside the mended 80% band: asked of the model anew, or read off stored quantiles."""
    outcomes = np.exp(np.random.default_rng(99).normal(centre, true, count))
    low, high = guard.levels((0.1, 0.9))
    asked = foresee(said, levels=(low, high))
    read = guard.mend(foresee(said))
    bands = ((asked[low], asked[high]), (read[0.1], read[0.9]))
    inside = [np.mean((outcomes >= least) & (outcomes <= most)) for least, most in bands]
    return float(inside[0]), float(inside[1])


@pytest.mark.parametrize(
    ("true", "centre"), [(0.9, 0.0), (0.3, 0.0), (0.6, 0.7)], ids=["too narrow", "too wide", "off"]
)
def test_the_guard_restores_what_is_promised(true: float, centre: float) -> None:
    before = later(recalibrate([], model="estimate"), said=0.5, true=true, centre=centre)
    mended = []
    for seed in range(12):
        guard = recalibrate(ledger(300, said=0.5, true=true, seed=seed, centre=centre), model="estimate")
        assert guard.applied
        assert guard.since <= 150
        mended.append(later(guard, said=0.5, true=true, centre=centre))
    asked, read = np.mean(mended, axis=0)
    assert abs(before[0] - 0.8) > 0.1
    assert abs(asked - 0.8) < 0.035
    assert abs(read - 0.8) < 0.035


def test_the_guard_leaves_alone_what_holds() -> None:
    applied, shares = 0, []
    for seed in range(40):
        guard = recalibrate(ledger(200, said=0.5, true=0.5, seed=1000 + seed), model="estimate")
        applied += guard.applied
        shares.append(later(guard, said=0.5, true=0.5)[0])
        if not guard.applied:
            assert guard.levels(QUANTILES) == QUANTILES
            assert guard.mend(foresee(0.5)) == foresee(0.5)
            assert guard.sentence.endswith("left as they are.")
    assert applied <= 6  # a twentieth of them by chance
    assert np.mean(shares) == pytest.approx(0.8, abs=0.01)
    assert min(shares) > 0.7


def test_a_mended_model_keeps_its_cure() -> None:
    rows = ledger(300, said=0.5, true=0.9, seed=4)
    guard = recalibrate(rows, model="estimate")
    raw = guard.levels(QUANTILES)
    shown = dict(zip(QUANTILES, foresee(0.5, levels=raw).values(), strict=True))
    outcomes = np.exp(np.random.default_rng(8).normal(0.0, 0.9, 400))
    rows += [settled(1000 + n, shown, float(y), raw=raw) for n, y in enumerate(outcomes)]
    assert coverage(rows[300:]).share == pytest.approx(0.8, abs=0.08)  # unmended .52
    again = recalibrate(rows, model="estimate", last=400)
    assert again.applied
    assert again.level(0.1) < 0.05
    assert again.level(0.9) > 0.95


def test_little_data_mends_little() -> None:
    rows = ledger(300, said=0.4, true=0.9, seed=2)
    tails = [recalibrate(rows[:n], model="estimate").level(0.1) for n in (0, 2, 30, 300)]
    assert tails[:2] == [0.1, 0.1]
    assert tails[1] > tails[2] > tails[3] > 0
    json.dumps(recalibrate(rows, model="estimate").as_dict(), allow_nan=False)
    assert "certain since" in recalibrate(rows, model="estimate").sentence


def test_levels_rise_whatever_came_true() -> None:
    for outcomes in ([1.0] * 80, [1e9] * 80, [1e-9] * 80, [0.0] * 80):
        guard = recalibrate([settled(n, foresee(0.5), y) for n, y in enumerate(outcomes)], model="estimate")
        levels = guard.levels(QUANTILES)
        assert all(a < b for a, b in pairwise(levels))
        mended = list(guard.mend(foresee(0.5)).values())
        assert mended == sorted(mended)
        assert all(0 < value < math.inf for value in mended)


def test_dates_are_judged_by_their_p80() -> None:
    levels = (0.5, 0.8, 0.95)
    rng = np.random.default_rng(6)
    rows = []
    for n, days in enumerate(rng.lognormal(2.6, 0.8, 300)):
        entry = of_completion(foresee(0.8, centre=2.0, levels=levels), as_of=1000, project_id=f"p{n}")
        subject = ("projects", f"p{n}")
        rows.append(resolved(n, entry.written, "days", float(days), subject=subject, model=Model.COMPLETION))
    guard = recalibrate(rows, model=Model.COMPLETION)
    assert guard.applied
    assert guard.level(0.8) > 0.9
    assert "80% dates held" in guard.sentence
    assert "P80 is now the model's own" in guard.sentence
    mended = guard.mend(foresee(0.8, centre=2.0, levels=levels))
    assert np.mean(rng.lognormal(2.6, 0.8, 4000) <= mended[0.8]) == pytest.approx(0.8, abs=0.05)


def test_probabilities_are_not_mended_by_levels() -> None:
    entry = of_trouble(Model.LATE, "p", 0.5, as_of=0, days=3)
    rows = [resolved(n, entry.written, "probability", 1.0, subject=("projects", f"p{n}"), model="m") for n in range(50)]
    assert not recalibrate(rows, model="m").applied
