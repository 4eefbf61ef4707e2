"""The knowledge report: what was learned from what the person did, part by part, with what taught it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from orc_lab.agents.knowledge.agent import known_then
from orc_lab.agents.knowledge.base import KnowledgeBase
from orc_lab.agents.knowledge.show import EntryView, PartView, show
from orc_lab.mirror.features import Frames
from orc_lab.review.blocks import Block, Column, Definition, Item, Items, Section, Table
from orc_lab.review.sentence import Sentence, Value, say

TITLE = "Knowledge"
_AREAS = (("projects", "Projects"), ("tasks", "Tasks"), ("users", "You"))
_REASONS = 5  # of the latest, a part

DEFINITIONS = (
    Definition(
        term="Learned",
        rule="Every parameter starts at a shipped value that counts as some observations; each action moves it, recent "
        "ones more. Forgetting an action folds the others again, as if it had never been.",
        source="shrinkage, own",
    ),
    Definition(
        term="Retired",
        rule="A rule of advice rests when following it has not beaten not following it: a chance under 25% after 12 "
        "recommendations, two Beta distributions with even odds at first.",
        source="Beta–binomial",
    ),
)


def lead_and_sections(frames: Frames) -> tuple[Sequence[Sentence], Sequence[Section]]:
    """The report's answer in short, and its parts."""
    kb = known_then(frames)
    titles = dict(zip(frames.projects["id"], frames.projects["title"], strict=True))
    views = show(kb, titles=titles)
    sections = tuple(
        Section(key=key, title=title, blocks=tuple(_area(kb, [each for each in views if each.part.startswith(key)])))
        for key, title in _AREAS
    )
    return tuple(_lead(views)), sections


def _lead(views: Sequence[PartView]) -> Iterator[Sentence]:
    entries = [entry for view in views for entry in view.entries]
    learned = [entry for entry in entries if entry.learned_from]
    yield say(
        "{learned:n} of {entries:n} entries in {parts:n} parts have learned from {actions:# action|# actions}.",
        learned=len(learned), entries=len(entries), parts=len(views),
        actions=sum(entry.learned_from for entry in learned),
    )  # fmt: skip
    if not learned:
        yield say("All of it is as shipped: finish a todo, a week, a project, and it begins to learn.")


def _area(kb: KnowledgeBase, views: Sequence[PartView]) -> Iterator[Block]:
    for view in views:
        yield say("{title}: {told:-}", title=view.title, told=view.sentence)
        if view.entries:
            yield _table(view)
        if reasons := _reasons(view):
            yield Items(key=f"{view.part.value} why", items=reasons)
        if view.part.value == "projects.optimization_rules":
            for rule in kb.retired():
                yield say("Retired. {told:-}", told=kb.rule(rule).sentence)


def _table(view: PartView) -> Table:
    rows: list[tuple[Value, ...]] = [(entry.label, _holds(entry), entry.learned_from) for entry in view.entries]
    columns = (
        Column(key="entry", label="Entry"),
        Column(key="holds", label="Holds"),
        Column(key="learned_from", label="Learned from", spec="n"),
    )
    return Table(key=view.part.value, caption=view.title, columns=columns, rows=rows)


def _holds(entry: EntryView) -> str:
    told = entry.sentence.removeprefix(f"{entry.label}: ")
    return told.rpartition(" (")[0] or told


def _reasons(view: PartView) -> list[Item]:
    """The latest things that taught a part, the newest first."""
    found = [(reason.day, entry.label, reason.sentence) for entry in view.entries for reason in entry.reasons]
    latest = sorted(found, reverse=True)[:_REASONS]
    return [Item(text=say("{entry}: {told:-}", entry=label, told=told)) for _, label, told in latest]
