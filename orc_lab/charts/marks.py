"""What several figures draw: ribbons, reference lines, time axes, and not too many points."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from orc_lab.charts.theme import GREY
from orc_lab.model.week import Week

WEEK = pd.Timedelta(days=7)
WEEK_MS = 7 * 86_400_000  # Plotly counts bar widths on a time axis in milliseconds
MOST_POINTS = 1500
DASHED = {"color": GREY, "dash": "dash", "width": 1.5}
TIME_AXIS: dict[str, Any] = {"type": "date", "tickformat": "%-d %b\n%Y", "nticks": 8, "showgrid": False}


def week_axis(starts: pd.DatetimeIndex | pd.Series) -> dict[str, Any]:
    """An x axis of weeks, each at its Monday, with half a week of air on both sides."""
    return TIME_AXIS | {"range": [starts.min() - WEEK * 0.7, starts.max() + WEEK * 0.7]}


def monday(week: str) -> pd.Timestamp:
    """The first day of a week written like 2026-W47; raises UnknownWeek."""
    return pd.Timestamp(Week.parse(week).monday)


def ribbon(drawing: go.Figure, name: str, x: pd.Series, low: pd.Series, high: pd.Series, colour: str) -> None:
    """Add a band between two lines over ascending `x`."""
    drawing.add_scatter(
        name=name, x=pd.concat([x, x[::-1]]).to_numpy(), y=np.concatenate([high, low[::-1]]), mode="lines",
        fill="toself", line={"color": colour, "width": 1}, fillcolor=colour, hoverinfo="skip",
    )  # fmt: skip


def thinned(table: pd.DataFrame, most: int = MOST_POINTS) -> pd.DataFrame:
    """Every so many-th row, the last one included, so that at most `most` are left."""
    return table.iloc[:: -max(1, -(-len(table) // most))].iloc[::-1]
