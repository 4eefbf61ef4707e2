"""Publishing on a real database with a real kernel: what is written, and what isn't when something goes wrong."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from orc_lab.errors import DatabaseMissing, FutureWeek, NotWritable, ReviewFailed
from orc_lab.model.week import Week
from orc_lab.review.publish import Published, publish
from orc_lab.review.reading import read_review
from orc_lab.review.view import plain
from tests.review.conftest import NASTY, NOW, WEEK
from tests.review.notebooks import notebook
from tests.review.shown import NUMBER, numbers_known, words

FILES = ["review.html", "review.ipynb", "review.json"]
LARGEST = 2_000_000  # bytes; a page with Plotly in it is larger, notebook and JSON are smaller
PUBLISH = """
import sys
from collections.abc import Callable
from pathlib import Path
from orc_lab.model.week import Week
from orc_lab.review.publish import publish
database, week, reports, now, *notebook = sys.argv[1:]
publish(database, Week.parse(week), reports, now=int(now), notebook=Path(notebook[0]) if notebook else None)
"""


SMALL = f"""
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, ({LARGEST}, {LARGEST}))
"""


def publishing(
    database: Path, reports: Path, *notebook: Path, script: str = PUBLISH, **env: str
) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", script, str(database), str(WEEK), str(reports), str(NOW), *map(str, notebook)]
    return subprocess.Popen(command, text=True, stderr=subprocess.PIPE, env={**os.environ, **env})


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    """Reports of an earlier run."""
    place = tmp_path / "reports" / str(WEEK)
    place.mkdir(parents=True)
    for name in FILES:
        (place / name).write_text(f"earlier {name}", encoding="utf-8")
    return tmp_path / "reports"


def untouched(reports: Path) -> bool:
    return all(path.read_text() == f"earlier {path.name}" for path in (reports / str(WEEK)).glob("review.[hij][tps]*"))


def test_three_files_are_written_and_nothing_else(published: Published) -> None:
    assert sorted(path.name for path in published.html.parent.iterdir()) == FILES
    assert published.week == WEEK


def test_the_json_is_what_the_review_says(published: Published, database: Path) -> None:
    document = json.loads(published.json.read_text(encoding="utf-8"))
    assert document == plain(read_review(str(database), str(WEEK), NOW))
    assert (document["schema"], document["week"], document["so_far"]) == (1, "2026-W20", False)
    assert document["numbers"]["done"]["value"] == 4


def test_every_number_on_the_page_is_in_the_json(published: Published) -> None:
    known = numbers_known(json.loads(published.json.read_text(encoding="utf-8")))
    read = words(published.html.read_text(encoding="utf-8")).words
    shown = NUMBER.findall(" ".join(read))
    assert len(shown) > 100
    assert [number for number in shown if number not in known] == []


def test_the_page_holds_no_code_and_asks_nobody(published: Published) -> None:
    html = published.html.read_text(encoding="utf-8")
    own = html[: html.index("plotly.js v")]
    assert not re.search(r"https?:", own)
    assert "view.section" not in html
    assert "read_review" not in html
    assert html.count("plotly.js v") == 1
    for name in ("require.js", "MathJax", "mermaid"):
        assert name.lower() not in own.lower()


def test_titles_are_text_on_the_page(published: Published) -> None:
    read = words(published.html.read_text(encoding="utf-8"))
    assert "img" not in read.tags
    assert NASTY in " ".join(read.words)


def test_headings_and_landmarks_are_in_order(published: Published) -> None:
    tags = words(published.html.read_text(encoding="utf-8")).tags
    assert tags.count("h1") == tags.count("main") == tags.count("header") == 1
    assert tags.index("main") < tags.index("h1") < tags.index("h2")
    assert tags.count("table") == tags.count("caption") > 3


def test_the_notebook_kept_is_the_one_that_ran(published: Published) -> None:
    ran = nbformat.read(published.notebook, as_version=4)  # type: ignore[no-untyped-call]
    cells = [cell for cell in ran.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert "2026-W20" in next(cell.source for cell in cells if "injected-parameters" in cell.metadata.tags)
    assert "papermill" not in ran.metadata, "it names places on this machine"
    assert "widgets" not in ran.metadata


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("import os; os._exit(3)", "its kernel died"),
        ("1 / 0", "cell 3 raised ZeroDivisionError: division by zero"),
    ],
)
def test_a_notebook_that_fails_leaves_the_reports_alone(
    database: Path, earlier: Path, tmp_path: Path, cell: str, why: str
) -> None:
    broken = notebook(tmp_path / "broken.ipynb", cell)
    with pytest.raises(ReviewFailed, match=f"could not be executed: {why}") as failure:
        publish(database, WEEK, earlier, now=NOW, notebook=broken)
    failed = earlier / str(WEEK) / "review.failed.ipynb"
    assert str(failed) in str(failure.value)
    assert cell in failed.read_text(encoding="utf-8").replace('\\"', '"')
    assert untouched(earlier)
    assert len(list(failed.parent.iterdir())) == 4


def test_a_cell_that_hangs_is_ended(database: Path, earlier: Path, tmp_path: Path) -> None:
    other = earlier / str(WEEK) / ".review-1.ipynb"
    other.write_text("of a run that still goes on", encoding="utf-8")
    hanging = notebook(tmp_path / "hanging.ipynb", "import time; time.sleep(60)")
    with pytest.raises(ReviewFailed, match="a cell took longer than 1 s"):
        publish(database, WEEK, earlier, now=NOW, notebook=hanging, cell_seconds=1)
    assert untouched(earlier)
    assert other.exists()


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is of POSIX systems.")
def test_a_killed_run_leaves_no_half_report_and_no_kernel(database: Path, earlier: Path, tmp_path: Path) -> None:
    told = tmp_path / "pid"
    cell = f"import os, pathlib, time; pathlib.Path({str(told)!r}).write_text(str(os.getpid())); time.sleep(120)"
    (tmp_path / ("long" * 20)).mkdir()  # too long for the names of sockets, so this kernel talks encrypted TCP
    slow = notebook(tmp_path / "slow.ipynb", cell)
    with publishing(database, earlier, slow, TMPDIR=str(tmp_path / ("long" * 20))) as run:
        kernel = int(waited(lambda: told.exists() and told.read_text()))
        run.send_signal(signal.SIGKILL)
    assert untouched(earlier)
    assert len(list((earlier / str(WEEK)).iterdir())) == 3
    waited(lambda: not alive(kernel))


def waited(sign: Callable[[], object]) -> str:
    """Wait for a sign, half a minute at most."""
    until = time.monotonic() + 30
    while not (found := sign()):
        assert time.monotonic() < until
        time.sleep(0.05)
    return str(found)


def alive(pid: int) -> bool:
    """Whether a process runs; one that ended and that nobody has asked about doesn't."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.skipif(os.name != "posix", reason="Limits of a file's size are of POSIX systems.")
def test_a_page_that_has_no_room_leaves_all_three_files_of_the_earlier_run(
    database: Path, earlier: Path, published: Published
) -> None:
    sizes = {path.name: path.stat().st_size for path in published.html.parent.iterdir()}
    assert sizes["review.ipynb"] < LARGEST < sizes["review.html"]
    with publishing(database, earlier, script=SMALL + PUBLISH) as run:
        _, said = run.communicate(timeout=120)
    assert run.returncode == 1
    assert "review.html" in said.splitlines()[-1]
    assert untouched(earlier)
    assert sorted(path.name for path in (earlier / str(WEEK)).iterdir()) == FILES


def test_two_at_once_leave_one_whole_report_and_sweep_what_a_killed_run_left(
    database: Path, earlier: Path, tmp_path: Path
) -> None:
    left = earlier / str(WEEK) / ".review-0.ipynb"
    left.write_text("half of it", encoding="utf-8")
    os.utime(left, (0, 0))
    home = tmp_path / "home"
    startup = home / ".ipython" / "profile_default" / "startup" / "mine.py"
    startup.parent.mkdir(parents=True)
    startup.write_text("1 / 0  # what a person's own IPython does must not matter")
    runs = [publishing(database, earlier, HOME=str(home)), publishing(database, earlier, HOME=str(tmp_path / "none"))]
    for run in runs:
        _, said = run.communicate(timeout=120)
        assert run.returncode == 0, said
    place = earlier / str(WEEK)
    assert sorted(path.name for path in place.iterdir()) == FILES
    assert [path for path in home.rglob("*") if path.is_file()] == [startup]
    assert not (tmp_path / "none").exists()
    assert json.loads((place / "review.json").read_text(encoding="utf-8"))["week"] == str(WEEK)
    assert (place / "review.html").read_text(encoding="utf-8").rstrip().endswith("</html>")


def test_what_cannot_be_reviewed_is_said_before_a_kernel_starts(database: Path, tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(FutureWeek, match="2026-W30 begins on 2026-07-20, which is still to come"):
        publish(database, Week.parse("2026-W30"), tmp_path, now=NOW)
    with pytest.raises(DatabaseMissing):
        publish(tmp_path / "none.db", WEEK, tmp_path, now=NOW)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(NotWritable):
        publish(database, WEEK, tmp_path / "file", now=NOW)
    assert time.monotonic() - began < 5
    assert not (tmp_path / "2026-W30").exists()
