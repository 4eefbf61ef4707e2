"""The week's plan: what was promised, what it took, and what stayed open."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
import plotly.graph_objects as go

from orc_lab.charts.marks import monday, week_axis
from orc_lab.charts.theme import (
    BELOW,
    BLUE,
    GREY,
    ORANGE,
    PURPLE,
    VERMILLION,
    empty,
    figure,
    number,
    rows,
    translucent,
)

STALE = 3  # weeks a todo is carried before it should be decided again ‡
NO_PROJECT = "No project"
_MOST_PROJECTS = 10
_LEVEL = 8  # weeks over which carry-over is told

_WORKED = (
    ("Worked, done", "done", BLUE),
    ("Worked, still open", "open", ORANGE),
    ("Worked, dropped", "dropped", VERMILLION),
    ("Worked, committed later", "unplanned", PURPLE),
)
_OUTCOMES = (
    ("Done", "done", BLUE),
    ("Carried on", "carried", ORANGE),
    (f"Carried {STALE}+ weeks", "stale", VERMILLION),
    ("Dropped", "dropped", GREY),
)


def plan_against_actual(commitments: pd.DataFrame, week: str) -> go.Figure:
    """Did the plan of a week hold, and in which project did it not?

    `commitments`: week, project, estimate_hours, actual_hours, outcome (done, open, dropped), planned. Wide bars are
    estimates frozen with the plan, narrow ones hours spent on finished and unfinished todos and on those
    committed later, in all weeks.
    Source: earned value's planned value against actual cost, in hours (PMI, Practice Standard for Earned Value).
    """
    mine = commitments if commitments.empty else commitments[commitments["week"] == week]
    if mine.empty:
        return empty(f"Nothing was committed to {week}. With a plan, its estimates and hours stand side by side here.")
    table = _by_project(mine)
    listed = "; ".join(
        f"{name} {number(row['committed'], 'h')} committed, {number(row.drop('committed').sum(), 'h')} worked"
        for name, row in table.iterrows()
    )
    title = _plan_title(mine, week)
    drawing = figure(
        title,
        f"Bars by project. {title}. {listed}.",
        "Committed: Σ estimates frozen with the plan. Worked: Σ hours of the same todos in all weeks, by how each "
        "stood at the week's end; committed later ones were added after the plan froze. Source: earned value (PMI).",
        barmode="overlay",
        xaxis={"title_text": "hours", "rangemode": "tozero"},
        **rows([str(name) for name in table.index]),
    )
    _plan_bars(drawing, table)
    return drawing


def _plan_bars(drawing: go.Figure, table: pd.DataFrame) -> None:
    start = pd.Series(0.0, index=table.index)
    bars = [("Committed", table["committed"], start, translucent(GREY, 0.45), 0.5)]
    for name, column, colour in _WORKED:
        if table[column].any():
            bars.append((name, table[column], start, colour, 0.24))
        start = start + table[column]
    for name, hours, base, colour, width in bars:
        drawing.add_bar(
            name=name, orientation="h", y=[row + BELOW for row in range(len(table))], x=hours.to_numpy(),
            base=base.to_numpy(), customdata=hours.to_numpy(), width=width, marker={"color": colour, "line_width": 0},
            hovertemplate=f"{name}: %{{customdata:.1f}} h<extra></extra>",
        )  # fmt: skip


def _by_project(mine: pd.DataFrame) -> pd.DataFrame:
    """Hours by project, the largest plan first: committed, and worked as done, open, dropped, unplanned."""
    planned = mine["planned"].astype(bool)
    kind = mine["outcome"].astype("str").where(planned, "unplanned")
    project = mine["project"].astype("object").fillna(NO_PROJECT).astype("str")
    worked = mine["actual_hours"].fillna(0.0).groupby([project, kind]).sum().unstack().fillna(0.0)
    table = worked.reindex(columns=[column for _, column, _ in _WORKED], fill_value=0.0).sort_index()
    table.insert(0, "committed", mine["estimate_hours"].where(planned).fillna(0.0).groupby(project).sum())
    table = table.sort_values("committed", ascending=False, kind="stable")
    if len(table) <= _MOST_PROJECTS:
        return table
    rest = table.iloc[_MOST_PROJECTS - 1 :]
    together = pd.DataFrame([rest.sum()], index=[f"{len(rest)} more projects"])
    return pd.concat([table.iloc[: _MOST_PROJECTS - 1], together])


def _plan_title(mine: pd.DataFrame, week: str) -> str:
    planned = mine[mine["planned"].astype(bool)]
    extra = len(mine) - len(planned)
    if planned.empty:
        return f"{week}: no plan was made; {extra} {'todo was' if extra == 1 else 'todos were'} taken on"
    done = int((planned["outcome"] == "done").sum())
    more = f", {extra} committed later" if extra else ""
    took, promised = (number(planned[name].sum(), "h") for name in ("actual_hours", "estimate_hours"))
    hours = f"the planned took {took} in all, {promised} estimated"
    return f"{week}: {done} of {len(planned)} planned todos done{more}; {hours}"


def carry_over(commitments: pd.DataFrame, *, running: str | None = None, weeks: int = 26) -> go.Figure:
    """How much of what each week was committed to stays open, and how much of that has been carried for weeks?

    `commitments`: week, outcome at the week's end, carried (earlier weeks that the same todo was committed to). The
    week that is `running` still is drawn pale and left out of the title.
    Carry-over = committed todos still open at the week's end ÷ committed ones (`mirror.metrics.carry_over`).
    """
    if commitments.empty:
        return empty("Nothing was committed yet. Commit todos to a week, and those that stay open are counted here.")
    table = _by_week(commitments).tail(weeks)
    title = _carried_title(table.drop(index=running or "", errors="ignore"))
    drawing = figure(
        title,
        f"Stacked bars of {len(table)} weeks. {title}. {table['stale'].sum()} were carried {STALE} weeks or longer.",
        f"Carry-over = committed todos still open at the week's end ÷ committed ones. Carried {STALE} weeks or more‡: "
        "decide again, or shrink it. ‡ a starting point. Source: spillover, as Scrum teams count it.",
        barmode="stack",
        xaxis=week_axis(_mondays(table)),
        yaxis={"title_text": "todos", "rangemode": "tozero"},
    )
    for name, counts, colour in _outcomes(table):
        drawing.add_bar(
            name=name, x=_mondays(table), y=counts.to_numpy(), marker_color=colour, customdata=list(table.index),
            marker_opacity=[0.45 if week == running else 1 for week in table.index],
            hovertemplate=f"%{{customdata}}: %{{y}} {name.lower()}<extra></extra>",
        )  # fmt: skip
    return drawing


def _by_week(commitments: pd.DataFrame) -> pd.DataFrame:
    stale = (commitments["outcome"] == "open") & (commitments["carried"] >= STALE)
    kind = commitments["outcome"].astype("str").mask(stale, "stale").replace("open", "carried")
    table = kind.groupby([commitments["week"].astype("str"), kind]).size().unstack(fill_value=0)
    return table.reindex(columns=[column for _, column, _ in _OUTCOMES], fill_value=0).sort_index()


def _outcomes(table: pd.DataFrame) -> Iterator[tuple[str, pd.Series, str]]:
    return ((name, table[column], colour) for name, column, colour in _OUTCOMES if table[column].any())


def _mondays(table: pd.DataFrame) -> pd.DatetimeIndex:
    return pd.DatetimeIndex([monday(str(week)) for week in table.index])


def _carried_title(over: pd.DataFrame) -> str:
    if over.empty:
        return "The first week with commitments is still running"
    last, recent = over.iloc[-1], over.tail(_LEVEL)
    stayed = f"{over.index[-1]}: {last['carried'] + last['stale']} of {last.sum()} committed todos stayed open"
    if len(recent) == 1:
        return stayed
    share = recent[["carried", "stale"]].to_numpy().sum() / recent.to_numpy().sum()
    return f"{stayed} ({share:.0%} over {len(recent)} weeks)"
