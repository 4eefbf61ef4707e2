"""When work happens."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from orc_lab.agents.atoms import Floats
from orc_lab.charts.theme import BLUE, empty, figure, number, translucent

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SPAN = 3  # hours of the stretch that is named


def focus_heatmap(hours: pd.DataFrame) -> go.Figure:
    """At what hours of the week does focused work happen?

    `hours` as from `mirror.metrics.focus`: weekday (0 = Monday), hour (0 … 23), hours. Absent cells are zero.
    Source: the hour-of-week profile of time trackers such as RescueTime.
    """
    grid = np.zeros((7, 24))
    np.add.at(grid, (hours["weekday"].astype(int), hours["hour"].astype(int)), hours["hours"].fillna(0.0))
    if not grid.any():
        return empty("No work session was tracked. With `orc start` and `orc stop`, the hours you work in show here.")
    days = ", ".join(f"{day} {number(float(hours), 'h')}" for day, hours in zip(DAYS, grid.sum(axis=1), strict=True))
    title = _focus_title(grid)
    bare: dict[str, object] = {"showgrid": False, "zeroline": False}
    names = [day[:3] for day in DAYS]
    scale = {"title": {"text": "h", "font_size": 12}, "tickfont_size": 12, "thickness": 8, "len": 1, "outlinewidth": 0}
    drawing = figure(
        title,
        f"Heat map of tracked hours by weekday and hour of the day. {title}. {days}.",
        "Σ hours of tracked sessions by weekday and hour of the day, each session by its part of each hour.",
        height=290,
        xaxis={"tickvals": list(range(0, 24, 3)), "title_text": "hour of the day", **bare},
        yaxis=bare | {"tickvals": list(range(7)), "ticktext": names, "autorange": "reversed"},
    )
    drawing.add_heatmap(
        z=np.round(grid, 3), x=list(range(24)), y=list(range(7)), xgap=2, ygap=2, zmin=0,
        colorscale=[[0, translucent(BLUE, 0.07)], [1, translucent(BLUE, 1)]],
        colorbar=scale,
        customdata=[[f"{day} {hour}:00" for hour in range(24)] for day in DAYS],
        hovertemplate="%{customdata}: %{z:.1f} h<extra></extra>",
    )  # fmt: skip
    return drawing


def _focus_title(grid: Floats) -> str:
    hours = np.convolve(grid.sum(axis=0), np.ones(_SPAN), "valid")
    best, total = int(hours.argmax()), float(grid.sum())
    day = DAYS[int(grid.sum(axis=1).argmax())]
    stretch = f"between {best}:00 and {best + _SPAN}:00"
    return f"{hours[best] / total:.0%} of {number(total)} tracked hours lie {stretch}; most are on {day}s"
