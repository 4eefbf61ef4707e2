"""Fragments are data and words; a page allows its own script and nothing else."""

import json
import re
import subprocess
import sys
from base64 import b64encode
from hashlib import sha256
from html import unescape
from typing import Any

import plotly.graph_objects as go
import plotly.io as pio

from orc_lab.charts.offline import Shown, for_notebook, fragment, page, plotly_js
from orc_lab.charts.theme import empty, figure
from tests.charts.life import HOSTILE


def bars(name: str = "Done") -> go.Figure:
    drawing = figure(f"Two bars {HOSTILE}", f"Bars of {HOSTILE}", "Counted by hand.")
    drawing.add_bar(name=name, x=[1, 2], y=[3, 4], marker_color="#1b7fbd")
    return drawing.add_scatter(name="Level", x=[1, 2], y=[3, 3], mode="lines", line_color="#c88700")


def data_of(html: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json">(.*?)</script>', html, re.DOTALL)
    assert found
    return json.loads(found[1])  # type: ignore[no-any-return]


def test_a_fragment_is_the_same_each_time_and_has_its_name() -> None:
    assert fragment(bars(), "bars") == fragment(bars(), "bars")
    assert 'id="bars"' in fragment(bars(), "bars")
    assert 'id="a&quot;b"' in fragment(bars(), 'a"b')


def test_a_fragment_tells_title_words_and_help_as_text() -> None:
    html = fragment(bars(), "bars")
    assert not re.search(r"<(img|b|a)\b", html)
    words = re.search(r'role="img" aria-label="([^"]*)"', html)
    assert words
    assert unescape(words[1]) == f"Bars of {HOSTILE}"
    assert unescape(re.search(r"<figcaption>(.*?)</figcaption>", html)[1]) == f"Two bars {HOSTILE}"  # type: ignore[index]
    assert '<p class="orc-figure-help">Counted by hand.</p>' in html
    assert "orc-figure-help" not in fragment(empty("Nothing. Wait."), "empty")


def test_a_fragment_runs_nothing_and_names_no_host() -> None:
    html = fragment(bars(), "bars")
    assert re.findall(r"<script[^>]*>", html) == ['<script type="application/json">']
    assert "http" not in html.replace("https:\\u002f\\u002fexample.invalid", "").replace("https://example.invalid", "")


def test_a_fragment_holds_what_plotly_draws_without_a_cloud_button() -> None:
    drawn = data_of(fragment(bars(), "bars"))
    assert drawn["config"]["showSendToCloud"] is False
    assert drawn["config"]["plotlyServerURL"] == ""
    assert drawn["config"]["displaylogo"] is False
    assert drawn["config"]["modeBarButtons"] == [["zoom2d", "resetScale2d", "toImage"]]
    assert "title" not in drawn["layout"]
    assert "meta" not in drawn["layout"]
    assert drawn["data"][0]["type"] == "bar"


def test_a_key_names_each_colour_once_and_as_text() -> None:
    html = fragment(bars("Done &lt;b&gt;"), "bars")
    names = re.findall(r"</i>(.*?)</button>", html)
    assert names == ["Done &lt;b&gt;", "Level"]
    assert re.findall(r'value="\[(\d)\]"', html) == ["0", "1"]
    alone = figure("One", "alt").add_bar(name="Done", x=[1], y=[1])
    assert "orc-legend" not in fragment(alone, "one")


def test_a_page_allows_its_own_script_only() -> None:
    html = page("Title", fragment(bars(), "bars"))
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    assert policy
    digest = b64encode(sha256(plotly_js().encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in policy[1]
    assert policy[1].startswith("default-src 'none';")
    assert "unsafe-eval" not in policy[1]
    assert html.count(plotly_js()) == 1


def test_the_script_may_stand_in_a_page() -> None:
    assert not re.search(r"</script|<!--", plotly_js(), re.IGNORECASE)
    assert "\r" not in plotly_js(), "a browser would change it, and its digest with it"


def test_a_page_escapes_its_title_and_says_sample_when_it_is() -> None:
    html = page(HOSTILE, "<p>words</p>", sample=True)
    assert f"<title>{'&lt;img src=x'}" in html
    assert "Sample data" in html
    assert "Sample data" not in page("Title", "<p>words</p>")


def test_a_page_without_figures_carries_no_plotly() -> None:
    assert len(page("Title", "<p>words</p>")) < 20_000


def test_a_cell_shows_a_live_figure_and_a_fragment() -> None:
    shown = for_notebook(bars(), "bars")
    assert isinstance(shown, Shown)
    bundle = shown._repr_mimebundle_(include=None, exclude=None)
    live: Any = bundle["application/vnd.plotly.v1+json"]
    assert live["config"]["showSendToCloud"] is False
    assert live["layout"]["title"]["text"].startswith("Two bars &lt;img")
    assert bundle["text/html"] == fragment(bars(), "bars")
    assert json.dumps(bundle)


def test_other_figures_of_a_notebook_lose_the_cloud_button_too() -> None:
    for_notebook(bars())
    other = pio.renderers["plotly_mimetype"].to_mimebundle(go.Figure(go.Bar(y=[1])).to_dict())
    assert other["application/vnd.plotly.v1+json"]["config"]["showSendToCloud"] is False


def test_the_button_is_gone_also_where_plotly_loads_its_renderers_later() -> None:
    script = """
import sys
import plotly.graph_objects as go
from orc_lab.charts.offline import for_notebook
from orc_lab.charts.theme import figure
for _ in range(2):
    for_notebook(figure("Title", "alt"))._repr_mimebundle_()
assert "plotly.io._renderers" not in sys.modules, "loading them takes a quarter of a second"
import plotly.io as pio
bundle = pio.renderers["plotly_mimetype"].to_mimebundle(go.Figure(go.Bar(y=[1])).to_dict())
assert bundle["application/vnd.plotly.v1+json"]["config"]["showSendToCloud"] is False
assert not any(type(finder).__module__.startswith("orc_lab") for finder in sys.meta_path)
"""
    subprocess.run([sys.executable, "-c", script], check=True)
