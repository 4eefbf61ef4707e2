"""What an input plainly holds, as a reader sees it that knows nothing of the importers but how bytes become text."""

import io
import json
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from orc_lab.importers.reading.json_file import withheld
from orc_lab.importers.reading.source import decoded
from orc_lab.importers.reading.values import bare

_MARK = re.compile(r"Zq\d{3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What an input plainly holds: at least so many records, with these marks. Whoever imports it must tell of each."""

    records: int = 0
    marks: frozenset[str] = frozenset()


def marks(text: str) -> frozenset[str]:
    """Return the marks in a text."""
    return frozenset(_MARK.findall(text))


def in_json(find: Callable[[Any], Iterable[Any]]) -> Callable[[bytes], Expected]:
    def expected(data: bytes) -> Expected:
        try:
            found = list(find(withheld(json.loads(data.decode("utf-8-sig", "surrogatepass")))))
            return Expected(records=len(found), marks=marks(json.dumps(found)))
        except (ValueError, RecursionError):
            return Expected()

    return expected


_OLD_LISTS = ("intentions", "projects", "todos", "weeklygoals")


def old_app(tree: Any) -> Iterable[Any]:
    if not isinstance(tree, dict) or "creation-store" in tree:
        return
    state = tree.get("state")
    if isinstance(state, str) or (isinstance(state, dict) and isinstance(state.get("state"), (dict, str))):
        return
    for name, held in (state if isinstance(state, dict) else tree).items():
        if bare(name) in _OLD_LISTS and isinstance(held, list):
            pairs = all(isinstance(one, list) and len(one) == 2 and isinstance(one[1], dict) for one in held)
            yield from (
                (one[1] for one in held) if pairs else held
            )  # a pair's key is told by the record's id, if it has one


def super_productivity(tree: Any) -> Iterable[Any]:
    if isinstance(tree, dict):
        for name, section in (*tree.items(), *_members(tree.get("data"))):
            inner = section.get("task") if isinstance(section, dict) and name.startswith(("archive", "taskA")) else None
            if name in ("task", "archiveYoung", "archiveOld", "taskArchive", "project", "taskRepeatCfg", "note"):
                for one in (section, inner):
                    if isinstance(one, dict):
                        yield from (entry for _, entry in _members(one.get("entities")))


def _members(held: Any) -> Iterable[tuple[str, Any]]:
    return held.items() if isinstance(held, dict) else ()


def listed(tree: Any) -> Iterable[Any]:
    return tree if isinstance(tree, list) else ()


def flat(tree: Any) -> Iterable[Any]:
    """Return what stands in a list, and in lists in it."""
    for one in listed(tree):
        yield from flat(one) if isinstance(one, list) else (one,)


def todoist(tree: Any) -> Iterable[Any]:
    for name, held in _members(tree):
        if name in ("projects", "items", "tasks", "notes", "comments", "project_notes") and isinstance(held, list):
            yield from held


def whole(tree: Any) -> Iterable[Any]:
    for _, held in _members(tree.get("tables") if isinstance(tree, dict) else None):
        yield from held if isinstance(held, list) else ()


def in_rows(data: bytes) -> Expected:
    """What stands below the header; a section of Todoist is no record."""
    text = _text(data).lstrip("\ufeff\r\n ,;\t|").partition("\n")[2]
    return Expected(marks=marks(_SECTION.sub("", text)))


_SECTION = re.compile(r"^\W*(section|meta)\b.*$", re.MULTILINE | re.IGNORECASE)


def in_zip(data: bytes) -> Expected:
    """What stands in the tables of Todoist in an archive that is whole."""
    found = frozenset[str]()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                if name.endswith(".csv") and (table := archive.read(name)).startswith(b"TYPE,CONTENT,"):
                    found |= in_rows(table).marks
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError, RuntimeError):
        return Expected()
    return Expected(marks=found)


_HEADING = re.compile(r"^\*+ ", re.MULTILINE)


def in_outline(data: bytes) -> Expected:
    """What stands below the first heading that no block may have swallowed; what stands above is told as a whole."""
    text = _text(data)
    first = _HEADING.search(text)
    if first is None or "#+begin" in text[: first.start()].lower():
        return Expected()
    return Expected(marks=marks(text[first.start() :]))


def _text(data: bytes) -> str:
    return decoded(data)[0]
