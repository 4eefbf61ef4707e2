"""The weekly review: a pure function from frames to what a person reads about a week."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date

from orc_lab.agents.knowledge.base import KnowledgeBase
from orc_lab.mirror.features import Frames
from orc_lab.model.week import Week
from orc_lab.review import ahead, back, made
from orc_lab.review.blocks import Block, Looked, Review, Section
from orc_lab.review.facts import Facts, facts
from orc_lab.review.first import answers
from orc_lab.review.forecasts import forecasts
from orc_lab.review.sentence import Sentence, say
from orc_lab.review.tiles import tiles

SECTIONS: Mapping[str, tuple[str, Callable[[Facts], Iterator[Block]]]] = {
    "done": ("What got done", back.done),
    "plan": ("Plan against actual", back.plan),
    "carried": ("Carried over", back.carried),
    "estimates": ("Estimates", back.estimates),
    "throughput": ("Throughput and the weeks ahead", ahead.throughput),
    "ageing": ("Ageing work", ahead.ageing),
    "health": ("Health of the projects", ahead.health),
    "next": ("Next week", ahead.next_week),
}


def weekly_review(
    frames: Frames,
    *,
    week: Week,
    kb: KnowledgeBase | None = None,
    sample: bool = False,
    past: bool = False,
    begins: date | None = None,
    looked: Looked | None = None,
) -> Review:
    """Return the review of a week from what was known at an instant, that of the frames.

    The week is reviewed "so far" while that instant lies before its end. `kb` is what was learned by then, by default
    nothing. With `sample` the review says that this is the sample life; where the instant lies in a past that was
    imported, that it is reconstructed. In a long `past` it advises nothing for the week after; `begins` is the day of
    the first todo where that lies after the week; `looked` is kept, to look once more. The same input gives the same
    review.
    """
    known = facts(frames, week, kb=kb, past=past, begins=begins)
    return Review(
        week=week,
        as_of=known.as_of,
        so_far=known.so_far,
        sample=sample,
        reconstructed=frames.reconstructed,
        notes=tuple(_notes(known, sample)),
        answers=answers(known),
        tiles=tiles(known),
        sections=tuple(
            Section(key=key, title=title, blocks=tuple(blocks(known))) for key, (title, blocks) in SECTIONS.items()
        ),
        definitions=made.ALL,
        forecasts=tuple(forecasts(known)),
        looked=looked,
    )


def _notes(known: Facts, sample: bool) -> Iterator[Sentence]:
    """What to bear in mind about all numbers of the page."""
    frames = known.frames
    if sample:
        yield say("This is the sample life: a made-up person, not your own history.")
    yield say("As of {as_of:-}: nothing that became known later is in here.", as_of=known.as_of)
    yield say(
        "It rests on {todos:# todo|# todos}, {finished:n} of them finished, in {weeks:# week|# weeks}.",
        todos=len(frames.tasks), finished=len(frames.finished), weeks=len(frames.weekly),
    )  # fmt: skip
    if frames.imported_until is not None:
        yield say(
            "Reconstructed: what happened before {until:-} was imported rather than recorded, and is dated by what the "
            "files say.",
            until=frames.clock.day(frames.imported_until),
        )
    if len(frames.undated):
        yield say(made.UNDATED, todos=len(frames.undated))
    if known.accuracy.n:
        yield back.coverage(known.accuracy.coverage)
