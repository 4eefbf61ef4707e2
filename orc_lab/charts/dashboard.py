"""Every figure on one page that needs nothing but itself."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING

import plotly.graph_objects as go

from orc_lab.charts.ages import ageing, cycle_times, cycles
from orc_lab.charts.estimates import calibration, estimate_against_actual, estimate_ratio_over_time
from orc_lab.charts.flow import cumulative_flow, net_flow, throughput
from orc_lab.charts.look import Key, Look, keys, look
from orc_lab.charts.offline import fragment, page
from orc_lab.charts.plan import carry_over, plan_against_actual
from orc_lab.charts.projects import health, scores
from orc_lab.charts.rhythm import focus_heatmap
from orc_lab.mirror import metrics

if TYPE_CHECKING:
    from orc_lab.mirror.features import Frames

SECTIONS: Mapping[str, tuple[str, ...]] = {
    "Plan": ("plan_against_actual", "carry_over"),
    "Throughput": ("throughput", "throughput_hours", "net_flow", "cumulative_flow"),
    "Estimates": ("estimate_against_actual", "estimate_ratio_over_time", "calibration"),
    "Age": ("ageing", "cycle_times"),
    "Projects and rhythm": ("health", "focus_heatmap"),
}

_CSS = """
.orc-head h1 { font-size: 1.6rem; line-height: 1.2; margin: .5rem 0 0; }
.orc-head p { color: var(--orc-soft); margin: .2rem 0 1rem; }
.orc-nav { display: flex; flex-wrap: wrap; gap: .25rem 1.1rem; list-style: none; margin: 0 0 1.25rem; padding: 0; }
.orc-keys { display: grid; gap: .75rem; grid-template-columns: repeat(auto-fit, minmax(8.75rem, 1fr)); margin: 0; }
.orc-keys > div { background: var(--orc-card); border: 1px solid var(--orc-line); border-radius: .6rem;
  display: flex; flex-direction: column; padding: .7rem .85rem; }
.orc-keys dt { color: var(--orc-soft); font-size: .8125rem; }
.orc-keys dd { font-size: .8125rem; margin: 0; }
.orc-keys b { display: block; font-size: 1.5rem; line-height: 1.3; }
.orc-section > h2 { border-bottom: 1px solid var(--orc-line); font-size: 1.15rem; margin: 2.25rem 0 1rem;
  padding-bottom: .3rem; }
.orc-grid { display: grid; gap: 2rem 2.5rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); }
.orc-grid > :last-child:nth-child(odd) { grid-column: 1 / -1; }
@media print { .orc-nav { display: none; } .orc-grid { display: block; } .orc-figure { margin-bottom: 1.5rem; } }
"""


def figures(seen: Look) -> dict[str, go.Figure]:
    """Every figure by the name of its function (`throughput_hours` beside `throughput`), in the page's order."""
    frames = seen.frames
    return {
        "plan_against_actual": plan_against_actual(frames.commitments, seen.week),
        "carry_over": carry_over(frames.commitments, running=str(frames.week)),
        "throughput": throughput(frames.weekly, seen.ahead),
        "throughput_hours": throughput(frames.weekly, seen.ahead_hours, measure="hours"),
        "net_flow": net_flow(frames.weekly),
        "cumulative_flow": cumulative_flow(metrics.cumulative_flow(frames.events, frames.tasks, frames.now)),
        "estimate_against_actual": estimate_against_actual(frames.finished, seen.band),
        "estimate_ratio_over_time": estimate_ratio_over_time(frames.finished),
        "calibration": calibration(seen.walk),
        "ageing": ageing(seen.ages),
        "cycle_times": cycle_times(cycles(frames.tasks, frames.events, frames.now)),
        "health": health(scores(seen.healths)),
        "focus_heatmap": focus_heatmap(metrics.focus(frames.sessions, frames.clock)),
    }


def dashboard(frames: Frames, *, sample: bool = False) -> str:
    """One HTML page: key numbers on top, then every figure with how it is made, as of the frames' instant.

    It loads nothing and asks nobody; with `sample` it says that the data are the sample life's.
    """
    seen = look(frames)
    drawn = figures(seen)
    sections = "".join(_section(title, {name: drawn[name] for name in names}) for title, names in SECTIONS.items())
    body = f"{_head(frames)}{_keys(keys(seen))}<main>{sections}</main>"
    return page("orc_lab dashboard", body, css=_CSS, sample=sample)


def _head(frames: Frames) -> str:
    now = frames.now
    told = f"As of {now:%A}, {now.day} {now:%B %Y, %H:%M}"
    if frames.reconstructed:
        told += " · reconstructed: this past was imported rather than recorded"
    links = "".join(f'<li><a href="#{_anchor(title)}">{escape(title)}</a></li>' for title in SECTIONS)
    return (
        f'<header class="orc-head"><h1>Dashboard</h1><p>{told}</p>'
        f'<nav aria-label="Sections"><ul class="orc-nav">{links}</ul></nav></header>'
    )


def _keys(numbers: tuple[Key, ...]) -> str:
    tiles = "".join(
        f"<div><dt>{escape(key.label)}</dt><dd><b>{escape(key.value)}</b>{escape(key.note)}</dd></div>"
        for key in numbers
    )
    return f'<dl class="orc-keys" aria-label="Key numbers">{tiles}</dl>'


def _section(title: str, drawn: Mapping[str, go.Figure]) -> str:
    fragments = "".join(fragment(figure, name) for name, figure in drawn.items())
    heading = f'<h2 id="{_anchor(title)}">{escape(title)}</h2>'
    return f'<section class="orc-section">{heading}<div class="orc-grid">{fragments}</div></section>'


def _anchor(title: str) -> str:
    return f"section-{title.lower().replace(' ', '-')}"
