"""The keys that the page lists are those that the documentation lists."""

import re

from tests.browser.boards import STATIC
from tests.house.checks import ROOT


def test_the_documentation_lists_the_keys_of_the_page() -> None:
    page = (STATIC / "board.js").read_text(encoding="utf-8")
    listed = re.search(r"const KEYS = \[\n(.*?)\n\];", page, re.DOTALL)
    assert listed
    keys = re.findall(r'\["(.*?)", "(.*?)"\]', listed[1])
    assert len(keys) >= 15
    told = (ROOT / "docs" / "board.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| (.*?) \| (.*?) \|$", told, re.MULTILINE)[1:] == keys
