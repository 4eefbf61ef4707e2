"""Estimates against what became of them, and whether the bands that the agents draw hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from orc_lab.agents.atoms import share_in_band
from orc_lab.agents.forecast import wilson
from orc_lab.charts.marks import DASHED, MOST_POINTS, TIME_AXIS, ribbon, thinned
from orc_lab.charts.theme import BLUE, GREEN, ORANGE, empty, figure, translucent

LEVELS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
WINDOW = 30  # finished todos that a rolling median looks back on
_FIRST = 10  # … and the fewest
_MOST_STEPS = 400
_HOURS = {
    0.02: "0.02", 0.05: "0.05", 0.1: "0.1", 0.25: "¼", 0.5: "½", 1: "1", 2: "2", 4: "4", 8: "8", 16: "16", 40: "40",
    80: "80", 160: "160", 400: "400", 1000: "1k", 2000: "2k", 5000: "5k",
}  # fmt: skip
_RATIOS = {
    1 / 16: "1/16", 1 / 8: "1/8", 1 / 4: "¼", 1 / 2: "½", 2 / 3: "⅔", 1: "1", 1.5: "1½", 2: "2", 4: "4", 8: "8",
    16: "16",
}  # fmt: skip


def estimate_against_actual(finished: pd.DataFrame, band: pd.DataFrame | None = None) -> go.Figure:
    """How far off are estimates, and does it depend on the size?

    `finished`: estimate_hours, actual_hours. `band`: estimate_hours, q10, q50, q90, what a todo with that estimate is
    expected to take (from `agents.estimation.Estimator.predict`). Both axes are logarithmic: doubles and halves look
    alike. Source: Derek Jones & Stephen Cullum, arXiv 1901.01621.
    """
    known = _estimated(finished)
    if known.empty:
        return empty("No finished todo has both an estimate and hours yet. Each one that has them becomes a dot here.")
    q25, median, q75 = (known["actual_hours"] / known["estimate_hours"]).quantile([0.25, 0.5, 0.75])
    title = f"At the median a todo takes {_times(median)} its estimate; half of them take {q25:.2f} to {_times(q75)}"
    pairs = known.groupby(["estimate_hours", "actual_hours"]).size().rename("n").reset_index()
    points = pairs.nlargest(MOST_POINTS, "n", keep="first")
    some = f" The {len(points):,} most frequent pairs are drawn." if len(points) < len(pairs) else ""
    drawing = figure(
        title,
        f"Scatter of hours worked against hours estimated of {len(known):,} finished todos. {title}.{some}",
        "Ratio = hours worked ÷ original estimate of finished todos; on the dashed line they are equal, larger dots "
        "are several todos. Band: what 80% of todos with that estimate take. Source: Jones & Cullum, arXiv 1901.01621.",
        height=420,
        xaxis=_hours_axis(points["estimate_hours"], "estimated"),
        yaxis=_hours_axis(points["actual_hours"], "worked"),
    )
    if band is not None and len(band):
        _expected(drawing, band)
    _pairs(drawing, points)
    return drawing


def _times(ratio: float) -> str:
    return f"{ratio:.2f}\N{NO-BREAK SPACE}×"


def _estimated(finished: pd.DataFrame) -> pd.DataFrame:
    if finished.empty:
        return finished
    both = finished[["estimate_hours", "actual_hours"]]
    return finished[((both > 0) & np.isfinite(both)).all(axis=1)]


def _hours_axis(hours: pd.Series, what: str) -> dict[str, Any]:
    """A logarithmic axis of hours with the ticks that people think in."""
    low, high = np.log10(hours.min()) - 0.15, np.log10(hours.max()) + 0.15
    inside = [hour for hour in _HOURS if low <= np.log10(hour) <= high]
    inside = inside[:: 1 + len(inside) // 9]
    ticks = {"tickvals": inside, "ticktext": [_HOURS[hour] for hour in inside]} if inside else {}
    return {"type": "log", "range": [low, high], "title_text": f"hours {what}", "tickangle": 0, **ticks}


def _expected(drawing: go.Figure, band: pd.DataFrame) -> None:
    table = band.sort_values("estimate_hours")
    ribbon(drawing, "80% band", table["estimate_hours"], table["q10"], table["q90"], translucent(GREEN, 0.38))
    drawing.add_scatter(
        name="Expected", x=table["estimate_hours"].to_numpy(), y=table["q50"].to_numpy(), mode="lines",
        line={"color": GREEN, "width": 2.5}, customdata=table[["q10", "q90"]].to_numpy(),
        hovertemplate="estimated %{x:,.3~g} h: %{y:,.3~g} h, 80% %{customdata[0]:,.3~g} to %{customdata[1]:,.3~g} h"
        "<extra></extra>",
    )  # fmt: skip


def _pairs(drawing: go.Figure, points: pd.DataFrame) -> None:
    size = 5 + 2.5 * np.sqrt(points["n"].clip(upper=64))
    drawing.add_scatter(
        name="Todos", x=points["estimate_hours"], y=points["actual_hours"], mode="markers", customdata=points["n"],
        marker={"color": translucent(BLUE, 0.8), "size": size, "line_width": 0},
        hovertemplate="%{customdata} × estimated %{x:,.3~g} h, worked %{y:,.3~g} h<extra></extra>",
    )  # fmt: skip
    hours = points[["estimate_hours", "actual_hours"]].to_numpy()
    ends = [hours.min(), hours.max()]
    drawing.add_scatter(name="As estimated", x=ends, y=ends, mode="lines", hoverinfo="skip", line=DASHED)


def estimate_ratio_over_time(finished: pd.DataFrame, *, window: int = WINDOW) -> go.Figure:
    """Do estimates get better?

    `finished`: completed, estimate_hours, actual_hours. The rolling median and middle half of actual ÷ original
    estimate over `window` finished todos; the axis is logarithmic.
    """
    known = _estimated(finished)
    known = known if known.empty else known[known["completed"].notna()].sort_values("completed", kind="stable")
    if known.empty:
        return empty("No finished todo has both an estimate and hours yet. Their ratio over time is drawn here.")
    table = _rolling_ratio(known, window)
    last = table.iloc[-1]
    title = (
        f"The last {min(window, len(known))} estimated todos took {_times(last['q50'])} their estimate at the median, "
        f"half of them {last['q25']:.2f} to {_times(last['q75'])}"
    )
    drawing = figure(
        title,
        f"Line of the rolling median of actual ÷ estimate with its middle half, over {len(known):,} todos. {title}.",
        f"Hours worked ÷ original estimate; median and middle half of {window} todos up to each. 1 is as estimated.",
        xaxis=TIME_AXIS,
        yaxis=_ratio_axis(table),
    )
    drawing.add_hline(y=1, line=DASHED)
    ribbon(drawing, "Middle half", table["completed"], table["q25"], table["q75"], translucent(BLUE, 0.4))
    drawing.add_scatter(
        name=f"Median of {window}", x=table["completed"], y=table["q50"].to_numpy(),
        mode="lines" if len(table) > 1 else "markers", line={"color": BLUE, "width": 2.5}, marker_color=BLUE,
        customdata=table[["q25", "q75"]].to_numpy(),
        hovertemplate="%{x|%-d %b %Y}: %{y:.2f} ×, half %{customdata[0]:.2f} to %{customdata[1]:.2f}<extra></extra>",
    )  # fmt: skip
    return drawing


def _rolling_ratio(known: pd.DataFrame, window: int) -> pd.DataFrame:
    ratio = (known["actual_hours"] / known["estimate_hours"]).rolling(window, min_periods=min(_FIRST, len(known)))
    quartiles = {name: ratio.quantile(level) for name, level in (("q25", 0.25), ("q50", 0.5), ("q75", 0.75))}
    return thinned(known[["completed"]].assign(**quartiles).dropna(), _MOST_STEPS)


def _ratio_axis(table: pd.DataFrame) -> dict[str, Any]:
    low, high = min(float(table["q25"].min()), 0.5), max(float(table["q75"].max()), 2.0)
    return {
        "type": "log", "tickvals": list(_RATIOS), "ticktext": list(_RATIOS.values()), "title_text": "actual ÷ estimate",
        "range": [np.log10(low) - 0.05, np.log10(high) + 0.05],
    }  # fmt: skip


def calibration(walk: pd.DataFrame) -> go.Figure:
    """Do the bands hold as often as they promise?

    `walk` as from `agents.estimation.walk_forward`: below, upto (the forecast's P(Y < actual) and P(Y ≤ actual)), one
    row a finished todo, forecast from its past only. With Wilson's 95% intervals (JASA 1927).
    """
    known = walk if walk.empty else walk[walk["below"].notna() & walk["upto"].notna()]
    if known.empty:
        return empty("No forecast has come true yet. How often bands held is drawn here, beside what they promised.")
    table = _coverages(known)
    eighty = table.loc[0.8]
    title = (
        f"80% bands held {eighty['share']:.0%} of {len(known):,} times "
        f"(95% interval {eighty['low']:.0%} to {eighty['high']:.0%})"
    )
    listed = ", ".join(f"{level:.0%} held {share:.0%}" for level, share in table["share"].items())
    axis = {"tickformat": ".0%", "range": [0, 1.02], "dtick": 0.2}
    drawing = figure(
        title,
        f"Share of outcomes inside central bands against what the bands promise: {listed}.",
        "Each finished todo was forecast from what was finished before it was created; a tie with a band's edge counts "
        "in part. Intervals: Wilson, 95%. On the dashed line bands hold what they promise; below they are too narrow.",
        height=400,
        xaxis=axis | {"title_text": "promised"},
        yaxis=axis | {"title_text": "held"},
    )
    drawing.add_scatter(name="As promised", x=[0, 1], y=[0, 1], mode="lines", hoverinfo="skip", line=DASHED)
    _coverage_points(drawing, table)
    return drawing


def _coverages(known: pd.DataFrame) -> pd.DataFrame:
    """Share held at each nominal level (the index) with its interval: share, low, high."""
    below, upto, n = known["below"].to_numpy(), known["upto"].to_numpy(), len(known)
    shares = [float(share_in_band(below, upto, level).mean()) for level in LEVELS]
    ends = [wilson(share * n, n) for share in shares]
    return pd.DataFrame(ends, columns=["low", "high"], index=pd.Index(LEVELS)).assign(share=shares)


def _coverage_points(drawing: go.Figure, table: pd.DataFrame) -> None:
    up, down = (table["high"] - table["share"]).to_numpy(), (table["share"] - table["low"]).to_numpy()
    drawing.add_scatter(
        name="Held, with 95% interval", x=table.index, y=table["share"].to_numpy(), mode="markers+lines",
        marker={"color": BLUE, "size": 8}, line={"color": BLUE, "width": 1.5},
        error_y={"type": "data", "symmetric": False, "array": up, "arrayminus": down, "color": ORANGE, "thickness": 2},
        customdata=table[["low", "high"]].to_numpy(),
        hovertemplate="%{x:.0%} bands held %{y:.1%} (%{customdata[0]:.0%} to %{customdata[1]:.0%})<extra></extra>",
    )  # fmt: skip
