"""The page of a backtest: every family's table and figures, whatever there was data for, and nothing from outside."""

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Page

from orc_lab.agents.backtest.result import OURS, Backtest, Family, Measure, Row
from orc_lab.agents.backtest.scores import LEVELS, Score
from orc_lab.charts.backtest import figures, page, score_over_time
from orc_lab.charts.offline import fragment
from tests.browser.conftest import browser, browser_page, outside_requests, page_errors
from tests.charts.life import HOSTILE
from tests.review.shown import words

__all__ = ["browser", "browser_page", "outside_requests", "page_errors"]

LENGTHS = ["under 30 finished", "30–99 finished", "300–999 finished"]
MEASURES = {
    "mae": Measure(label="MAE h", spec="h", help="mean absolute error"),
    "cover": Measure(label="80% band held", spec="%", help="with an interval"),
    "unused": Measure(label="Unused", spec="x", help="in no row"),
}
CALIBRATION = pd.DataFrame(
    {"level": LEVELS, "under": np.array(LEVELS) - 0.03, "upto": np.array(LEVELS) + 0.02, "n": 90}
)
PIT = pd.DataFrame({"low": np.arange(10) / 10, "share": [0.1] * 10})
SPANS = pd.DataFrame({
    "part": LENGTHS, "n": [30, 70, 400], "from": [0, 30, 300],
    **{f"{name}{end}": [value, value, value] for name in ("mae_own", "crps_ratio", "cover")
       for end, value in (("", 0.9), ("_low", 0.8), ("_high", np.nan))},
})  # fmt: skip


def held(part: str) -> pd.DataFrame:
    rows = [
        (name, model, level, 0.8, 0.7, 0.9, 40) for name in (f"{part} 5", f"{part} 20")
        for model in (OURS, "usual") for level in (0.5, 0.8)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["part", "model", "promised", "share", "low", "high", "n"])


def family(key: str, **plots: pd.DataFrame) -> Family:
    rows = (
        Row(
            part="all", model=OURS, n=90, scores={"mae": Score(value=1.5), "cover": Score(value=0.8, low=0.7, high=0.9)}
        ),
        Row(part="all", model=HOSTILE, n=90, scores={"mae": Score(value=np.nan)}),
    )
    return Family(key=key, title=f"Family {key}", law="By a law.", measures=MEASURES, rows=rows, plots=plots)


@pytest.fixture(scope="module")
def found() -> Backtest:
    sums = held("size").rename(columns={"part": "size"}).drop(columns="promised").drop_duplicates()
    families = (
        family("estimates", calibration=CALIBRATION, pit=PIT, lengths=SPANS),
        family("sums", held=sums),
        family("weeks"),
        family("dates", held=held("next")),
        family("trouble", reliability=pd.DataFrame({"chance": [0.2, 0.6], "share": [0.1, 0.7], "low": [0.0, 0.5],
                                                    "high": [0.3, 0.9], "n": [20, 20]})),
        family("orders", on_time=pd.DataFrame({"part": ["a", "a"], "model": [OURS, HOSTILE], "share": [0.8, 0.6]})),
    )  # fmt: skip
    return Backtest(source=HOSTILE, persons=2, finished=90, seed=0, families=families)


def test_every_figure_is_drawn_and_says_what_it_shows(found: Backtest) -> None:
    drawn = figures(found)
    assert list(drawn) == [
        "estimates_calibration", "estimates_pit", "estimates_lengths", "estimates_cover", "sums_held", "dates_held",
        "trouble_reliability", "orders_on_time",
    ]  # fmt: skip
    for name, figure in drawn.items():
        meta = figure.layout.meta
        assert 10 < len(meta["title"]) < 200, name
        assert "nan" not in (meta["title"] + meta["alt"]).lower().split(), name
        assert fragment(figure, name).startswith("<figure"), name


def test_the_table_leaves_out_what_no_row_has_and_marks_our_row(found: Backtest) -> None:
    html = page(found)
    read = words(html)
    assert read.tags.count("table") == 6
    assert "Unused" not in read.words
    assert "80% [70%–90%]" in read.words
    assert html.count('class="orc-ours"') == 6


def test_names_from_a_file_are_text(found: Backtest) -> None:
    read = words(page(found))
    assert "img" not in read.tags
    assert HOSTILE in " ".join(read.words)


def test_too_little_data_is_said_on_the_page() -> None:
    short = Family(key="weeks", title="Weeks ahead", law="", measures={}, needs="22 complete weeks would be needed.")
    html = page(Backtest(source="x", persons=1, finished=3, seed=0, families=(short,)))
    assert "Too little data. 22 complete weeks would be needed." in html
    assert "plotly.js v" not in html


def test_the_page_asks_nobody(
    found: Backtest, tmp_path, browser_page: Page, outside_requests: list[str], page_errors: list[str]
) -> None:
    path = tmp_path / "backtest.html"
    path.write_text(page(found), encoding="utf-8")
    browser_page.goto(path.as_uri())
    browser_page.wait_for_function("document.documentElement.dataset.orcDrawn === 'yes'")
    assert browser_page.locator(".js-plotly-plot").count() == 8
    assert browser_page.title() == "Backtest"
    assert browser_page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert outside_requests == []
    assert page_errors == []


def test_scores_over_time_draw_the_lowest() -> None:
    days = pd.to_datetime(["2026-01-05", "2026-01-12"])
    table = pd.DataFrame([
        {"project_id": f"p{n}", "project": f"{HOSTILE} {n}", "at": day, "score": 90.0 - 5 * n - 3 * later}
        for n in range(10) for later, day in enumerate(days)
    ])  # fmt: skip
    drawing = score_over_time(table, most=3)
    assert len(drawing.data) == 3
    assert [trace.y[-1] for trace in drawing.data] == [42.0, 47.0, 52.0]
    assert drawing.layout.meta["title"].startswith("10 of 10 projects")
    assert "<" not in drawing.data[0].name
