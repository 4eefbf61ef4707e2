"""Text in a table that a spreadsheet opens: it must not run what is anybody's data.

Text that would begin a formula gets a `'` before it, which spreadsheets take for "this is text"; so does text that
begins with one, so that who knows the rule takes exactly one off and has the true text again.
"""

MARK = "'"
# What begins a formula, some of it after a spreadsheet has trimmed the cell, some of it in full width.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_MARKED = (*FORMULA, MARK)


def guarded(text: str) -> str:
    """Return text that no spreadsheet runs."""
    if text[:1].isalnum():
        return text
    return MARK + text if text.startswith(_MARKED) or text.lstrip().startswith(FORMULA) else text


def unguarded(cell: str) -> str:
    """Return the text that `guarded` was given."""
    return cell.removeprefix(MARK)
