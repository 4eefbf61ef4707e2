"""What README and docs say runs, in their order, in an empty folder, by someone with an empty home."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house import documents
from tests.house.checks import ROOT

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def run_document(document: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a document in a new folder beside a new home."""
    for name in ("home", "here"):
        (folder / name).mkdir()
    return subprocess.run(
        [sys.executable, documents.__file__, str(document)],
        cwd=folder / "here",
        env={**os.environ, "HOME": str(folder / "home"), "COLUMNS": "100", "NO_COLOR": "1", "TZ": "UTC"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_what_a_document_links_to_is_there(document: Path) -> None:
    links = re.findall(r"\]\(([^)\s#]+)", document.read_text(encoding="utf-8"))
    missing = [link for link in links if "://" not in link and not (document.parent / link).exists()]
    assert not missing


@pytest.mark.early
@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_document_runs(document: Path, tmp_path: Path) -> None:
    done = run_document(document, tmp_path)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "text",
    [
        "```python\nx = 1\n```\ntext\n```python\nassert x == 1\n```\n",
        "```python\n>>> x = 1\n>>> x\n1\n```\n```python\nassert x == 1\n```\n",
        "- in a list\n  ```python\n  if True:\n      x = 1\n  ```\n",
        "```csv tasks.csv\na,b\n```\n```console\n$ cat tasks.csv\na,b\n```\n",
        "```console\n$ mkdir a\n$ cd a\n```\n```python\nfrom pathlib import Path\nassert Path.cwd().name == 'a'\n```\n",
        "```console\n$ git clone nothing\n$ cd nothing\n$ make nothing\n```\n",
        "```console\n$ echo one && \\\n  echo two\none\n…o\n$ echo unheeded\n\n```\n",
        "```text\n$ false\n```\n```json\n{\n```\n",
    ],
)
def test_a_true_document_passes(text: str, tmp_path: Path) -> None:
    document = tmp_path / "page.md"
    document.write_text(text, encoding="utf-8")
    done = run_document(document, tmp_path)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("```python\nassert 1 == 2\n```\n", 'page.md", line 2'),
        ("```python\n>>> 1 + 1\n3\n```\n", "page.md:2: the output above"),
        ("```console\n$ false\n```\n", "page.md:2: $ false\nends with exit code 1"),
        ("```console\n$ echo three | tr e x\nthree\n```\n", "and prints\nthrxx"),
        ("```console\n$ orc no-such-verb\n```\n", "ends with exit code"),
        ("\n```bash\nmake\n```\n", "page.md:3: ```bash"),
    ],
)
def test_an_untrue_document_fails(text: str, told: str, tmp_path: Path) -> None:
    document = tmp_path / "page.md"
    document.write_text(text, encoding="utf-8")
    done = run_document(document, tmp_path)
    assert done.returncode != 0
    assert told in done.stdout


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("3 done", "3 done  \n", True),
        ("3 done", "13 done\n", False),
        ("… done\n…\nend", "3 done\na\nb\nend\n", True),
        ("a\nb", "a\nb\nc\n", False),
        ("a.c", "abc", False),
    ],
)
def test_output_is_compared(shown: str, printed: str, same: bool) -> None:
    assert documents.matches(shown, printed) is same
