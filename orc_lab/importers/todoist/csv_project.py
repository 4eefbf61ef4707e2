"""The project that a CSV of Todoist holds: told by nothing but the name of the file."""

import re
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

from orc_lab.importers.reading import values
from orc_lab.importers.reading.fields import LONGEST_TITLE
from orc_lab.importers.record import Parsed, as_raw
from orc_lab.importers.todoist.text import INBOX
from orc_lab.model.entities import Project

_NUMBERED = re.compile(r"\s*(?:\[(\w+)\]|\(\d+\))$")
_NAMELESS = ("", "standard input", "paste")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFile:
    """The project that a file holds: its external id and title; neither for the Inbox, or where no file is named.

    `key` is what its tasks are known by: its id where the file's name tells one, for two projects may share a title.
    """

    external_id: str | None
    title: str
    key: str

    @classmethod
    def named(cls, name: str) -> "ProjectFile":
        """Return the project of a file `Home [2203306141].csv` or `Home (1).csv`."""
        stem = "" if name in _NAMELESS else Path(PureWindowsPath(name).name).stem.strip()
        title, id = stem, None
        while match := _NUMBERED.search(title):
            title, id = title[: match.start()], id or match[1]
        title = values.clean(" ".join((title or stem).split()))[:LONGEST_TITLE]
        folded = title.casefold()
        if folded in ("", INBOX):
            return cls(external_id=None, title=title, key=folded)
        known_as = values.clean(id or "~" + folded)
        return cls(external_id=f"project:{known_as}", title=title, key=values.clean(id or folded))

    def record(self, now: int) -> list[Parsed]:
        """Return the project as a record, if it is one."""
        if self.external_id is None:
            return []
        raw, content_hash = as_raw({"project": self.title})
        told = {"title": self.title, "created_at": now, "updated_at": now}
        return [
            Parsed(
                external_id=self.external_id,
                kind=Project,
                values=told,
                raw=raw,
                content_hash=content_hash,
                meets="title",
                made=True,
            )
        ]
