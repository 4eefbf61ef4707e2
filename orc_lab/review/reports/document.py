"""The report of one agent as of an instant: what it says, part by part, and its head as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from orc_lab.charts.offline import PAGE_CSS
from orc_lab.mirror.features import Frames
from orc_lab.model.week import Week
from orc_lab.review import page, view
from orc_lab.review.blocks import SCHEMA, Definition, Section
from orc_lab.review.made import UNDATED
from orc_lab.review.sentence import Sentence, say, shown


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Report:
    """What an agent says about a person's work (`as_of`: their local time); `lead` is its answer in short."""

    agent: str
    title: str
    week: Week
    as_of: datetime
    sample: bool
    reconstructed: bool
    lead: Sequence[Sentence]
    notes: Sequence[Sentence]
    sections: Sequence[Section]
    definitions: Sequence[Definition]

    def as_dict(self) -> dict[str, object]:
        """Everything that the page shows, for machines: plain JSON values, the same for the same input."""
        return {
            "schema": SCHEMA,
            "report": self.agent,
            "title": self.title,
            "week": str(self.week),
            "as_of": self.as_of.isoformat(timespec="seconds"),
            "sample": self.sample,
            "reconstructed": self.reconstructed,
            "lead": [sentence.as_dict() for sentence in self.lead],
            "notes": [note.as_dict() for note in self.notes],
            "sections": {section.key: section.as_dict() for section in self.sections},
            "definitions": {each.term: {"rule": each.rule, "source": each.source} for each in self.definitions},
        }


def notes(frames: Frames, sample: bool) -> tuple[Sentence, ...]:
    """What to bear in mind about all numbers of a report."""
    told = [
        say("As of {as_of:-}: nothing that became known later is in here.", as_of=frames.now),
        say(
            "It rests on {todos:# todo|# todos}, {finished:n} of them finished, in {weeks:# week|# weeks}.",
            todos=len(frames.tasks), finished=len(frames.finished), weeks=len(frames.weekly),
        ),
    ]  # fmt: skip
    if sample:
        told.insert(0, say("This is the sample life: a made-up person, not your own history."))
    if frames.imported_until is not None:
        told.append(
            say(
                "Reconstructed: what happened before {until:-} was imported rather than recorded, and is dated by what "
                "the files say.",
                until=frames.clock.day(frames.imported_until),
            )
        )
    if len(frames.undated):
        told.append(say(UNDATED, todos=len(frames.undated)))
    return tuple(told)


def opening(report: Report) -> view.Html:
    """The head of a report and its answer in short, and with it all its numbers as data."""
    sample = '<p class="orc-sample">Sample data: a made-up life, not your own history.</p>' if report.sample else ""
    mark = ' <span class="orc-mark">reconstructed</span>' if report.reconstructed else ""
    head = (
        f'<header><p class="orc-eyebrow">Report</p><h1>{escape(report.title)}</h1>'
        f'<p class="orc-state">as of {escape(shown(report.as_of))}{mark}</p></header>'
    )
    words = "".join(page.paragraph(sentence) for sentence in report.lead)
    style = f"<style>{PAGE_CSS}{page.css()}</style>"
    text = "\n".join(sentence.text for sentence in report.lead)
    return view.Html(style + page.scoped(sample + head + words), text, view.plain(report))
