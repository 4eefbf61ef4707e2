"""How projects are doing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from orc_lab.agents.health.rules import BASE, Health, Label
from orc_lab.charts.marks import DASHED
from orc_lab.charts.theme import (
    BELOW,
    BLUE,
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

MOST_PROJECTS = 12
_NAME = 30  # characters of a project's name beside its score and label
_COLOURS = {Label.ON_TRACK: BLUE, Label.AT_RISK: ORANGE, Label.OFF_TRACK: VERMILLION, Label.INSUFFICIENT: GREY}
_COLUMNS = ["project_id", "project", "score", "label", "component", "adjustment", "evidence"]


def scores(healths: Sequence[Health]) -> pd.DataFrame:
    """What `health` draws, one row a component (one without a component for projects that no pattern moved)."""
    nothing: list[tuple[str | None, int, str | None]] = [(None, 0, None)]
    table = [
        (each.project_id, each.title, each.score, each.label.value, *part)
        for each in healths
        for part in [(c.name, c.adjustment, c.evidence) for c in each.components] or nothing
    ]
    return pd.DataFrame(table, columns=_COLUMNS).astype({"score": "float64", "adjustment": "float64"})


def health(scores: pd.DataFrame) -> go.Figure:
    """Which project needs a look, and why?

    `scores`: project_id, project, score (0–100, NaN for insufficient data), label, component, adjustment, evidence; one
    row a component, as from `scores`. Each score starts at 80; the bars show what moved it.
    Source: orc_lab's patterns (`agents.health.rules`), labels after Linear's project health.
    """
    if scores.empty:
        return empty("No project is active. The health of each one is drawn here, with what it rests on.")
    heads = scores.drop_duplicates("project_id").sort_values(["score", "project"], na_position="last", kind="stable")
    shown = heads.head(MOST_PROJECTS).reset_index(drop=True)
    names = [_row_name(row) for row in shown.to_dict("records")]
    drawing = figure(
        _health_title(heads),
        f"Health by project, the worst first: {'; '.join(names)}.",
        f"Score = {BASE} + Σ adjustments of the patterns that hold‡, within 0 and 100; no score under six finished "
        "todos. ‡ starting points. Source: orc_lab's patterns, labels after Linear's.",
        barmode="overlay",
        xaxis={"range": [-2, 104], "title_text": "health", "dtick": 20},
        **rows(names, limit=_NAME + 30),
    )
    _moves(drawing, _from_base(scores, shown))
    _marks(drawing, shown)
    drawing.add_vline(x=BASE, line=DASHED, layer="below")
    return drawing


def _health_title(heads: pd.DataFrame) -> str:
    counts = heads["label"].value_counts()
    names = {label: label.value for label in Label} | {Label.INSUFFICIENT: "without a score"}
    words = ", ".join(f"{counts[label.value]} {name}" for label, name in names.items() if label.value in counts)
    title = f"{len(heads)} {'project' if len(heads) == 1 else 'projects'}: {words}"
    worst = heads.iloc[0]
    if len(heads) == 1 or worst["label"] in (Label.ON_TRACK, Label.INSUFFICIENT):
        return title
    return f"{title}; lowest is {worst['project']} with {number(worst['score'])}"


def _row_name(head: dict[Any, Any]) -> str:
    """`45 · Thesis · at risk`; only the project's name is cut."""
    score = "–" if pd.isna(head["score"]) else number(head["score"])
    name = str(head["project"])
    return f"{score} · {name if len(name) <= _NAME else name[: _NAME - 1] + '…'} · {head['label']}"


def _from_base(scores: pd.DataFrame, shown: pd.DataFrame) -> pd.DataFrame:
    """Adjustments with their places: from the base up by what speaks for a project, then down by the others."""
    places = shown[["project_id"]].assign(place=shown.index + BELOW)
    parts = scores[scores["adjustment"] != 0].merge(places, on="project_id")
    parts = parts.sort_values(["place", "adjustment"], ascending=[True, False], kind="stable")
    parts["from"] = BASE + parts.groupby("place")["adjustment"].cumsum() - parts["adjustment"]
    return parts


def _moves(drawing: go.Figure, moves: pd.DataFrame) -> None:
    """Two lanes a row, so that gains and losses don't cover each other."""
    gain = moves["adjustment"] > 0
    for name, part, colour, offset in (
        ("Speaks for it", moves[gain], BLUE, -0.2),
        ("Speaks against it", moves[~gain], ORANGE, 0.0),
    ):
        why = (plain(evidence, 90) for evidence in part["evidence"])
        told = zip(map(plain, part["component"]), part["adjustment"], why, strict=True)
        drawing.add_bar(
            name=name, orientation="h", y=part["place"].to_numpy(), x=part["adjustment"].to_numpy(), width=0.2,
            base=part["from"].to_numpy(), offset=offset, customdata=list(told),
            marker={"color": translucent(colour, 0.6), "line": {"width": 1, "color": colour}},
            hovertemplate="%{customdata[0]} %{customdata[1]:+d}<br>%{customdata[2]}<extra></extra>",
        )  # fmt: skip


def _marks(drawing: go.Figure, shown: pd.DataFrame) -> None:
    scored = shown[shown["score"].notna()]
    colours = [_COLOURS[Label(label)] for label in scored["label"]]
    drawing.add_scatter(
        name="Health", x=scored["score"].to_numpy(), y=scored.index.to_numpy() + BELOW, mode="markers",
        marker={"size": 13, "color": colours}, cliponaxis=False, hoverinfo="skip", showlegend=False,
    )  # fmt: skip
