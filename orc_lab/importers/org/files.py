"""Org-mode: headings with a keyword are todos, their clocks sessions, the headings above them projects."""

import re
from collections.abc import Iterator

from orc_lab.importers.org import outline as org_file
from orc_lab.importers.org.outline import Outline
from orc_lab.importers.org.tree import Tree
from orc_lab.importers.reading.source import Source
from orc_lab.importers.record import Context, Reading

NAME = "org"

_ENDINGS = (".org", ".org_archive")
_OTHERS = (".csv", ".tsv", ".json", ".md")
_HEADING = re.compile(r"^\*+ \S", re.MULTILINE)
_MARKS = re.compile(
    r"^\*+ (?:TODO|DONE|NEXT|WAITING|CANCELLED) |^[ \t]*(?::PROPERTIES:|:LOGBOOK:|CLOCK: \[|(?:SCHEDULED|DEADLINE): <|"
    r"CLOSED: \[)|^#\+(?:TODO|SEQ_TODO|FILETAGS|STARTUP|CATEGORY|TITLE):",
    re.MULTILINE,
)


def identify(head: str, path: str) -> float:
    """Return how much a text looks like org, by its headings and keywords, and by the file's ending."""
    headings, marks = _HEADING.search(head) is not None, _MARKS.search(head) is not None
    if path.lower().endswith(_ENDINGS):
        return 0.98 if headings else 0.6
    if head.lstrip()[:1] in ("{", "[") or path.lower().endswith(_OTHERS):
        return 0.0
    return 0.9 if headings and marks else 0.0


def read(source: Source, context: Context) -> Reading:
    """Return all tasks, projects and clocks of an org file; any text can be one."""
    text, note = source.text()
    outline = org_file.outline(text)
    return Reading(
        source=context.options.source or NAME,
        records=Tree(outline, source.name, context).records(),
        notes=[*([note] if note else []), *_notes(outline)],
    )


def _notes(outline: Outline) -> Iterator[str]:
    if outline.in_blocks:
        lines = "line in a block looks" if outline.in_blocks == 1 else "lines in blocks look"
        yield f"{outline.in_blocks:,} {lines} like a heading: taken as text of the heading above."
    if outline.preamble:
        yield "The text before the first heading belongs to no task: it stands in the copy of the file only."
    if "SETUPFILE" in outline.settings or "INCLUDE" in outline.settings:
        yield "Files that it includes were not read: import them too."
