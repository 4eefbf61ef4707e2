"""An executed notebook as one page, through nbconvert with a template of our own.

The template knows outputs in HTML and nothing else: no code, no widget state, and no address of any host, which the
templates that come with nbconvert hold for MathJax, Mermaid and require.js.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import nbformat
from jinja2 import FileSystemLoader
from nbconvert.exporters.templateexporter import TemplateExporter
from nbformat import NotebookNode

from orc_lab.charts.offline import page
from orc_lab.model.week import Week
from orc_lab.review.blocks import MIME
from orc_lab.review.execute import Broken
from orc_lab.review.page import css, title

TEMPLATES = Path(__file__).with_name("templates")


class _Outputs(TemplateExporter):
    """What the cells show."""

    output_mimetype = "text/html"

    def _file_extension_default(self) -> str:
        return ".html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """The texts of a review's three files."""

    html: str
    notebook: str
    json: str


def exported(notebook: NotebookNode, of: Week | str) -> Exported:
    """Return what an executed notebook becomes: the review of a week, or a page with this title.

    Raises Broken where it shows no review.
    """
    document = _shown_as(notebook, MIME)
    if not isinstance(document, dict):
        raise Broken("no cell shows the review")
    notebook.metadata.pop("papermill", None)  # it names places on this machine
    exporter = _Outputs(  # type: ignore[no-untyped-call]
        extra_loaders=[FileSystemLoader(TEMPLATES)],
        default_preprocessors=[],  # none of them has a say here, and each has the whole notebook validated again
    )
    html, _ = exporter.from_notebook_node(notebook)
    return Exported(
        html=page(of if isinstance(of, str) else title(of), html, css=css()),
        notebook=nbformat.writes(notebook) + "\n",  # type: ignore[no-untyped-call]
        json=json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n",
    )


def _shown_as(notebook: NotebookNode, mime: str) -> object | None:
    """The first output of a MIME type, None where no cell shows one."""
    outputs = (output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", ()))
    return next((data[mime] for data in outputs if mime in data), None)
