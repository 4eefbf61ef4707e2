"""How well a model has held so far: the share of its bands that held, its errors, and what doesn't count.

Only live forecasts count, and only once they could have come out either way. What was foreseen on ten days came true
once: it counts as one, its forecasts averaged, so that no interval is narrower for a page looked at more often.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from orc_lab.agents.forecast import NOMINAL, Coverage, amount, share, wilson
from orc_lab.agents.ledger.entry import DAYS, PROBABILITY, Model, Subject, read_quantiles
from orc_lab.agents.ledger.scores import Score, State, within
from orc_lab.model.entities import ForecastRecord, Origin
from orc_lab.model.week import Week

_SPOKEN = {
    Model.WEEK_FITS.value: "chance that a week fits",
    Model.OVERRUN.value: "chance of an overrun",
    Model.DORMANT.value: "chance that nothing gets done in 8 weeks",
    Model.LATE.value: "chance of missing a due day",
}
BINS = 5  # of probabilities, equally wide
Key = tuple[str, str, int | None, str]
Scored = tuple[ForecastRecord, Score]


def counted(records: Iterable[ForecastRecord], *, model: str | None = None, now: int | None = None) -> list[Scored]:
    """Return the live forecasts that count by `now`, with their scores, in order of time.

    `now` (seconds UTC) is by default the latest instant that the ledger itself tells of.
    """
    live = [row for row in records if row.origin is Origin.LIVE and model in (None, row.model)]
    latest = max((max(row.made_at, row.resolved_at or 0) for row in live), default=0) if now is None else now
    scored = [(row, Score.read(row.score)) for row in live if row.score is not None]
    found = [(row, score) for row, score in scored if score.counts and score.counts_from <= latest]
    return sorted(found, key=lambda each: (each[1].counts_from, each[0].id))


def key_of(record: ForecastRecord) -> Key:
    """What a forecast was about: forecasts with the same key came true together.

    The next N todos have no name: their forecasts of one week count as one.
    """
    about = record.subject_id
    if about is None:
        about = str(Week.of(date.fromisoformat(record.day))) if record.day else str(record.as_of // 604_800)
    same_horizon = record.horizon if record.subject == Subject.WEEKS or record.unit == DAYS else None
    return record.subject, about, same_horizon, record.unit


def means(scored: Iterable[Scored], value: Callable[[ForecastRecord, Score], float]) -> list[float]:
    """Return the mean value of each subject, in order of their first; NaN values are left out."""
    found: dict[tuple[str, Key], list[float]] = defaultdict(list)
    for record, score in scored:
        number = value(record, score)
        if not math.isnan(number):
            found[record.model, key_of(record)].append(number)
    return [sum(values) / len(values) for values in found.values()]


def coverage(
    records: Iterable[ForecastRecord], *, model: str | None = None, nominal: float = NOMINAL, now: int | None = None
) -> Coverage:
    """How often central bands held, of one model or of all; ties with an edge count in part."""
    tail = (1 - nominal) / 2
    hits = means(counted(records, model=model, now=now), lambda _, score: _within(score, tail, 1 - tail))
    return Coverage(nominal=nominal, hits=sum(hits), n=len(hits))


def held(
    records: Iterable[ForecastRecord], *, model: str | None = None, level: float, now: int | None = None
) -> Coverage:
    """How often the outcome was at most the quantile of a level: P80 dates should hold 80% of times."""
    hits = means(counted(records, model=model, now=now), lambda _, score: _within(score, 0.0, level))
    return Coverage(nominal=level, hits=sum(hits), n=len(hits))


def _within(score: Score, least: float, most: float) -> float:
    return math.nan if math.isnan(score.low) else within(score.low, score.high, least, most)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Probabilities near each other: how many subjects, what was said on average, and the share that came."""

    n: int
    said: float
    came: float

    @property
    def low(self) -> float:
        """Lower end of Wilson's 95% interval for the share."""
        return wilson(self.came * self.n, self.n)[0]

    @property
    def high(self) -> float:
        """Upper end of Wilson's 95% interval for the share."""
        return wilson(self.came * self.n, self.n)[1]

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {"n": self.n, "said": self.said, "came": self.came, "low": self.low, "high": self.high}


def reliability(scored: Sequence[Scored], *, bins: int = BINS) -> tuple[Bin, ...]:
    """Return what came of probabilities, by equally wide bins of them, empty ones left out."""
    found: dict[int, list[tuple[float, float]]] = defaultdict(list)
    per_subject: dict[tuple[str, Key], list[tuple[float, float]]] = defaultdict(list)
    for record, _ in scored:
        if record.unit == PROBABILITY and record.outcome is not None:
            said = read_quantiles(record.quantiles)[0.5]
            per_subject[record.model, key_of(record)].append((said, record.outcome))
    for pairs in per_subject.values():
        said, came = (sum(values) / len(pairs) for values in zip(*pairs, strict=True))
        found[min(int(said * bins), bins - 1)].append((said, came))
    return tuple(_bin(pairs) for _, pairs in sorted(found.items()))


def _bin(pairs: Sequence[tuple[float, float]]) -> Bin:
    said, came = (sum(values) / len(pairs) for values in zip(*pairs, strict=True))
    return Bin(n=len(pairs), said=said, came=came)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How one model has held in one unit.

    `n` subjects count, with `forecasts` of them; `censored` of those missed above and have no outcome yet, so `crps` is
    at least what it says. `waiting` came true before they could have come out late, `open` not at all, `void` can't be
    told. Of quantiles `coverage` is that of the central band, of dates `held` that of each one-sided level. `brier` of
    probabilities stands beside `brier_of_base`, that of always saying the share that came. NaN where n is 0.
    """

    model: str
    unit: str
    n: int
    forecasts: int
    censored: int
    waiting: int
    open: int
    void: int
    coverage: Coverage | None
    held: tuple[Coverage, ...]
    crps: float
    brier: float
    brier_of_base: float
    reliability: tuple[Bin, ...]

    @property
    def sentence(self) -> str:
        """For a page: how often it held, how far off it was, and what is still open."""
        if not self.n:
            still = self.open + self.waiting
            told = "the one forecast doesn't count yet" if still == 1 else f"none of {still:,} forecasts counts yet"
            return f"{self.name}: {told}."
        return f"{self.name}: {self._held()}. {self._beside()}"

    @property
    def name(self) -> str:
        """The model as people call it, with what it foresees where that is of two kinds: todos or hours."""
        spoken = _SPOKEN.get(self.model, self.model)
        return f"{spoken} of {self.unit}" if self.model == Model.THROUGHPUT else spoken

    def _held(self) -> str:
        if self.unit == PROBABILITY:
            skill = f"Brier score {self.brier:.3f}, of the base rate {self.brier_of_base:.3f}"
            return f"{skill} ({amount(self.n, 'times')})"
        if self.coverage is not None:
            return f"{self.coverage.sentence}; mean CRPS {self._crps()}"
        shares = ", ".join(
            f"P{100 * each.nominal:.0f} {share(each.share)} ({share(each.low)} to {share(each.high)})"
            for each in self.held
        )
        return f"of {amount(self.n, 'dates')}, finished by {shares}; mean CRPS {self._crps()}"

    def _crps(self) -> str:
        return f"{'at least ' if self.censored else ''}{amount(self.crps, self.unit)}"

    def _beside(self) -> str:
        still = self.open + self.waiting
        are = "is" if still == 1 else "are"
        return f"{amount(still, 'forecasts')} {are} open, {self.void:,} can't be told."

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON; None for NaN."""
        names = ("model", "unit", "n", "forecasts", "censored", "waiting", "open", "void")
        numbers = {name: getattr(self, name) for name in ("crps", "brier", "brier_of_base")}
        return {
            **{name: getattr(self, name) for name in names},
            **{name: None if math.isnan(value) else value for name, value in numbers.items()},
            "coverage": self.coverage.as_dict() if self.coverage else None,
            "held": [each.as_dict() for each in self.held],
            "reliability": [each.as_dict() for each in self.reliability],
            "sentence": self.sentence,
        }


def standings(records: Sequence[ForecastRecord], *, now: int | None = None) -> tuple[Standing, ...]:
    """Return how each model has held, a Standing a model and unit; previews and replays are not looked at."""
    groups: dict[tuple[str, str], list[ForecastRecord]] = defaultdict(list)
    for record in records:
        if record.origin is Origin.LIVE:
            groups[record.model, record.unit].append(record)
    return tuple(_standing(model, unit, rows, now) for (model, unit), rows in sorted(groups.items()))


def _standing(model: str, unit: str, rows: Sequence[ForecastRecord], now: int | None) -> Standing:
    scored = counted(rows, now=now)
    states = _states(rows)
    brier, base = _brier(scored)
    crps = means(scored, lambda _, score: score.crps)
    central = unit not in (DAYS, PROBABILITY)
    levels = sorted({level for row, _ in scored for level in read_quantiles(row.quantiles)} if unit == DAYS else ())
    return Standing(
        model=model,
        unit=unit,
        n=len({key_of(row) for row, _ in scored}),
        forecasts=len(scored),
        censored=sum(score.state is State.CENSORED for _, score in scored),
        waiting=states[State.RESOLVED] + states[State.CENSORED] - len(scored),
        open=sum(row.score is None for row in rows),
        void=states[State.VOID] + states[State.UNMEASURED],
        coverage=coverage(rows, now=now) if central else None,
        held=tuple(held(rows, level=level, now=now) for level in levels),
        crps=sum(crps) / len(crps) if crps else math.nan,
        brier=brier,
        brier_of_base=base,
        reliability=reliability(scored),
    )


def _states(rows: Sequence[ForecastRecord]) -> Mapping[State, int]:
    found = dict.fromkeys(State, 0)
    for row in rows:
        if row.score is not None:
            found[Score.read(row.score).state] += 1
    return found


def _brier(scored: Sequence[Scored]) -> tuple[float, float]:
    """Return the mean Brier score of probabilities, and that of always saying the share that came."""
    scores = means(scored, lambda _, score: score.brier)
    if not scores:
        return math.nan, math.nan
    came = means(scored, lambda record, _: math.nan if record.outcome is None else record.outcome)
    base = sum(came) / len(came)
    return sum(scores) / len(scores), base * (1 - base)
