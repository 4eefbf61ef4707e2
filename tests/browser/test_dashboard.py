"""The dashboard in a real browser: it draws, asks nobody, and shows titles as letters."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from orc_lab.charts.dashboard import SECTIONS, dashboard
from orc_lab.charts.offline import fragment, page
from orc_lab.charts.theme import figure, plain
from tests.charts.life import HOSTILE, life

FIGURES = sum(map(len, SECTIONS.values()))
DRAWN = "html[data-orc-drawn]"  # a selector: the page's policy refuses the script that waits for an expression


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A page that stays open for the module's tests, and what it has asked for and got wrong so far."""

    page: Page
    path: Path
    asked: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Shown]:
    path = tmp_path_factory.mktemp("dashboard") / "dashboard.html"
    path.write_text(dashboard(life(120, 16), sample=True), encoding="utf-8")
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    shown = Shown(page=context.new_page(), path=path)
    shown.page.on("request", lambda request: shown.asked.append(request.url))
    shown.page.on("pageerror", lambda error: shown.errors.append(str(error)))
    shown.page.on("console", lambda told: shown.errors.append(told.text) if told.type == "error" else None)
    shown.page.goto(path.as_uri())
    shown.page.wait_for_selector(DRAWN)
    yield shown
    context.close()


def test_every_figure_is_drawn_without_a_cloud_button(shown: Shown) -> None:
    assert shown.page.locator(".js-plotly-plot").count() == FIGURES
    assert shown.page.locator("#throughput .bars path").count() > 10
    titles = shown.page.locator(".modebar-btn").evaluate_all("all => all.map(each => each.dataset.title)")
    assert set(titles) == {"Zoom", "Reset axes", "Download plot as a PNG"}
    assert shown.page.locator("text=/plotly|cloud/i").count() == 0


def test_titles_are_letters_also_under_the_pointer(shown: Shown) -> None:
    assert shown.page.title() == "orc_lab dashboard"
    assert shown.page.locator(".orc-plot a, .orc-plot b, img").count() == 0
    labels = shown.page.locator("#ageing .annotation-text").all_text_contents()
    assert any("<img src=x" in label for label in labels)
    told = []
    for point in shown.page.locator("#ageing .scatterlayer .trace").nth(2).locator("path.point").all():
        point.hover(force=True)
        told += shown.page.locator("#ageing .hovertext").all_text_contents()
    assert any("<b>bold</b> <a href='https://example.invalid'>x</a>" in text for text in told)


def test_a_key_hides_and_shows_its_trace(shown: Shown) -> None:
    key = shown.page.locator("#carry_over .orc-legend button").first
    bars = shown.page.locator("#carry_over .bars .point")
    before = bars.count()
    key.click()
    assert key.get_attribute("aria-pressed") == "false"
    assert bars.count() < before
    key.click()
    assert bars.count() == before


@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_fits_and_no_label_is_cut(shown: Shown, width: int) -> None:
    shown.page.set_viewport_size({"width": width, "height": 800})
    filled = """() => [...document.querySelectorAll(".orc-plot")].every(
        (place) => Math.abs(place.querySelector(".main-svg").clientWidth - place.clientWidth) <= 1)"""
    for _ in range(100):
        if shown.page.evaluate(filled):
            break
        shown.page.wait_for_timeout(50)
    assert shown.page.evaluate("document.documentElement.scrollWidth") <= width
    cut = """() => [...document.querySelectorAll(".orc-plot")].filter((place) => {
        const box = place.getBoundingClientRect();
        return [...place.querySelectorAll(".main-svg text")].some((each) => {
            const text = each.getBoundingClientRect();
            return text.right > box.right + 1 || text.left < box.left - 1;
        });
    }).map((place) => place.parentElement.id)"""
    assert shown.page.evaluate(cut) == []


@pytest.mark.parametrize(("scheme", "ink"), [("dark", "rgb(230, 233, 238)"), ("light", "rgb(31, 35, 40)")])
def test_labels_have_the_colour_of_the_page(shown: Shown, scheme: str, ink: str) -> None:
    shown.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    for label in (".xtick text", ".annotation-text", ".ytitle", ".cbaxis text"):
        fill = shown.page.locator(f".orc-plot {label}").first.evaluate("each => getComputedStyle(each).fill")
        assert fill == ink, label


def test_the_dashboard_has_asked_for_nothing_but_itself(shown: Shown) -> None:
    shown.page.hover("#throughput .orc-plot")
    assert [url for url in shown.asked if not url.startswith("data:")] == [shown.path.as_uri()]
    assert shown.errors == []
    assert shown.page.title() == "orc_lab dashboard"


def test_a_script_in_a_page_does_not_run_and_the_figure_does(
    tmp_path: Path, browser_page: Page, page_errors: list[str]
) -> None:
    drawing = figure(HOSTILE, HOSTILE).add_bar(x=[plain(HOSTILE)], y=[1])
    forgot = f"<p>{HOSTILE}<script>document.title = 'owned'</script></p>"
    path = tmp_path / "page.html"
    path.write_text(page("Title", forgot + fragment(drawing, "one")), encoding="utf-8")
    browser_page.goto(path.as_uri())
    browser_page.wait_for_selector(DRAWN)
    assert browser_page.title() == "Title"
    assert browser_page.locator("#one .bars path").count() == 1
    refused = [error for error in page_errors if "Content Security Policy" in error]
    assert len(refused) >= 2, "the script and the onerror of the picture"


def test_without_scripts_the_words_stand_in_for_the_figures(shown: Shown, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    bare = context.new_page()
    bare.goto(shown.path.as_uri())
    assert "todos a week at the median" in bare.locator("#throughput .orc-plot").inner_text()
    context.close()
