"""The page in a real browser: it asks nobody, runs nothing of a title, and reads well wide, narrow, light and dark."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from orc_lab.review.publish import Published

DRAWN = "document.documentElement.dataset.orcDrawn === 'yes'"

# WCAG 2.2 §1.4.3: the contrast of each text with what lies behind it; Plotly's drawings are tested in charts.
FAINT = """() => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [.2126, .7152, .0722][i], 0);
  const behind = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = parts(getComputedStyle(at).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const node of document.querySelectorAll("main *")) {
    const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
    if (!own || node.closest("svg, script, .orc-plot") || !node.getClientRects().length) continue;
    const [a, b] = [light(parts(getComputedStyle(node).color)), light(behind(node))].sort((x, y) => y - x);
    const contrast = (a + .05) / (b + .05);
    if (contrast < 4.5) faint.push(`${contrast.toFixed(1)}: ${node.textContent.trim().slice(0, 40)}`);
  }
  return faint;
}"""


@pytest.fixture(params=[(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")], ids=str)
def looked_at(request: pytest.FixtureRequest, published: Published, browser: Browser) -> Any:
    width, scheme = request.param
    context = browser.new_context(viewport={"width": width, "height": 850}, color_scheme=scheme)
    page = context.new_page()
    page.goto(published.html.as_uri())
    page.wait_for_function(DRAWN)
    yield page
    context.close()


def test_the_page_asks_nobody_and_runs_nothing_of_a_title(
    published: Published, browser_page: Page, outside_requests: list[str], page_errors: list[str]
) -> None:
    browser_page.goto(published.html.as_uri())
    browser_page.wait_for_function(DRAWN)
    assert browser_page.title() == "Week 20, 2026 · weekly review"
    assert browser_page.locator(".js-plotly-plot").count() >= 4
    assert browser_page.evaluate("window.ran") is None
    assert outside_requests == []
    assert page_errors == []


def test_it_fits_the_screen_and_can_be_read(looked_at: Page) -> None:
    assert looked_at.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert looked_at.evaluate(FAINT) == []


def test_the_first_screen_answers(published: Published, browser_page: Page) -> None:
    browser_page.goto(published.html.as_uri())
    for question in ("What got done", "Did the plan hold?", "What is at risk?", "What to do on Monday"):
        box = browser_page.get_by_role("heading", name=question, exact=True).first.bounding_box()
        assert box is not None
        assert box["y"] < 800, question


def test_help_opens_without_a_script(published: Published, browser_page: Page) -> None:
    browser_page.goto(published.html.as_uri())
    rule = browser_page.locator(".orc-why p").first
    assert not rule.is_visible()
    browser_page.locator(".orc-why summary").first.click()
    assert rule.is_visible()
    assert "Kanban Guide" in rule.inner_text()
