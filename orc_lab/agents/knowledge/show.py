"""The knowledge base as a page shows it: per part what it is, what it holds, what taught it, which output uses it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from orc_lab.agents.forecast import amount
from orc_lab.agents.knowledge.base import KnowledgeBase, known_part
from orc_lab.agents.knowledge.entry import Entry, Parameter, Reason
from orc_lab.agents.knowledge.parts import MEANINGS, Part

_REASONS = 5  # latest ones on a page
_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryView:
    """One entry: its parameters now and as shipped, what it rests on, and the latest reasons.

    `label` is the name as people read it, with the title of a project in place of its id.
    """

    name: str
    label: str
    version: int
    learned_from: int
    parameters: tuple[Parameter, ...]
    evidence: tuple[tuple[str, float | str], ...]
    reasons: tuple[Reason, ...]

    @property
    def sentence(self) -> str:
        """For a row: what it holds and how much taught it."""
        now = "; ".join(f"{each.name} {each.shown}" if each.name != self.name else each.shown for each in self._shown)
        n = self.learned_from
        basis = f"from {amount(n, 'actions')}" if n else "as shipped"
        return f"{self.label}: {now or 'nothing known yet'} ({basis})."

    @property
    def _shown(self) -> list[Parameter]:
        return [each for each in self.parameters if each.value is not None]

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {
            "name": self.name, "label": self.label, "version": self.version, "learned_from": self.learned_from,
            "parameters": [each.as_dict() for each in self.parameters], "evidence": dict(self.evidence),
            "reasons": [each.as_dict() for each in self.reasons], "sentence": self.sentence,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class PartView:
    """One part in words, with its entries; those that learned something first."""

    part: Part
    title: str
    what: str
    taught_by: str
    used_by: str
    entries: tuple[EntryView, ...]

    @property
    def sentence(self) -> str:
        """For the head of a part."""
        learned = sum(entry.learned_from > 0 for entry in self.entries)
        so_far = f"{learned} of {len(self.entries)} entries have learned."
        return f"{self.what} Taught by {self.taught_by}; used by {self.used_by}. {so_far}"

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {
            "part": self.part.value, "title": self.title, "what": self.what, "taught_by": self.taught_by,
            "used_by": self.used_by, "entries": [entry.as_dict() for entry in self.entries], "sentence": self.sentence,
        }  # fmt: skip


def show(
    kb: KnowledgeBase, parts: Iterable[Part | str] = tuple(Part), *, titles: Mapping[str, str] = _NONE
) -> tuple[PartView, ...]:
    """Every part, or those named, as a page shows it; `titles` are those of projects, by id.

    Raises InvalidValue for what is no part.
    """
    return tuple(_part(kb, known_part(part), titles) for part in parts)


def _part(kb: KnowledgeBase, part: Part, titles: Mapping[str, str]) -> PartView:
    meaning = MEANINGS[part]
    entries = sorted(kb.entries(part), key=lambda each: each.count == 0)
    return PartView(
        part=part, title=meaning.title, what=meaning.what, taught_by=meaning.taught_by, used_by=meaning.used_by,
        entries=tuple(_entry(entry, titles) for entry in entries),
    )  # fmt: skip


def label_of(name: str, titles: Mapping[str, str]) -> str:
    """The name of an entry as people read it: `project Thesis` where it is of one of these projects, by id."""
    kind, _, subject = name.partition(" ")
    return f"{kind} {titles[subject]}" if kind == "project" and subject in titles else name


def _entry(entry: Entry, titles: Mapping[str, str]) -> EntryView:
    return EntryView(
        name=entry.name, label=label_of(entry.name, titles), version=entry.version, learned_from=entry.count,
        parameters=tuple(entry.parameters), evidence=tuple(entry.evidence.items()),
        reasons=entry.why()[-_REASONS:],
    )  # fmt: skip
