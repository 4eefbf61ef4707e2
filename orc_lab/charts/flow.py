"""What goes through: work a week with its forecast, what comes in against what goes out, and where work lies."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from orc_lab.agents.velocity.pace import idle
from orc_lab.charts.marks import TIME_AXIS, WEEK, WEEK_MS, thinned, week_axis
from orc_lab.charts.theme import BLUE, FAINT, GREEN, GREY, ORANGE, PURPLE, SKY, empty, figure, number, translucent
from orc_lab.mirror import metrics
from orc_lab.model.week import Week

LEVEL = 8  # weeks whose median is today's level
UNITS = {"done": "todos", "hours": "h"}
_WHAT = {"done": "todos done", "hours": "hours worked on what was done"}
_BANDS = (("80% of cases", "week_q10", "week_q90", 0.36), ("50% of cases", "week_q25", "week_q75", 0.6))
_MOST_DAYS = 200

STAGES = {
    "done": ("Done", translucent(BLUE, 0.85)),
    "dropped": ("Dropped", translucent(GREY, 0.55)),
    "committed": ("Committed", translucent(ORANGE, 0.9)),
    "confirmed": ("Confirmed", translucent(GREEN, 0.75)),
    "refined": ("Refined", translucent(PURPLE, 0.6)),
    "matched": ("Matched", translucent(SKY, 0.6)),
    "dumped": ("Captured", translucent(GREY, 0.3)),
}


def throughput(
    weekly: pd.DataFrame, forecast: pd.DataFrame | None = None, *, measure: str = "done", weeks: int = 26
) -> go.Figure:
    """How much gets done in a week, and how much will the next weeks bring?

    `weekly`: week, start (Monday), `measure` ("done" or "hours"), complete. `forecast` as from
    `agents.velocity.forecast_throughput` of the complete weeks: week (1 = the first after them), week_q10, week_q25,
    week_q50, week_q75, week_q90. Zero weeks count. Source of throughput: Kanban Guide.
    """
    known = weekly if weekly.empty else weekly[weekly[measure].notna()].sort_values("start")
    if known.empty:
        return empty("No week has gone by yet. From the first one on, what gets done in a week is counted here.")
    over = known[known["complete"].astype(bool)]
    shown, ahead = known.tail(weeks), _ahead(over, forecast)
    title = _throughput_title(over, measure, ahead)
    future = f" and a forecast of {len(ahead)} weeks" if len(ahead) else ""
    drawing = figure(
        title,
        f"Bars of {_WHAT[measure]} in {len(shown)} weeks with the {LEVEL}-week median{future}. {title}.",
        f"{_WHAT[measure].capitalize()} a week, zero weeks included; median of {LEVEL} complete weeks (Kanban Guide). "
        "Forecast: half of its scenarios from how often and how much you work, half from what followed weeks like now.",
        barmode="overlay",
        xaxis=week_axis(pd.concat([shown["start"], ahead["start"]])),
        yaxis={"title_text": f"{UNITS[measure]} a week", "rangemode": "tozero"},
    )
    _week_bars(drawing, shown, measure)
    _level(drawing, shown, over, measure)
    if len(ahead):
        _fan(drawing, ahead, UNITS[measure])
    return drawing


def _throughput_title(over: pd.DataFrame, measure: str, ahead: pd.DataFrame) -> str:
    if over.empty:
        return "The first week is still running"
    nothing, newest = idle(over, measure), over["week"].iloc[-1]
    if nothing >= LEVEL:
        since = f"; the last was {over['week'].iloc[-nothing - 1]}" if nothing < len(over) else ""
        return f"Nothing was done for {nothing} weeks, up to {newest}{since}"
    last = over[measure].tail(LEVEL)
    count = f"the {len(last)} weeks up to {newest}" if len(last) > 1 else "the one week"
    level = f"{number(float(last.median()))} {UNITS[measure]} a week at the median of {count}"
    if not len(ahead):
        return level
    first = ahead.iloc[0]
    low, high = (amount(float(first[name]), measure) for name in ("week_q10", "week_q90"))
    return f"{level}; {Week.of(first['start'].date())} brings {low} to {high} in 4 of 5 cases"


def amount(value: float, measure: str) -> str:
    """Todos as whole ones, hours with their digits."""
    return number(round(value) if measure == "done" and value == value else value)


def _ahead(over: pd.DataFrame, forecast: pd.DataFrame | None) -> pd.DataFrame:
    """The forecast with a `start` for each week; no rows where nothing is forecast."""
    if forecast is None or forecast.empty or over.empty:
        return pd.DataFrame({"start": pd.Series(dtype="datetime64[us]")})
    table = forecast[forecast["week_q50"].notna()].copy()
    table["start"] = over["start"].iloc[-1] + table["week"] * WEEK
    return table


def _week_bars(drawing: go.Figure, shown: pd.DataFrame, measure: str) -> None:
    over = shown["complete"].astype(bool)
    bars = (
        ("Done" if measure == "done" else "Worked", shown[over], BLUE),
        ("This week so far", shown[~over], translucent(BLUE, 0.45)),
    )
    for name, part, colour in bars:
        if len(part):
            drawing.add_bar(
                name=name, x=part["start"], y=part[measure].to_numpy(dtype=float), marker_color=colour,
                marker_line_width=0, width=0.72 * WEEK_MS, customdata=part["week"],
                hovertemplate=f"%{{customdata}}: %{{y:,.3~g}} {UNITS[measure]}<extra></extra>",
            )  # fmt: skip
    nothing = shown[over & (shown[measure] == 0)]
    if len(nothing):
        drawing.add_scatter(
            name="Nothing done", x=nothing["start"], y=np.zeros(len(nothing)), mode="markers", cliponaxis=False,
            marker={"symbol": "circle-open", "size": 7, "color": GREY, "line_width": 1.5}, customdata=nothing["week"],
            hovertemplate="%{customdata}: nothing done<extra></extra>",
        )  # fmt: skip


def _level(drawing: go.Figure, shown: pd.DataFrame, over: pd.DataFrame, measure: str) -> None:
    level = over[measure].rolling(LEVEL, min_periods=LEVEL // 2).median().reindex(shown.index).dropna()
    if len(level) > 1:
        drawing.add_scatter(
            name=f"{LEVEL}-week median", x=shown.loc[level.index, "start"], y=level.to_numpy(), mode="lines",
            line={"color": ORANGE, "width": 2.5},
            hovertemplate=f"median %{{y:,.3~g}} {UNITS[measure]}<extra></extra>",
        )  # fmt: skip


def _fan(drawing: go.Figure, ahead: pd.DataFrame, unit: str) -> None:
    for name, low, high, opacity in _BANDS:
        drawing.add_bar(
            name=name, x=ahead["start"], base=ahead[low].to_numpy(), y=(ahead[high] - ahead[low]).to_numpy(),
            width=0.72 * WEEK_MS, marker={"color": translucent(GREEN, opacity), "line": {"color": GREEN, "width": 1}},
            customdata=ahead[[low, high]].to_numpy(),
            hovertemplate=f"{name}: %{{customdata[0]:,.3~g}} to %{{customdata[1]:,.3~g}} {unit}<extra></extra>",
        )  # fmt: skip
    drawing.add_scatter(
        name="Forecast median", x=ahead["start"], y=ahead["week_q50"].to_numpy(), mode="markers",
        marker={"symbol": "line-ew-open", "size": 13, "color": GREEN, "line_width": 3},
        hovertemplate=f"median %{{y:,.3~g}} {unit}<extra></extra>",
    )  # fmt: skip


def net_flow(weekly: pd.DataFrame, *, weeks: int = 26) -> go.Figure:
    """Does more come in than goes out, and how much is open by now?

    `weekly`: week, start, created, done, dropped, complete; from the first todo's week on, so that open = Σ created −
    closed (`mirror.metrics.net_flow`). Source: arrivals against departures (Vacanti, Actionable Agile Metrics).
    """
    if weekly.empty:
        return empty("No todo yet. What comes in and what goes out of your lists is drawn here.")
    table = metrics.net_flow(weekly.sort_values("start"))
    shown, over = table.tail(weeks), table[weekly.sort_values("start")["complete"].astype(bool)]
    title = f"{number(table['open'].iloc[-1])} todos are open{_pace(over.tail(LEVEL))}"
    drawing = figure(
        title,
        f"Above, open todos over {len(shown)} weeks; below, bars of todos created and closed. {title}.",
        "Created against closed (done or dropped) todos a week; open = Σ created − Σ closed. Source: arrivals and "
        "departures (Vacanti, Actionable Agile Metrics).",
        height=380,
        bargap=0.2,
        xaxis=week_axis(shown["start"]) | {"anchor": "y"},
        yaxis={"title_text": "a week", "rangemode": "tozero", "domain": [0, 0.48]},
        yaxis2={"title_text": "open", "rangemode": "tozero", "domain": [0.58, 1], "gridcolor": FAINT},
    )
    _flow_traces(drawing, shown)
    return drawing


def _pace(over: pd.DataFrame) -> str:
    if over.empty:
        return ""
    came, went = (number(float(over[name].mean())) for name in ("arrivals", "departures"))
    return f"; over {len(over)} {'weeks' if len(over) > 1 else 'week'} {came} came in a week, {went} went out"


def _flow_traces(drawing: go.Figure, shown: pd.DataFrame) -> None:
    drawing.add_scatter(
        name="Open", x=shown["start"], y=shown["open"].to_numpy(), yaxis="y2", fill="tozeroy",
        mode="lines" if len(shown) > 1 else "markers", line={"color": GREY, "width": 2},
        fillcolor=translucent(GREY, 0.2), customdata=shown["week"],
        hovertemplate="%{customdata}: %{y:,} open<extra></extra>",
    )  # fmt: skip
    for name, column, colour in (("Created", "arrivals", ORANGE), ("Closed", "departures", BLUE)):
        drawing.add_bar(
            name=name, x=shown["start"], y=shown[column].to_numpy(), marker_color=colour, marker_line_width=0,
            customdata=shown["week"], hovertemplate=f"%{{customdata}}: %{{y:,}} {name.lower()}<extra></extra>",
        )  # fmt: skip


def cumulative_flow(flow: pd.DataFrame, *, days: int = 182) -> go.Figure:
    """Where does work lie, and does one stage grow?

    `flow` as from `mirror.metrics.cumulative_flow`: day (datetime), and a column a status with how many todos stood
    there at the day's end; absent columns are zero. Done and dropped ones are counted from the first day shown on.
    Source: cumulative flow diagram (Kanban).
    """
    if flow.empty:
        return empty("No todo has a history yet. How many lie in each stage is drawn here, day by day.")
    table = _stages_shown(flow, days)
    title = _stages_title(table)
    drawing = figure(
        title,
        f"Stacked areas of todos by stage from {table.index[0]:%Y-%m-%d} to {table.index[-1]:%Y-%m-%d}. {title}.",
        "Todos by stage at each day's end; done and dropped ones counted from the first day shown. A band that widens "
        "is where work waits. Source: cumulative flow diagram (Kanban).",
        hovermode="x unified",
        xaxis=TIME_AXIS,
        yaxis={"title_text": "todos", "rangemode": "tozero"},
        legend={"traceorder": "normal"},
    )
    for stage, (name, colour) in STAGES.items():
        if table[stage].any():
            drawing.add_scatter(
                name=name, x=table.index, y=table[stage].to_numpy(), stackgroup="stages", fillcolor=colour,
                mode="lines" if len(table) > 1 else "markers", line={"width": 0.5, "color": colour},
                hovertemplate="%{y:,}",
            )  # fmt: skip
    return drawing


def _stages_shown(flow: pd.DataFrame, days: int) -> pd.DataFrame:
    table = flow.sort_values("day").set_index("day").reindex(columns=list(STAGES)).fillna(0)
    table = table[table.index >= table.index[-1] - pd.Timedelta(days=days)]
    closed = ["done", "dropped"]
    table[closed] = table[closed] - table[closed].iloc[0]
    return thinned(table, _MOST_DAYS)


def _stages_title(table: pd.DataFrame) -> str:
    lying = table.drop(columns=["done", "dropped"])
    then, now = lying.iloc[0], lying.iloc[-1]
    grown = now - then
    change = int(grown.sum())
    since = f"{abs(change):,} {'more' if change > 0 else 'fewer'} than" if change else "as many as"
    title = f"{number(now.sum())} todos are open, {since} on {table.index[0]:%Y-%m-%d}"
    if grown.max() > 0:
        title += f"; “{STAGES[str(grown.idxmax())][0].lower()}” grew most, by {number(grown.max())}"
    return title
