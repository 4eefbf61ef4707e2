"""Copies of the person's data that they made themselves in the folder of a workbench: exports, and databases."""

import os
import re
from collections.abc import Iterator
from contextlib import suppress

from orc_lab.backup.places import beside, is_ours, regular
from orc_lab.config import SAMPLE

_HEAD = 4096
_JSON = re.compile(r'[\s\ufeff]*\{(?:\s*"\w+"\s*:\s*(?:"[^"]*"|[\w.-]+)\s*,)*?\s*"format"\s*:\s*"orc"')
_TEXT = re.compile(
    r"\ufeff?(?:id,title,project,category,priority,tags,status,|# Work on \d{4}-\d\d-\d\d\s)"
)  # CSV, Markdown
_CALENDAR = "PRODID:-//orc_lab//"
_NAMED = re.compile(r"orc-\d{4}-\d\d-\d\d(-csv|-parquet|\.json|\.ics|\.md)")
_OF_A_FOLDER = {"changes.csv", "edits.csv", "change_cell.parquet", "change_log.parquet", "edits.parquet"}
_DATABASES = (".db", ".sqlite", ".sqlite3", ".bak")


def found(path: str) -> list[str]:
    """Return the exports and the databases of orc's in the folder of a database's workbench, and in the folders there;
    the database itself and what orc keeps beside it are none."""
    folder = beside(path)
    if os.path.basename(folder) == os.path.dirname(SAMPLE):
        folder = os.path.dirname(folder)
    kept = {os.path.realpath(path), os.path.realpath(os.path.join(beside(path), os.path.basename(SAMPLE)))}
    return sorted(one for one in _copies(folder, beside(path)) if os.path.realpath(one) not in kept)


def _copies(folder: str, data: str) -> Iterator[str]:
    for one in (folder, *(inner for inner in _folders(folder) if inner != data)):
        if one != folder and _is_folder_of_tables(one):
            yield one
            continue
        yield from (file for file in regular(one) if _is_copy(file))


def _folders(folder: str) -> list[str]:
    with suppress(OSError), os.scandir(folder) as entries:
        return sorted(
            each.path for each in entries if each.is_dir(follow_symlinks=False) and not each.name.startswith(".")
        )
    return []


def _is_folder_of_tables(folder: str) -> bool:
    names = {os.path.basename(file) for file in regular(folder)}
    named = _NAMED.fullmatch(os.path.basename(folder)) is not None
    return bool(names & _OF_A_FOLDER) or (named and bool(names))


def _is_copy(file: str) -> bool:
    if file.lower().endswith(_DATABASES):
        return is_ours(file)
    head = _head(file)
    if _NAMED.fullmatch(os.path.basename(file)) is not None or _CALENDAR in head:
        return True
    return _JSON.match(head) is not None or _TEXT.match(head) is not None


def _head(file: str) -> str:
    with suppress(OSError), open(file, "rb") as opened:
        return opened.read(_HEAD).decode("utf-8", "replace")
    return ""
