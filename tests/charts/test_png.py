"""Pictures of figures, where a browser is; a clear sentence where there is none."""

import errno
import socket
import socketserver
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from orc_lab.charts import png
from orc_lab.charts.png import save_png
from orc_lab.charts.theme import HEIGHT, figure
from orc_lab.errors import MissingProgram, NotWritable
from tests.browser.conftest import ABSENT, find_chromium


@pytest.fixture
def chromium(monkeypatch: pytest.MonkeyPatch) -> str:
    """A Chromium for kaleido; skips where there is none."""
    found = find_chromium()
    if found is None:
        pytest.skip(ABSENT)
    monkeypatch.setenv("BROWSER_PATH", found)
    return found


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What the browser would have asked other machines for: here, this test is its way out."""
    lines: list[str] = []

    class Refuse(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            lines.append(self.rfile.readline(200).decode(errors="replace"))

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Refuse) as server:
        monkeypatch.setattr(png, "NOWHERE", f"http://127.0.0.1:{server.server_address[1]}")
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}).start()
        yield lines
        server.shutdown()


def test_pictures_have_the_figures_sizes_and_load_nothing(chromium: str, asked: list[str], tmp_path: Path) -> None:
    bars = figure("Two bars", "alt").add_bar(x=[1, 2], y=[3, 4])
    paths = save_png({"bars": bars, "math": figure("It costs $5 or $6", "alt")}, tmp_path / "png")
    assert paths == [tmp_path / "png" / "bars.png", tmp_path / "png" / "math.png"]
    for path in paths:
        data = path.read_bytes()
        assert data.startswith(b"\x89PNG")
        assert struct.unpack(">II", data[16:24]) == (png.WIDTH * png.SCALE, (HEIGHT + 34) * png.SCALE)
    assert [line for line in asked if "cdn" in line or "plot" in line] == [], "MathJax or plotly.js from elsewhere"


def test_what_a_browser_asks_by_itself_goes_nowhere() -> None:
    """A Chromium looks for updates and for a start page even when it only draws."""
    url = urlsplit(png.NOWHERE)
    assert url.hostname == "127.0.0.1"
    with socket.socket() as handle:
        assert handle.connect_ex((url.hostname, url.port)) == errno.ECONNREFUSED


def test_without_a_browser_the_next_step_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from choreographer.browsers.chromium import Chromium

    monkeypatch.setattr(Chromium, "find_browser", lambda **_: None)
    with pytest.raises(MissingProgram, match=r"Chromium.* is not installed\. Install one"):
        save_png({}, tmp_path)


def test_without_kaleido_the_next_step_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(png, "find_spec", lambda _: None)
    with pytest.raises(MissingProgram, match=r"kaleido is not installed\. .*pip install kaleido"):
        save_png({}, tmp_path)


def test_a_folder_that_can_not_be_made_is_told(chromium: str, tmp_path: Path) -> None:
    (tmp_path / "png").write_text("in the way", encoding="utf-8")
    with pytest.raises(NotWritable):
        save_png({"one": figure("One", "alt").add_bar(x=[1], y=[1])}, tmp_path / "png")
