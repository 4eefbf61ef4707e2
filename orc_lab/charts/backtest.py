"""What a backtest found, on one page that needs nothing but itself: each family's table, and figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from html import escape
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from orc_lab.agents.backtest.result import OURS, Backtest, Family
from orc_lab.agents.forecast import NOMINAL
from orc_lab.charts.marks import DASHED, TIME_AXIS
from orc_lab.charts.offline import fragment
from orc_lab.charts.offline import page as offline_page
from orc_lab.charts.theme import BLUE, GREEN, GREY, ORANGE, PURPLE, figure, plain

_COLOURS = (BLUE, ORANGE, GREEN, PURPLE, GREY)
_SHARES: dict[str, Any] = {"tickformat": ".0%", "range": [0, 1.02], "dtick": 0.2}
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x")

_CSS = """
.orc-head h1 { font-size: 1.6rem; line-height: 1.2; margin: .5rem 0 0; }
.orc-head p, .orc-section > p { color: var(--orc-soft); margin: .2rem 0 1rem; max-width: 46rem; }
.orc-section > h2 { border-bottom: 1px solid var(--orc-line); font-size: 1.15rem; margin: 2.25rem 0 1rem;
  padding-bottom: .3rem; }
.orc-grid { display: grid; gap: 2rem 2.5rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); }
.orc-scroll { margin: .75rem 0 1.5rem; overflow-x: auto; }
.orc-scroll table { border-collapse: collapse; font-size: .875rem; line-height: 1.4; white-space: nowrap; }
.orc-scroll th, .orc-scroll td { border-bottom: 1px solid var(--orc-line); padding: .3rem 1rem .3rem 0; }
.orc-scroll th { font-weight: 600; text-align: left; vertical-align: bottom; }
.orc-scroll .orc-number { font-variant-numeric: tabular-nums; text-align: right; }
.orc-scroll .orc-ours td, .orc-scroll .orc-ours th { font-weight: 650; }
.orc-terms { color: var(--orc-soft); columns: 3 16rem; font-size: .8125rem; margin: 0 0 1.5rem; }
.orc-terms > div { break-inside: avoid; margin: 0 0 .35rem; }
.orc-terms dt { color: var(--orc-ink); font-weight: 600; }
.orc-terms dd { margin: 0; }
"""


def page(found: Backtest) -> str:
    """One HTML file with every table and figure; it loads nothing and asks nobody."""
    head = f'<header class="orc-head"><h1>Backtest</h1><p>{escape(found.sentence)}</p></header>'
    return offline_page("Backtest", f"{head}<main>{''.join(map(_section, found.families))}</main>", css=_CSS)


def figures(found: Backtest) -> dict[str, go.Figure]:
    """Every figure that the families have data for, by name."""
    drawn = ((f"{family.key}_{name}", figure) for family in found.families for name, figure in _drawn(family))
    return dict(drawn)


def _section(family: Family) -> str:
    title = f'<section class="orc-section"><h2 id="{family.key}">{escape(family.title)}</h2>'
    if not family.rows:
        return f"{title}<p>Too little data. {escape(family.needs)}</p></section>"
    drawn = "".join(fragment(figure, f"{family.key}_{name}") for name, figure in _drawn(family))
    grid = f'<div class="orc-grid">{drawn}</div>' if drawn else ""
    return f"{title}<p>{escape(family.law)}</p>{_table(family)}{_terms(family)}{grid}</section>"


def _table(family: Family) -> str:
    head = "".join(f'<th scope="col"{_side(at)}>{escape(name)}</th>' for at, name in enumerate(family.headers))
    rows = []
    for row, cells in zip(family.rows, family.table, strict=True):
        named = f'<th scope="row">{escape(cells[0])}</th>'
        rest = "".join(f"<td{_side(at)}>{escape(cell)}</td>" for at, cell in enumerate(cells) if at)
        ours = ' class="orc-ours"' if row.model == OURS else ""
        rows.append(f"<tr{ours}>{named}{rest}</tr>")
    return (
        f'<div class="orc-scroll" role="region" aria-label="{escape(family.title)}" tabindex="0"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _side(at: int) -> str:
    return ' class="orc-number"' if at > 1 else ""


def _terms(family: Family) -> str:
    shown = [each for each in family.measures.values() if each.label in family.headers]
    terms = "".join(f"<div><dt>{escape(each.label)}</dt><dd>{escape(each.help)}</dd></div>" for each in shown)
    return f'<dl class="orc-terms">{terms}</dl>'


def _drawn(family: Family) -> Iterator[tuple[str, go.Figure]]:
    for name, draw in _FIGURES.get(family.key, {}).items():
        if len(table := family.plots.get(_DATA.get(name, name), pd.DataFrame())):
            yield name, draw(table)


def calibration(table: pd.DataFrame) -> go.Figure:
    """Does each quantile hold as often as it says?

    `table`: level, under and upto (the shares of outcomes below, and at or below the quantile), n. A calibrated
    quantile has its level between the two (ties make them differ).
    """
    off = _off(table)
    title = (
        f"At {len(table) - len(off)} of {len(table)} levels the quantile holds as often as it says, within two points"
    )
    drawing = figure(
        title,
        f"Share of outcomes below, and at or below, each quantile, against its level. {title}.",
        "From below to at-or-below: round numbers make outcomes equal to quantiles. On the dashed line the quantile is "
        "calibrated.",
        height=400,
        xaxis=_SHARES | {"title_text": "level of the quantile"},
        yaxis=_SHARES | {"title_text": "outcomes up to it"},
    )
    drawing.add_scatter(name="As promised", x=[0, 1], y=[0, 1], mode="lines", hoverinfo="skip", line=DASHED)
    middle, half = (table["under"] + table["upto"]) / 2, (table["upto"] - table["under"]) / 2
    drawing.add_scatter(
        name="Below to at or below", x=table["level"], y=middle.to_numpy(), mode="markers",
        marker={"color": BLUE, "size": 6},
        error_y={"array": half.to_numpy(), "color": BLUE, "thickness": 3, "width": 0},
        customdata=table[["under", "upto"]].to_numpy(),
        hovertemplate="level %{x:.0%}: %{customdata[0]:.1%} below, %{customdata[1]:.1%} at or below<extra></extra>",
    )  # fmt: skip
    return drawing


def _off(table: pd.DataFrame) -> pd.DataFrame:
    slack = 0.02
    return table[(table["level"] < table["under"] - slack) | (table["level"] > table["upto"] + slack)]


def pit(table: pd.DataFrame) -> go.Figure:
    """Where in their forecasts did outcomes fall? `table`: low (of a tenth), share. Flat is calibrated."""
    share = 1 / len(table)
    title = f"Each tenth of the forecasts held {table['share'].min():.0%} to {table['share'].max():.0%} of the outcomes"
    drawing = figure(
        title,
        f"Histogram of the probability integral transform. {title}; calibrated is {share:.0%} each.",
        "Probability integral transform with ties spread (Czado, Gneiting & Held 2009). High ends: bands too narrow; a "
        "high middle: too wide.",
        xaxis={"title_text": "place in the forecast", "tickformat": ".0%", "range": [0, 1]},
        yaxis={"title_text": "outcomes", "tickformat": ".0%", "rangemode": "tozero"},
        bargap=0.06,
    )
    drawing.add_bar(
        name="Outcomes", x=table["low"].to_numpy() + share / 2, y=table["share"].to_numpy(), marker_color=BLUE,
        hovertemplate="%{y:.1%} of outcomes<extra></extra>",
    )  # fmt: skip
    drawing.add_hline(y=share, line=DASHED)
    return drawing


def learning_curve(table: pd.DataFrame) -> go.Figure:
    """From how much history on is the forecast better than what is simpler?

    `table`: part, n, mae_own and crps_ratio, each with _low and _high: one row a length of history.
    """
    better = table[table["crps_ratio"] < 1]
    since = (
        f"from “{better['part'].iloc[0]}” on" if len(better) == len(table) and len(better) else "not at every length"
    )
    title = f"The CRPS is below that of ratio-50 {since}"
    drawing = figure(
        title,
        f"MAE ÷ own estimate and CRPS ÷ ratio-50 by number of finished todos known. {title}.",
        "By how many finished todos a forecast knew; 95% intervals resample persons, or blocks of one's own todos. "
        "Below the line the forecast is better.",
        xaxis=_categories(table["part"]),
        yaxis={"title_text": "ratio"},
    )
    series = {"MAE ÷ own estimate": "mae_own", "CRPS ÷ ratio-50": "crps_ratio"}
    for at, (name, column) in enumerate(series.items()):
        _points(drawing, name, table["part"], table, column, at, "%{y:.3f}")
    drawing.add_hline(y=1, line=DASHED)
    return drawing


def cover_by_length(table: pd.DataFrame) -> go.Figure:
    """Do bands hold whatever the length of the history? `table`: part, cover with cover_low and cover_high."""
    title = f"80% bands held {table['cover'].min():.0%} to {table['cover'].max():.0%} by length of history"
    drawing = figure(
        title,
        f"Share of outcomes in the 80% band by number of finished todos known. {title}.",
        "A tie with an edge counts in part; intervals are Wilson's, 95%.",
        xaxis=_categories(table["part"]),
        yaxis={"title_text": "held", "tickformat": ".0%", "range": _around(table, "cover")},
    )
    _points(drawing, "80% band held", table["part"], table, "cover", 0, "%{y:.1%}")
    drawing.add_hline(y=NOMINAL, line=DASHED)
    return drawing


def sums_held(table: pd.DataFrame) -> go.Figure:
    """Do bands of plans hold? `table`: size, model, share, low, high, n."""
    ours = table[table["model"] == OURS]["share"]
    title = f"80% bands of plans held {ours.min():.0%} to {ours.max():.0%}"
    drawing = figure(
        title,
        f"Share of plans whose hours fell into the 80% band, by size and method. {title}.",
        "Plans of consecutive todos, forecast before the first of them; Wilson's 95% intervals.",
        xaxis=_categories(table["size"]),
        yaxis={"title_text": "held", "tickformat": ".0%", "range": _around(table, "share", "low", "high")},
    )
    for at, model in enumerate(table["model"].unique()):
        mine = table[table["model"] == model].rename(columns={"low": "share_low", "high": "share_high"})
        _points(drawing, model, mine["size"], mine, "share", at, "%{y:.1%}")
    drawing.add_hline(y=NOMINAL, line=DASHED)
    return drawing


def dates_held(table: pd.DataFrame) -> go.Figure:
    """Do promised days hold? `table`: part, model, promised, share, low, high, n."""
    ours = table[table["model"] == OURS]
    shares = ours.groupby("promised")["share"].mean()
    levels, means = shares.index.to_numpy(dtype=np.float64).tolist(), shares.tolist()
    title = "Days held: " + ", ".join(f"P{100 * at:.0f} {mean:.0%}" for at, mean in zip(levels, means, strict=True))
    drawing = figure(
        title,
        f"Share of days that held against what they promised, by method and number of todos. {title}.",
        "A day holds where the work was done by then. On the dashed line days hold as often as promised; below they "
        "come too early. Wilson's 95% intervals.",
        height=400,
        xaxis={"tickformat": ".0%", "title_text": "promised", "range": [0.4, 1.02]},
        yaxis={"tickformat": ".0%", "title_text": "held", "range": _around(table, "share", "low", "high")},
    )
    drawing.add_scatter(name="As promised", x=[0.4, 1], y=[0.4, 1], mode="lines", hoverinfo="skip", line=DASHED)
    for at, ((part, model), mine) in enumerate(table.groupby(["part", "model"], sort=False)):
        if len(mine) < 2:
            continue
        several = table["part"].nunique()
        drawing.add_scatter(
            name=f"{model}, {part}", x=mine["promised"], y=mine["share"], mode="markers+lines",
            marker={"color": _COLOURS[0 if model == OURS else 1], "size": 9, "symbol": _SYMBOLS[at // 2 % several]},
            line={"color": _COLOURS[0 if model == OURS else 1], "width": 1.5}, customdata=mine[["low", "high"]],
            hovertemplate="P%{x:.0%} held %{y:.1%} (%{customdata[0]:.0%} to %{customdata[1]:.0%})<extra></extra>",
        )  # fmt: skip
    return drawing


def reliability(table: pd.DataFrame) -> go.Figure:
    """Does trouble come as often as the chance says? `table`: chance, share, low, high, n."""
    title = "How often projects got into trouble, by the chance that was given"
    drawing = figure(
        title,
        f"Share of projects in trouble against the mean chance given, in {len(table)} groups. {title}.",
        "Forecasts sorted by their chance, in groups of the same size; Wilson's 95% intervals. On the dashed line it "
        "came as often as was said.",
        height=400,
        xaxis=_SHARES | {"title_text": "chance given"},
        yaxis=_SHARES | {"title_text": "came true"},
    )
    drawing.add_scatter(name="As said", x=[0, 1], y=[0, 1], mode="lines", hoverinfo="skip", line=DASHED)
    mine = table.rename(columns={"low": "share_low", "high": "share_high"})
    _points(drawing, "Came true", mine["chance"], mine, "share", 0, "%{x:.0%} said, %{y:.0%} came")
    return drawing


def on_time(table: pd.DataFrame) -> go.Figure:
    """Does the order of work that is recommended finish more projects on time? `table`: part, model, share."""
    title = "Projects finished on time, simulated, by who says what comes next"
    drawing = figure(
        title,
        f"Share of projects finished on time by regime and order of work. {title}.",
        "Discrete-event simulation of real todos and capacity with paired seeds.",
        barmode="group",
        xaxis=_categories(table["part"]),
        yaxis={"title_text": "on time", "tickformat": ".0%", "rangemode": "tozero"},
    )
    for at, model in enumerate(table["model"].unique()):
        mine = table[table["model"] == model]
        drawing.add_bar(
            name=plain(model), x=mine["part"].to_numpy(), y=mine["share"].to_numpy(),
            marker_color=_COLOURS[at % len(_COLOURS)], hovertemplate="%{x}: %{y:.1%}<extra></extra>",
        )  # fmt: skip
    return drawing


def score_over_time(table: pd.DataFrame, most: int = 8) -> go.Figure:
    """How has each project's health moved? `table`: project_id, project, at, score; the lowest `most` are drawn."""
    last = table.groupby("project_id").tail(1).sort_values(["score", "project"]).head(most)
    moved = table.groupby("project_id")["score"].agg(["first", "last"])
    fell = int((moved["last"] < moved["first"]).sum())
    title = f"{fell} of {len(moved)} projects have a lower score than at first"
    drawing = figure(
        title,
        f"Line of the health score by project over {table['at'].nunique()} weeks. {title}.",
        "Score = 80 + Σ adjustments of the patterns that hold, from what had happened by then.",
        xaxis=TIME_AXIS,
        yaxis={"title_text": "health", "range": [-2, 104], "dtick": 20},
    )
    for at, row in enumerate(last.to_dict("records")):
        mine = table[table["project_id"] == row["project_id"]]
        colour = _COLOURS[at % len(_COLOURS)]
        drawing.add_scatter(
            name=plain(row["project"], 30), x=mine["at"], y=mine["score"].to_numpy(), mode="lines+markers",
            line={"color": colour, "width": 2}, marker={"symbol": _SYMBOLS[at % len(_SYMBOLS)], "size": 7},
            hovertemplate="%{x|%-d %b %Y}: %{y:.0f}<extra></extra>",
        )  # fmt: skip
    return drawing


def _categories(names: pd.Series) -> dict[str, Any]:
    return {
        "type": "category",
        "categoryorder": "array",
        "categoryarray": list(dict.fromkeys(names)),
        "showgrid": False,
    }


def _around(table: pd.DataFrame, column: str, low: str = "", high: str = "") -> list[float]:
    """A range of shares that holds every interval, and what was promised."""
    lowest = table[low or f"{column}_low"].min()
    highest = table[high or f"{column}_high"].max()
    lowest, highest = np.nan_to_num([float(lowest), float(highest)], nan=NOMINAL).tolist()
    return [max(0.0, min(lowest, 0.5) - 0.05), min(1.02, max(highest, 0.9) + 0.05)]


def _points(drawing: go.Figure, name: str, x: pd.Series, table: pd.DataFrame, column: str, at: int, hover: str) -> None:
    """Points with their intervals; those of several series stand beside each other by their symbols."""
    value = table[column].to_numpy(dtype=np.float64)
    low = table[f"{column}_low"].to_numpy(dtype=np.float64)
    high = table[f"{column}_high"].to_numpy(dtype=np.float64)
    colour = _COLOURS[at % len(_COLOURS)]
    drawing.add_scatter(
        name=plain(name), x=x, y=value, mode="markers+lines", marker={"color": colour, "size": 9,
        "symbol": _SYMBOLS[at % len(_SYMBOLS)]}, line={"color": colour, "width": 1.5},
        error_y={"type": "data", "symmetric": False, "array": np.nan_to_num(high - value),
                 "arrayminus": np.nan_to_num(value - low), "color": colour, "thickness": 1.5},
        hovertemplate=f"{hover}<extra>{plain(name)}</extra>",
    )  # fmt: skip


_FIGURES: Mapping[str, Mapping[str, Callable[[pd.DataFrame], go.Figure]]] = {
    "estimates": {"calibration": calibration, "pit": pit, "lengths": learning_curve, "cover": cover_by_length},
    "sums": {"held": sums_held},
    "dates": {"held": dates_held},
    "trouble": {"reliability": reliability},
    "orders": {"on_time": on_time},
}
_DATA = {"cover": "lengths"}  # figures that draw another one's data
