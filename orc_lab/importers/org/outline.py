"""The outline of an org file: its settings, and its headings with what belongs to each.

A parser of our own: the library `orgparse` needs over a minute for the tags and clocks of 20,000 headings of a file,
and takes a line of an example block for a heading.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from orc_lab.importers.org.stamps import STAMP

_HEADING = re.compile(r"^\*+[ \t]", re.MULTILINE)
_BLOCK = re.compile(r"^[ \t]*#\+(begin|end)_(\S+)", re.MULTILINE | re.IGNORECASE)
_SETTING = re.compile(r"^#\+(\w+):[ \t]*(.*?)[ \t]*$", re.MULTILINE)
_PRIORITY = re.compile(r"\[#([A-Z]|\d{1,2})\][ \t]*")
_TAGS = re.compile(r"(?:^|[ \t]+)(:[\w@#%:]+:)[ \t]*$")
_COOKIE = re.compile(r"[ \t]*\[\d*(?:/\d*|%)\]")
_DRAWER = re.compile(r":([\w-]+):[ \t]*$")
_PLANNING = re.compile(rf"(CLOSED|DEADLINE|SCHEDULED):[ \t]*({STAMP})")
_CLOCK = re.compile(rf"CLOCK:[ \t]*({STAMP})(?:--({STAMP}))?(?:[ \t]*=>[ \t]*(-?\d+):(\d\d))?")
_STATE = re.compile(rf'- State[ \t]+"([^"]*)"[ \t]+(?:from[ \t]+(?:"([^"]*)")?[ \t]*)?({STAMP})')
_NOTE = re.compile(rf"- (?:Note taken on|CLOSING NOTE)[ \t]+({STAMP})")
_LOGGED = re.compile(r'- State[ \t]+"([^"\s]+)"[ \t]+from[ \t]+(?:"([^"\s]+)")?')
_KEYWORD = re.compile(r"([^(\s]+)(?:\([^)]*\))?")

_LOG_LINES = ("- State ", "- Note taken on ", "- CLOSING NOTE ")
_PLANNED = frozenset("CDS")

# What people's own settings, which stand in no file, make of headings most often.
OPEN_WORDS = (
    *("TODO", "NEXT", "STARTED", "DOING", "INPROGRESS", "IN-PROGRESS", "STRT", "WAITING", "WAIT", "HOLD"),
    *("SOMEDAY", "MAYBE", "BLOCKED", "REVIEW", "PROJ", "PROJECT", "IDEA", "FIXME"),
)
DONE_WORDS = ("DONE", "CANCELLED", "CANCELED", "KILL", "DELEGATED", "DEFERRED", "COMPLETED")


class Clock(NamedTuple):
    """A clock line: the stamps of its beginning and its end, and the hours and minutes that it counts."""

    start: str
    end: str | None
    spent: tuple[str, str] | None


class Change(NamedTuple):
    """A change of state in the log: to what, from what, and the stamp."""

    to: str
    since: str | None
    stamp: str


@dataclass(slots=True, kw_only=True)
class Heading:
    """A heading and what belongs to it alone. `text` is all of it, as it stands."""

    level: int
    keyword: str | None
    priority: str | None
    title: str
    tags: Sequence[str]
    text: str
    properties: dict[str, str] = field(default_factory=dict)
    planning: dict[str, str] = field(default_factory=dict)
    clocks: list[Clock] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    notes: list[tuple[str, list[str]]] = field(default_factory=list)  # stamp, lines
    body: list[str] = field(default_factory=list)
    unread: int = 0  # clock and log lines that aren't as org writes them


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """What a file says of itself: keywords (and whether each ends a task), settings, text before the first heading."""

    keywords: Mapping[str, bool]
    settings: Mapping[str, str]
    tags: Sequence[str]
    preamble: str
    starts: Sequence[int]
    in_blocks: int
    text: str

    def spans(self) -> Iterator[tuple[int, int]]:
        """Yield from where to where each heading with its text stands, from top to bottom."""
        yield from pairwise([*self.starts, len(self.text)])

    def heading(self, span: tuple[int, int], *, whole: bool = True) -> Heading:
        """Return the heading at a place; without what stands below its first line where not the whole is asked for."""
        return _heading(self.text[slice(*span)], self.keywords, whole=whole)


def outline(text: str) -> Outline:
    """Return a file's outline; any text is one."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    starts, hidden = _starts(text)
    settings, tags, words = _settings(text)
    return Outline(
        keywords=_keywords(words, text),
        settings=settings,
        tags=tags,
        preamble=_SETTING.sub("", text[: starts[0] if starts else len(text)]).strip(),
        starts=starts,
        in_blocks=hidden,
        text=text,
    )


def _starts(text: str) -> tuple[list[int], int]:
    """Return where headings begin, and how many lines that look like one stand in a block."""
    found = [match.start() for match in _HEADING.finditer(text)]
    spans = _blocks(text)
    if not spans:
        return found, 0
    outside, number = [], 0
    for start in found:
        while number < len(spans) and spans[number][1] < start:
            number += 1
        if number == len(spans) or start < spans[number][0]:
            outside.append(start)
    return outside, len(found) - len(outside)


def _blocks(text: str) -> list[tuple[int, int]]:
    """Return where blocks begin and end; one that is never closed is none."""
    if "#+" not in text:
        return []
    opened: dict[str, int] = {}
    spans: list[tuple[int, int]] = []
    for match in _BLOCK.finditer(text):
        name = match[2].lower()
        if match[1].lower() == "begin":
            opened[name] = match.start()
        elif (start := opened.pop(name, None)) is not None:
            opened = {other: begun for other, begun in opened.items() if begun < start}
            while spans and spans[-1][0] > start:
                spans.pop()
            spans.append((start, match.start()))
    return spans


def _settings(text: str) -> tuple[dict[str, str], tuple[str, ...], list[str]]:
    """Return the settings by their upper-case names (of several, the first), the file's tags, the lines of keywords."""
    settings: dict[str, str] = {}
    tags: list[str] = []
    words = []
    for match in _SETTING.finditer(text) if "#+" in text else ():
        name, value = match[1].upper(), match[2]
        if name == "FILETAGS":
            tags += [tag for tag in value.replace(":", " ").split() if tag]
        elif name in ("TODO", "SEQ_TODO", "TYP_TODO"):
            words.append(value)
        elif value:
            settings.setdefault(name, value)
    return settings, tuple(tags), words


def _keywords(lines: Iterable[str], text: str) -> dict[str, bool]:
    """Return the keywords of a file: its own, else those that are usual, and those that its log tells."""
    found: dict[str, bool] = {}
    for line in lines:
        told, bar, ends = line.partition("|")
        opens, done = _words(told), _words(ends)
        if not bar and opens:  # without a bar the last one ends a task
            opens, done = opens[:-1], opens[-1:]
        found |= dict.fromkeys(opens, False) | dict.fromkeys(done, True)
    if not found:
        found = dict.fromkeys(OPEN_WORDS, False) | dict.fromkeys(DONE_WORDS, True)
    if "- State" in text:
        for match in _LOGGED.finditer(text):
            for word in match.groups():
                if word and word.upper() == word:
                    found.setdefault(word, word in DONE_WORDS)
    return found


def _words(text: str) -> list[str]:
    return [match[1] for match in map(_KEYWORD.match, text.split()) if match]


def _heading(text: str, keywords: Mapping[str, bool], *, whole: bool) -> Heading:
    first, _, below = text.partition("\n")
    level = len(first) - len(first.lstrip("*"))
    rest = first[level:].strip()
    keyword, priority = None, None
    tags: Sequence[str] = ()
    word, _, after = rest.partition(" ")
    if word in keywords:
        keyword, rest = word, after.lstrip()
    if rest.startswith("[#") and (match := _PRIORITY.match(rest)):
        priority, rest = match[1], rest[match.end() :]
    if rest.endswith(":") and (match := _TAGS.search(rest)):
        tags, rest = [tag for tag in match[1].split(":") if tag], rest[: match.start()]
    if "[" in rest:
        rest = _COOKIE.sub("", rest)
    heading = Heading(level=level, keyword=keyword, priority=priority, title=rest.strip(), tags=tags, text=text)
    if whole and below:
        _fill(heading, below)
    return heading


def _fill(heading: Heading, below: str) -> None:
    """Sort the lines below a heading into what they are."""
    drawer: str | None = None
    block: str | None = None
    noted: list[str] | None = None
    body = heading.body
    for line in below.split("\n"):
        text = line.strip()
        first = text[:1]
        if block is not None:
            body.append(line)
            block = None if text.lower().startswith(block) else block
            continue
        if first == ":" and (drawer is not None or _DRAWER.match(text)):
            drawer = _in_drawer(heading, drawer, text)
        elif first in _PLANNED and (text.startswith("CLOCK:") or _PLANNING.match(text)):
            _planned(heading, text)
        elif first == "-" and text.startswith(_LOG_LINES):
            noted = _logged(heading, text)
            continue
        elif noted is not None and text and line[0] in " \t":
            noted.append(text)
            continue
        elif drawer != "LOGBOOK":
            if first == "#" and text[:8].lower() == "#+begin_":
                block = "#+end_" + text[8:].partition(" ")[0].lower()
            body.append(line)
        noted = None


def _in_drawer(heading: Heading, drawer: str | None, text: str) -> str | None:
    """Take a line that begins with a colon; return the drawer that the next line stands in."""
    if text[:5].upper() == ":END:":
        return None
    if drawer is None:
        return text.rstrip()[1:-1].upper()
    if drawer != "PROPERTIES":
        heading.body.append(text)
        return drawer
    name, colon, value = text[1:].partition(":")
    if colon and name:
        name, value = name.upper(), value.strip()
        if name.endswith("+"):  # goes on with the value above
            name = name[:-1]
            value = f"{heading.properties.get(name, '')} {value}".strip()
        heading.properties[name] = value
    return drawer


def _planned(heading: Heading, text: str) -> None:
    """Take a clock line, or one that plans: closed, deadline, scheduled."""
    if not text.startswith("CLOCK:"):
        for planned in _PLANNING.finditer(text):
            heading.planning.setdefault(planned[1], planned[2])
    elif clocked := _CLOCK.match(text):
        parts = clocked.groups()
        spent = (parts[14], parts[15]) if parts[14] is not None else None
        heading.clocks.append(Clock(parts[0], parts[7], spent))
    else:
        heading.unread += 1


def _logged(heading: Heading, text: str) -> list[str] | None:
    """Take a line of the log; return where the text of its note goes that may follow."""
    told: list[str] = []
    if state := _STATE.match(text):
        heading.changes.append(Change(state[1], state[2], state[3]))
        heading.notes.append((state[3], told))
    elif note := _NOTE.match(text):
        heading.notes.append((note[1], told))
    else:
        heading.unread += 1
        return None
    return told
