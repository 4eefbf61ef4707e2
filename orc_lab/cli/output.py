"""What people read at a terminal: aligned columns, text that can't steer the terminal, local times; and JSON.

Titles are anybody's data: a control character in one is shown, never sent to the terminal.
"""

import json
import os
import sys
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from orc_lab.model.clock import Clock
from orc_lab.model.codec import to_plain
from orc_lab.model.entities import Entity

ID_LENGTH = 6
LEAST_FLEX = 12  # columns that a title keeps on the narrowest terminal
_JOINERS = "\u200c\u200d"  # they hold letters and emoji together, and do no harm


def clean(text: str) -> str:
    """Return text that a terminal only prints: line breaks become spaces, other control characters `\\x1b` and such."""
    return text if text.isascii() and text.isprintable() else "".join(map(_harmless, text))


def _harmless(char: str) -> str:
    from unicodedata import category

    if char.isspace():
        return " "
    return ascii(char)[1:-1] if category(char) in ("Cc", "Cf", "Cs") and char not in _JOINERS else char


def say(text: str = "") -> None:
    """Print a line to standard output, cleaned."""
    print("\n".join(map(clean, text.split("\n"))))


def note(text: str) -> None:
    """Print a line beside the output, on standard error, cleaned."""
    print(clean(text), file=sys.stderr)


def heading(text: str) -> str:
    """Return text in bold where standard output is a terminal that shows styles and NO_COLOR is not set."""
    plain = not sys.stdout.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return text if plain else f"\x1b[1m{text}\x1b[0m"


def short(id: str) -> str:
    """Return the last characters of an id, which any command takes for the whole."""
    return id[-ID_LENGTH:]


def hours(value: float | None) -> str:
    """Return hours as people write them: `2 h`, `1.5 h`; "" where there are none."""
    return "" if value is None else f"{round(value, 2):g} h"


def local(instant: int | None, clock: Clock) -> str:
    """Return an instant as the wall-clock time in the person's zone, to the minute; "" for None."""
    return "" if instant is None else f"{clock.local(instant) + clock.shift:%Y-%m-%d %H:%M}"


def where(path: str) -> str:
    """Return a path as seen from the folder we are in, if it lies below; else whole."""
    near = os.path.relpath(path)
    return os.path.abspath(path) if near.startswith(os.pardir) else near


def width() -> int | None:
    """Return the columns to fill: COLUMNS, else those of the terminal; None where output goes elsewhere."""
    told = os.environ.get("COLUMNS", "")
    if told.isdecimal() and int(told):
        return int(told)
    return os.get_terminal_size(sys.stdout.fileno()).columns if sys.stdout.isatty() else None


def show_table(
    headers: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    right: Collection[str] = (),
    flex: str | None = None,
    keep_empty: bool = False,
) -> None:
    """Print aligned columns, those named in `right` to the right.

    `flex` is shortened until a line fits the width. Columns that are empty in every row are left out unless kept.
    Cells are cleaned.
    """
    at = None if flex is None else headers.index(flex)
    cells = [[clean(cell) for cell in row] for row in rows]
    names = [clean(header) for header in headers]
    kept = [i for i in range(len(names)) if keep_empty or i == at or any(row[i] for row in cells)]
    sizes = {i: max(map(_columns, (names[i], *(row[i] for row in cells)))) for i in kept}
    if at is not None and (total := width()) is not None:
        rest = sum(sizes[i] + 2 for i in kept if i != at)
        sizes[at] = max(min(sizes[at], total - rest), min(sizes[at], LEAST_FLEX))

    def line(row: Sequence[str]) -> str:
        return "  ".join(_fit(row[i], sizes[i], headers[i] in right) for i in kept).rstrip()

    print("\n".join([heading(line(names)), *map(line, cells)]))


def _columns(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    from unicodedata import category, east_asian_width

    wide = sum(east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(category(char) in ("Mn", "Me", "Cf") for char in text)


def _fit(text: str, size: int, right: bool) -> str:
    if _columns(text) > size:
        while text and _columns(text) > size - 1:
            text = text[:-1]
        text += "…"
    blank = " " * (size - _columns(text))
    return blank + text if right else text + blank


def show_json(value: Any) -> None:
    """Print a value as JSON; entities as their plain fields, tags as a list, times as seconds UTC."""
    text = json.dumps(value, ensure_ascii=False, indent=2, default=_as_json)
    print("".join(char if char == "\n" or char.isprintable() else json.dumps(char)[1:-1] for char in text))


def _as_json(value: Any) -> Any:
    if isinstance(value, Entity):
        return record(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def record(entity: Entity) -> dict[str, Any]:
    """Return an entity's fields as JSON holds them."""
    values: dict[str, Any] = to_plain(entity)
    return values | {"tags": list(getattr(entity, "tags", ()))} if "tags" in values else values
