"""Every figure draws whatever a life may hold: nothing, one row, holes, much."""

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from plotly.io.json import to_json_plotly

from orc_lab.charts.dashboard import SECTIONS, figures
from orc_lab.charts.look import look
from orc_lab.charts.offline import fragment
from orc_lab.charts.plan import plan_against_actual
from orc_lab.mirror.features import Frames
from tests.charts.life import HOSTILE, life

NAMES = [name for names in SECTIONS.values() for name in names]


def drawn(lived: Frames) -> dict[str, go.Figure]:
    return figures(look(lived))


def each_frame(lived: Frames, change: Callable[[pd.DataFrame], pd.DataFrame]) -> Frames:
    frames = {field.name: getattr(lived, field.name) for field in fields(lived)}
    return replace(lived, **{name: change(each) for name, each in frames.items() if isinstance(each, pd.DataFrame)})


def without_numbers(frame: pd.DataFrame) -> pd.DataFrame:
    """Every measured number unknown."""
    hours = [name for name in frame if str(name).endswith("_hours")]
    return frame.assign(**dict.fromkeys(hours, np.nan))


LIVES: dict[str, Callable[[Frames], Frames]] = {
    "usual": lambda lived: lived,
    "empty": lambda lived: each_frame(lived, lambda frame: frame.iloc[:0]),
    "one row": lambda lived: each_frame(lived, lambda frame: frame.iloc[:1].reset_index(drop=True)),
    "no hours": lambda lived: each_frame(lived, without_numbers),
    "first week": lambda lived: life(count=4, weeks=0),
    "large": lambda lived: life(count=2500, weeks=250),
}


@pytest.fixture(scope="module", params=LIVES)
def figures_of(request: pytest.FixtureRequest, half_a_year: Frames) -> dict[str, go.Figure]:
    return drawn(LIVES[request.param](half_a_year))


def test_every_life_can_be_drawn(figures_of: dict[str, go.Figure]) -> None:
    assert list(figures_of) == NAMES
    for name, figure in figures_of.items():
        words = figure.layout.meta
        assert 10 < len(words["title"]) < 200, name
        assert len(words["alt"]) >= len(words["title"]), name
        assert "nan" not in (words["title"] + words["alt"]).lower().split(), name
        assert figure.layout.height < 1000, name
        assert len(fragment(figure, name)) < 150_000, name


@pytest.fixture(scope="module")
def usual(half_a_year: Frames) -> dict[str, go.Figure]:
    return drawn(half_a_year)


def test_a_figure_with_data_says_how_it_is_made(usual: dict[str, go.Figure]) -> None:
    for name, figure in usual.items():
        assert len(figure.data) > 0, name
        assert 40 < len(figure.layout.meta["help"]) < 320, name
        axes = [figure.layout.xaxis, figure.layout.yaxis]
        assert any(axis.title.text or axis.type == "date" or axis.ticktext for axis in axes), name


def test_an_empty_life_has_thirteen_reasons_and_next_steps(half_a_year: Frames) -> None:
    for name, figure in drawn(LIVES["empty"](half_a_year)).items():
        assert not figure.data, name
        reason, step = figure.layout.meta["title"], figure.layout.annotations[0].text
        assert reason not in step, name
        assert step, name


def test_titles_of_todos_and_projects_are_letters(usual: dict[str, go.Figure], half_a_year: Frames) -> None:
    """Plotly renders <b> and <a> in any label, so none may hold a tag that a title brought."""
    crowded = plan_against_actual(half_a_year.commitments.assign(week="2026-W10"), "2026-W10")
    for name, figure in (usual | {"plan_against_actual": crowded}).items():
        from_titles = [text for text in texts(figure.to_dict()) if "img" in text]
        assert all("&lt;img" in text and "<" not in text.replace("<br>", "") for text in from_titles), name
        assert from_titles or name not in {"plan_against_actual", "ageing", "cycle_times", "health"}, name
        html = fragment(figure, name)
        assert "<img" not in html, name
        assert html.count("</script>") == 1, name
    assert "<img" in HOSTILE


def texts(value: Any) -> Iterator[str]:
    """Every text that Plotly may show; `meta` is for us."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner, each in value.items():
            if inner != "meta":
                yield from texts(each)
    elif isinstance(value, (list, tuple, np.ndarray)):
        for each in value:
            yield from texts(each)


def test_the_same_life_gives_the_same_figures(usual: dict[str, go.Figure], half_a_year: Frames) -> None:
    again = drawn(half_a_year)
    assert {name: to_json_plotly(each) for name, each in usual.items()} == {
        name: to_json_plotly(each) for name, each in again.items()
    }
