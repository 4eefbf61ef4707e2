"""Addresses that stood in a title, for the description, where a title here is plain text."""

from collections.abc import Iterable


def with_links(description: str | None, links: Iterable[str]) -> str | None:
    """Return a description with the addresses that aren't in it already."""
    lost = [link for link in links if link not in (description or "")]
    return "\n\n".join(filter(None, [description, "\n".join(lost)])) or None
