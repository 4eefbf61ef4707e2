"""An org file with some of its lines and stamps replaced."""

import re
from random import Random

from tests.importers.fuzz.values import DATES, TEXTS

_LINES = (
    "* TODO", "*", "* ", "** ", "*" * 40 + " TODO Deep", "* DONE", "* TODO [#Z] x", "* TODO [#A] :a:b:", "* COMMENT x",
    "* TODO x :ARCHIVE:", "* DONE x [2/3] [50%]", "#+TODO:", "#+TODO: |", "#+TODO: A | B | C",
    "#+TODO: TODO(t!) | DONE",
    "#+SEQ_TODO: DONE TODO", "#+TYP_TODO: Fred | Ann", "#+FILETAGS: :a::b", "#+TITLE:", "#+BEGIN_SRC", "#+END_SRC",
    "#+begin_example", "#+END_EXAMPLE", "#+SETUPFILE: x", "#+CATEGORY: c", "#+STARTUP: x", ":PROPERTIES:", ":END:",
    ":LOGBOOK:", ":ID: 0a1b2c3d-0000-4000-8000-000000000001", ":ID:", ":Effort: 1:30", ":Effort: 1e9", ":Effort: 99d",
    ":CREATED: [2025-03-01 Sat 09:00]", ":CREATED: x", ":ARCHIVE_TIME: 2025-03-01 Sat 09:00", ":ARCHIVE_TODO: DONE",
    ":ARCHIVE_FILE: ~/x.org", ":ARCHIVE_OLPATH: A/B/C", ":ARCHIVE_CATEGORY: x", ":CATEGORY: x", ":STYLE: habit",
    "CLOCK: [2025-03-03 Mon 09:00]--[2025-03-03 Mon 10:00] =>  1:00", "CLOCK: [2025-03-03 Mon 09:00]",
    "CLOCK: =>  1:00",
    "CLOCK: [2025-03-03 Mon 10:00]--[2025-03-03 Mon 09:00] => -1:00", "CLOCK: [2025-03-30 Sun 02:30]--[2025-03-30 Sun "
    "02:45] =>  0:15", "CLOCK: [2025-10-26 Sun 02:00]--[2025-10-26 Sun 02:00] =>  1:00", "CLOCK: [9999-12-31 Fri 23:59]"
    "--[9999-12-31 Fri 23:59] =>  0:00", "CLOCK: [0001-01-01 Mon 00:00]--[2025-01-01 Wed 00:00] => 99:00", "CLOCK:",
    "CLOSED: [2025-03-05 Wed 16:00]", "SCHEDULED: <2025-03-02 Sun ++1w/2w -1d>", "DEADLINE: <2025-12-24>--<2025-12-26>",
    "DEADLINE: <%%(diary-float t 4 2)>", "SCHEDULED: <2025-02-30 Xxx 25:61>", "CLOSED: [] SCHEDULED: <>",
    '- State "DONE"       from "TODO"       [2025-03-05 Wed 16:00]', '- State "X" from [2025-03-05 Wed 16:00] \\\\',
    '- State "TODO"       from "DONE"       [1999-03-05 Fri 16:00]', "- Note taken on [2025-03-03 Mon 10:00] \\\\",
    "- Refiled on [2025-03-03 Mon 10:00]", "- Rescheduled from \"[2025-03-03 Mon]\" on [2025-03-04 Tue 10:00]",
    "  text", "\ttext", "", " ", "* TODO \x00", "* TODO \ud800", "* TODO \u2028x", "- [ ] item", "| a | b |",
)  # fmt: skip
_STAMP = re.compile(r"[<\[]\d{4}-\d\d-\d\d[^>\]]*[>\]]")
_NUMBER = re.compile(r"\d+")
_WORDS = (
    "", "TODO", "DONE", "NEXT", "WAIT", "KILL", "CANCELLED", "[#A]", "[#9]", ":deep:", "COMMENT", ":END:", "CLOCK:",
    "CLOSED:", "SCHEDULED:", "DEADLINE:", "*", "=>", "--", "[[", "]]", "\\\\",
)  # fmt: skip


def mutated(rng: Random, text: str, other: str) -> str:
    """Return an org file with one to five mistakes in it; `other` is one to take lines of."""
    lines, theirs = text.split("\n"), other.split("\n")
    for _ in range(rng.choice((1, 1, 2, 2, 3, 5))):
        _KINDS[rng.randrange(len(_KINDS))](rng, lines, theirs)
        if not lines:
            lines.append("* TODO x")
    return "\n".join(lines)


def _insert(rng: Random, lines: list[str], theirs: list[str]) -> None:
    lines.insert(rng.randrange(len(lines) + 1), rng.choice(_LINES))


def _replace(rng: Random, lines: list[str], theirs: list[str]) -> None:
    lines[rng.randrange(len(lines))] = rng.choice(_LINES)


def _remove(rng: Random, lines: list[str], theirs: list[str]) -> None:
    at = rng.randrange(len(lines))
    del lines[at : at + rng.choice((1, 1, 1, 4))]


def _again(rng: Random, lines: list[str], theirs: list[str]) -> None:
    at, many = rng.randrange(len(lines)), rng.choice((1, 1, 5, 20))
    there = rng.randrange(len(lines) + 1)
    lines[there:there] = lines[at : at + many]


def _move(rng: Random, lines: list[str], theirs: list[str]) -> None:
    line = lines.pop(rng.randrange(len(lines)))
    lines.insert(rng.randrange(len(lines) + 1), line)


def _stars(rng: Random, lines: list[str], theirs: list[str]) -> None:
    headings = [at for at, line in enumerate(lines) if line.startswith("*")]
    if headings:
        at = rng.choice(headings)
        lines[at] = "*" * rng.choice((0, 1, 1, 2, 2, 3, 7)) + lines[at].lstrip("*")


def _stamp(rng: Random, lines: list[str], theirs: list[str]) -> None:
    """Replace a stamp, or a number of one."""
    stamped = [at for at, line in enumerate(lines) if _STAMP.search(line)]
    if stamped:
        at = rng.choice(stamped)
        new = rng.choice((f"<{rng.choice(DATES)}>", f"[{rng.choice(DATES)}]", "[2025-03-03 Mon 09:00]", "[", ""))
        number = rng.choice(("0", "1", "02", "31", "59", "99", "9999", "0000", "-1", "٣"))
        if rng.random() < 0.5:
            lines[at] = _STAMP.sub(lambda _: new, lines[at], count=1)
        else:
            numbers = list(_NUMBER.finditer(lines[at]))
            one = rng.choice(numbers)
            lines[at] = lines[at][: one.start()] + number + lines[at][one.end() :]


def _word(rng: Random, lines: list[str], theirs: list[str]) -> None:
    """Replace a word of a line."""
    at = rng.randrange(len(lines))
    words = lines[at].split(" ")
    words[rng.randrange(len(words))] = rng.choice((rng.choice(_WORDS), rng.choice(TEXTS), rng.choice(DATES)))
    lines[at] = " ".join(words)


def _change(rng: Random, lines: list[str], theirs: list[str]) -> None:
    at = rng.randrange(len(lines))
    place = rng.randrange(len(lines[at]) + 1)
    lines[at] = lines[at][:place] + rng.choice(TEXTS) + lines[at][place + rng.choice((0, 0, 1, 4)) :]


def _splice(rng: Random, lines: list[str], theirs: list[str]) -> None:
    start, there = rng.randrange(len(theirs)), rng.randrange(len(lines) + 1)
    lines[there:there] = theirs[start : start + rng.choice((1, 3, 10))]


_KINDS = (
    _insert, _insert, _replace, _remove, _remove, _again, _move, _move, _stars, _stars, _stamp, _stamp, _stamp, _word,
    _word, _change, _splice,
)  # fmt: skip
