"""An executed notebook as a page: what its cells show, and nothing of its code."""

from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from orc_lab.model.week import Week
from orc_lab.review.blocks import MIME
from orc_lab.review.execute import Broken
from orc_lab.review.export import exported
from tests.review.notebooks import notebook
from tests.review.shown import words

WEEK = Week.parse("2026-W20")


def executed(tmp_path: Path, *outputs: dict[str, object]) -> NotebookNode:
    path = notebook(tmp_path / "executed.ipynb", "secret_code()", "more_code()")
    read: NotebookNode = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    read.metadata["papermill"] = {"output_path": str(path)}
    read.cells[1].outputs = [nbformat.from_dict(output) for output in outputs]  # type: ignore[no-untyped-call]
    return read


def shows(**data: object) -> dict[str, object]:
    bundle = {key.replace("_", "/"): value for key, value in data.items()}
    return {"output_type": "display_data", "metadata": {}, "data": bundle}


REVIEW = {"output_type": "display_data", "metadata": {}, "data": {"text/html": "<h1>Week</h1>", MIME: {"week": "x"}}}


def test_a_notebook_without_a_review_is_broken(tmp_path: Path) -> None:
    with pytest.raises(Broken, match="no cell shows the review"):
        exported(executed(tmp_path, shows(text_html="<p>hello</p>")), WEEK)


def test_only_html_outputs_reach_the_page(tmp_path: Path) -> None:
    stream = {"output_type": "stream", "name": "stderr", "text": "a warning"}
    others = (shows(text_html="<p>hello</p>"), shows(text_plain="bare"))
    files = exported(executed(tmp_path, stream, REVIEW, *others), WEEK)
    read = words(files.html)
    assert " ".join(" ".join(read.words).split()) == "Week 20, 2026 · weekly review Week hello"
    assert read.tags.count("section") == 1, "a cell that shows nothing has none"
    for unwanted in ("secret_code", "more_code", "a warning", "bare"):
        assert unwanted not in files.html
        assert unwanted in files.notebook


def test_json_is_readable_and_ends_with_a_line(tmp_path: Path) -> None:
    files = exported(executed(tmp_path, REVIEW), WEEK)
    assert files.json == '{\n "week": "x"\n}\n'
    assert "output_path" not in files.notebook
