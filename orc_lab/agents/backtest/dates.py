"""The day on which the next so many todos will be done."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import numpy as np
import pandas as pd

from orc_lab.agents.atoms import Floats
from orc_lab.agents.backtest import simple
from orc_lab.agents.backtest.history import finished, spread, weekly
from orc_lab.agents.backtest.result import OURS, Family, Measure, Row
from orc_lab.agents.backtest.scores import Score, clusters, held, pinball, ratio
from orc_lab.agents.completion.dates import forecast_completion

COUNTS = (5, 20, 50)
PROMISES = (0.5, 0.8, 0.95)
RATE, MONTE_CARLO = "average rate", "textbook Monte Carlo"
MOST = 40  # Mondays of one person on which dates are forecast
_FEWEST = 10
_CLUSTER = 8  # forecasts of one person that are resampled together
_LONGEST = 3 * 365.0  # days that a date which never comes counts for
_NAMES = {level: f"p{round(100 * level)}" for level in PROMISES}
_MEASURES = {
    "p50": Measure(label="P50 held", spec="%", help="done by that day; Wilson's 95% interval"),
    "p80": Measure(label="P80 held", spec="%", help="done by that day; Wilson's 95% interval"),
    "p95": Measure(label="P95 held", spec="%", help="done by that day; Wilson's 95% interval"),
    "mae": Measure(label="MAE days", spec="h", help="mean absolute error of the median day"),
    "loss": Measure(label="loss ÷ Monte Carlo", spec="x", help="pinball loss of the three ÷ that of the Monte Carlo"),
}
LAW = (
    "On Mondays the day of the next so many completions is forecast from the days of those before, "
    f"{simple.WEEKS} weeks of them or more. Forecasts that have not come true yet are left out."
)


def walk(tasks: pd.DataFrame, person: str = "", *, until: datetime | None = None, seed: int = 0) -> pd.DataFrame:
    """Forecast dates of one person (`prepared`); a row a forecast.

    Columns: person, count, today, actual (days from then on), and days by method and promise: ours_p50 … rate_p50,
    carlo_p95.
    """
    done = finished(tasks)
    weeks = weekly(done, until)
    ended = done["completed"].dt.normalize()
    rows: list[dict[str, object]] = []
    for week in spread(len(weeks), MOST, start=simple.WEEKS).tolist():
        today = weeks["start"][week]
        before = int((ended < today).sum())
        if before:
            rows.extend(_promised(ended, before, weeks["todos"].to_numpy()[:week], today, seed))
    return pd.DataFrame(rows).assign(person=person) if rows else pd.DataFrame()


def _promised(
    ended: pd.Series, before: int, pace: Floats, today: pd.Timestamp, seed: int
) -> Iterator[dict[str, object]]:
    past = ended.iloc[:before]
    for count in COUNTS:
        if before + count > len(ended):
            return
        row: dict[str, object] = {"count": count, "today": today}
        row["actual"] = float((ended.iloc[before + count - 1] - today).days)
        ours = forecast_completion(past, today, count, quantiles=PROMISES, seed=seed)
        carlo = simple.monte_carlo(pace, count, PROMISES, np.random.default_rng([seed, before, count]))
        for at, (level, name) in enumerate(_NAMES.items()):
            row[f"ours_{name}"] = float(np.nan_to_num(ours.days[level], nan=np.inf))
            row[f"carlo_{name}"] = float(np.ceil(carlo[at]))
        row["rate_p50"] = float(np.ceil(simple.average_rate(pace, count)))
        yield row


def dates(walked: pd.DataFrame, *, seed: int = 0) -> Family:
    """Compare the methods on the forecasts of one or more persons."""
    rows = tuple(_rows(walked, seed)) if len(walked) else ()
    promises = [
        {"part": row.part, "model": row.model, "promised": level, "share": score.value, "low": score.low,
         "high": score.high, "n": row.n}
        for row in rows
        for level, name in _NAMES.items()
        if (score := row.scores.get(name)) is not None
    ]  # fmt: skip
    needs = f"{simple.WEEKS} weeks and, after them, {_FEWEST} times the next {COUNTS[0]} completions would be needed."
    return Family(
        key="dates",
        title="Days of completion",
        law=LAW,
        measures=_MEASURES,
        rows=rows,
        needs="" if rows else needs,
        plots={"held": pd.DataFrame(promises)} if promises else {},
    )


def _rows(walked: pd.DataFrame, seed: int) -> Iterator[Row]:
    for count in COUNTS:
        those = walked[walked["count"] == count]
        if len(those) < _FEWEST:
            continue
        for model, scores in _scores(those, seed).items():
            yield Row(part=f"next {count} todos", model=model, n=len(those), scores=scores)


def _scores(those: pd.DataFrame, seed: int) -> dict[str, dict[str, Score]]:
    actual = those["actual"].to_numpy(dtype=np.float64)
    labels = clusters(those["person"].tolist(), _CLUSTER)
    found: dict[str, dict[str, Score]] = {}
    losses = {}
    for model, key in ((OURS, "ours"), (MONTE_CARLO, "carlo")):
        promised = those[[f"{key}_{name}" for name in _NAMES.values()]].to_numpy(dtype=np.float64)
        found[model] = {name: held(actual <= promised[:, at]) for at, name in enumerate(_NAMES.values())}
        promised = np.minimum(promised, _LONGEST)
        losses[model] = pinball(promised, actual, PROMISES)
        found[model]["mae"] = Score(value=float(np.abs(actual - promised[:, 0]).mean()))
    found[OURS]["loss"] = ratio(losses[OURS], losses[MONTE_CARLO], labels, seed=seed)
    rate = those["rate_p50"].to_numpy(dtype=np.float64)
    error = float(np.abs(actual - np.minimum(rate, _LONGEST)).mean())
    found[RATE] = {"p50": held(actual <= rate), "mae": Score(value=error)}
    return found
