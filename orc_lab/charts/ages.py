"""How long things take, and how old the open ones are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import plotly.graph_objects as go

from orc_lab.agents.ageing import CLOSED
from orc_lab.charts.marks import DASHED, TIME_AXIS, thinned
from orc_lab.charts.theme import (
    BELOW,
    BLUE,
    FAINT,
    GREY,
    ORANGE,
    VERMILLION,
    empty,
    figure,
    number,
    plain,
    rows,
    translucent,
)
from orc_lab.mirror import metrics

SHORTEST = 1 / 24  # days: where a logarithmic axis puts what took less
MOST_ROWS = 15
_DAYS: Mapping[float, str] = {
    SHORTEST: "1 h", 0.25: "6 h", 1: "1 d", 3: "3 d", 7: "1 wk", 30: "1 mo", 91: "3 mo", 365: "1 yr", 1096: "3 yr",
    3652: "10 yr",
}  # fmt: skip


def ageing(ageing: pd.DataFrame) -> go.Figure:
    """Which open todos are older than finished ones ever got?

    `ageing` as from `agents.ageing.ageing`, the oldest for its kind first: title, age_days, p50, p85 (days, NaN where
    too few are finished), in_progress, since. Where something is begun or committed, only that is shown.
    Source: ageing work in progress (Vacanti, Actionable Agile Metrics).
    """
    items = ageing if ageing.empty else ageing[ageing["age_days"].notna()]
    if items.empty:
        return empty("Nothing is open. The age of open todos is drawn here, beside how long finished ones took.")
    begun = items[items["in_progress"].astype(bool)]
    items = items if begun.empty else begun
    shown = items.head(MOST_ROWS)
    title = _ageing_title(items, "open" if begun.empty else "begun or committed")
    ages = zip(shown["title"], shown["age_days"], strict=True)
    listed = ", ".join(f"“{title}” {number(days, 'days')}" for title, days in list(ages)[:5])
    drawing = figure(
        title,
        f"Ages of {len(shown)} open todos beside the time that half and 85% of finished ones took. {title}. "
        f"Oldest for their kind: {listed}.",
        "Age since work began, else since the todo was written down; P50 and P85 of your own finished todos by the "
        "same clock. Beyond P85: split, unblock or drop. Source: ageing work in progress (Vacanti).",
        xaxis=_days_axis(shown[["age_days", "p50", "p85"]]),
        **rows([str(title) for title in shown["title"]]),
    )
    _usual(drawing, shown)
    _ages(drawing, shown)
    return drawing


def _ageing_title(items: pd.DataFrame, what: str) -> str:
    count = f"{len(items):,} {'todo' if len(items) == 1 else 'todos'} {what}"
    if items["p85"].isna().all():
        oldest = number(items["age_days"].max(), "days")
        return f"{count}, the oldest for {oldest}; too few are finished to say what is usual"
    over = int((items["age_days"] > items["p85"]).sum())
    if not over:
        return f"None of {count} is older than 85% of your finished ones got"
    most = f"; the {MOST_ROWS} oldest for their kind are shown" if len(items) > MOST_ROWS else ""
    return f"{over:,} of {count} {'is' if over == 1 else 'are'} older than 85% of your finished ones got{most}"


def _usual(drawing: go.Figure, shown: pd.DataFrame) -> None:
    places = np.arange(len(shown)) + BELOW
    for name, column, width in (("Half took", "p50", 1.5), ("85% took", "p85", 4)):
        if shown[column].notna().any():
            drawing.add_scatter(
                name=name, x=shown[column].clip(lower=SHORTEST).to_numpy(), y=places, mode="markers",
                marker={"symbol": "line-ns-open", "size": 15, "color": GREY, "line_width": width},
                customdata=shown[column].to_numpy(), hovertemplate=name + " %{customdata:,.3~g} days<extra></extra>",
            )  # fmt: skip


def _ages(drawing: go.Figure, shown: pd.DataFrame) -> None:
    places = np.arange(len(shown)) + BELOW
    for name, mask, colour, symbol in _by_age(shown):
        part = shown[mask]
        if len(part):
            drawing.add_scatter(
                name=name, x=part["age_days"].clip(lower=SHORTEST).to_numpy(), y=places[mask], mode="markers",
                marker={"color": colour, "size": 12, "symbol": symbol},
                customdata=list(zip(map(plain, part["title"]), part["age_days"], part["since"], strict=True)),
                hovertemplate="%{customdata[0]}<br>%{customdata[1]:,.1f} days since %{customdata[2]}<extra></extra>",
            )  # fmt: skip


def _by_age(shown: pd.DataFrame) -> Iterator[tuple[str, npt.NDArray[np.bool_], str, str]]:
    over = (shown["age_days"] > shown["p85"]).to_numpy()
    late = (shown["age_days"] > shown["p50"]).to_numpy() & ~over
    yield "Older than 85%", over, VERMILLION, "diamond"
    yield "Older than half", late, ORANGE, "square"
    yield ("Younger" if shown["p50"].notna().any() else "Age"), ~over & ~late, BLUE, "circle"


def _days_axis(days: pd.DataFrame) -> dict[str, Any]:
    """A logarithmic axis of days, named as people name spans."""
    values = days.to_numpy(dtype=float)
    values = np.clip(values[np.isfinite(values)], SHORTEST, None)
    low, high = np.log10(values.min()) - 0.12, np.log10(values.max()) + 0.12
    return {
        "type": "log", "tickvals": list(_DAYS), "ticktext": list(_DAYS.values()), "tickangle": 0, "gridcolor": FAINT,
        "range": [low, max(high, low + 0.7)],
    }  # fmt: skip


def cycles(tasks: pd.DataFrame, events: pd.DataFrame, as_of: datetime) -> pd.DataFrame:
    """What `cycle_times` draws: the cycle times of finished todos, and the ages so far of those begun and still open.

    `tasks` and `events` are frames of the mirror. Returns at (completion, `as_of` for open ones), days, open, title.
    """
    done = metrics.cycle_times(tasks, events).rename(columns={"completed": "at", "cycle_days": "days"})
    waiting = tasks[~tasks["status"].isin(CLOSED)]
    committed = events[events["new"] == "committed"].groupby("todo_id")["at"].min()
    begun = committed.reindex(waiting["id"]).set_axis(waiting.index).fillna(waiting["started"])
    days = ((pd.Timestamp(as_of) - begun).dt.total_seconds() / 86_400).clip(lower=0.0)
    still = pd.DataFrame({"at": pd.Timestamp(as_of), "days": days, "open": True, "title": waiting["title"]})
    table = pd.concat([done.assign(open=False)[["at", "days", "open", "title"]], still], ignore_index=True)
    return table[table["days"].notna()]


def cycle_times(cycle: pd.DataFrame, *, weeks: int = 52) -> go.Figure:
    """How long does a todo take from start to end, and which open ones take longer already?

    `cycle` as from `cycles`: at (datetime: of completion; of the look for open ones), days, open (bool), title.
    Percentiles are those of the finished ones shown; open ones are drawn at their age so far, a lower bound (censored).
    Source: cycle time scatterplot (Kanban Guide; Vacanti).
    """
    finished, waiting = _lately(cycle, weeks)
    if finished.empty:
        return empty("Nothing was finished in this time. Each finished todo becomes a dot here: when, after how long.")
    p50, p85 = (float(finished["days"].quantile(level)) for level in (0.5, 0.85))
    title = _cycle_title(finished, waiting, p50, p85)
    drawing = figure(
        title,
        f"Scatter of the days that {len(finished):,} todos took by the day they were finished, and of {len(waiting):,} "
        f"open ones by their age so far. {title}.",
        "Cycle time = completion − first commitment, or start of work where there was none. Triangles are todos begun "
        "and still open: they take at least this long. Source: cycle time scatterplot (Kanban Guide).",
        height=400,
        xaxis=TIME_AXIS,
        yaxis=_days_axis(pd.concat([finished, waiting])[["days"]]),
    )
    _dots(drawing, "Finished", finished, {"color": translucent(BLUE, 0.6), "size": 7})
    _dots(drawing, "Open, so far", waiting, {"color": VERMILLION, "size": 9, "symbol": "triangle-up-open"})
    for days, name in ((p50, "50%"), (p85, "85%")):
        _percentile(drawing, max(days, SHORTEST), name)
    return drawing


def _lately(cycle: pd.DataFrame, weeks: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Finished and open ones of the last weeks, in order of time."""
    if cycle.empty:
        return cycle, cycle
    known = cycle[cycle["days"].notna() & cycle["at"].notna()].sort_values("at", kind="stable")
    shown = known[known["at"] >= known["at"].max() - pd.Timedelta(weeks=weeks)]
    is_open = shown["open"].astype(bool)
    return shown[~is_open], shown[is_open]


def _cycle_title(finished: pd.DataFrame, waiting: pd.DataFrame, p50: float, p85: float) -> str:
    title = f"Half of {len(finished):,} finished todos took {_span(p50)} or less, 85% {_span(p85)}"
    older = int((waiting["days"] > p85).sum())
    if not older:
        return title
    return f"{title}; {older:,} open {'one is' if older == 1 else 'ones are'} older than that"


def _span(days: float) -> str:
    if days < 1:
        return number(days * 24, "hours")
    return number(days, "days") if days < 90 else number(days / 30.44, "months")


def _dots(drawing: go.Figure, name: str, part: pd.DataFrame, marker: Mapping[str, object]) -> None:
    kept = thinned(part)
    if len(kept):
        drawing.add_scatter(
            name=name, x=kept["at"], y=kept["days"].clip(lower=SHORTEST).to_numpy(), mode="markers", marker=marker,
            customdata=list(zip((plain(title, 60) for title in kept["title"]), kept["days"], strict=True)),
            hovertemplate="%{customdata[0]}<br>%{x|%-d %b %Y}: %{customdata[1]:,.1f} days<extra></extra>",
        )  # fmt: skip


def _percentile(drawing: go.Figure, days: float, name: str) -> None:
    """A dashed line; a logarithmic axis takes the place of lines in days, that of words in powers of ten."""
    drawing.add_hline(y=days, line=DASHED)
    drawing.add_annotation(
        text=name, x=1, xref="paper", xanchor="right", y=float(np.log10(days)), yanchor="bottom", showarrow=False
    )
