"""An import in numbers and sentences: as it would be (the preview), or as it was."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from orc_lab.importers.record import Issue, Severity
from orc_lab.model.entities import KINDS

EXAMPLES = 5
_NOUNS = {table.replace("_", " "): kind.noun for table, kind in KINDS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Records of which the same is to be said: how many, and the external ids of some."""

    sentence: str
    count: int
    examples: Sequence[str]
    severity: Severity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What an import brings, or brought where `committed`.

    `records` counts what stands in the file; each is one of `new`, `merged` (into another), `there` (already),
    `changed` (in the file since the last import; kept as it is here), `gone` (deleted here since) or left out.
    `imported` counts the rows by kind; there may be more of them than `new` records, as a project for each name.
    """

    format: str
    source: str
    name: str
    committed: bool
    records: int
    new: int
    merged: int
    there: int
    changed: int
    changed_examples: Sequence[str]
    gone: int
    imported: Mapping[str, int]
    left_out: Sequence[Group]
    issues: Sequence[Group]
    notes: Sequence[str]
    samples: Mapping[str, Sequence[str]]
    kept: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values for JSON."""
        return asdict(self)

    def lines(self) -> list[str]:
        """Return the report as lines for a terminal; titles and ids in it are untrusted."""
        verb = "Imported" if self.committed else "Would import"
        rows = ", ".join(_counted(count, kind) for kind, count in self.imported.items()) or "nothing"
        found = [
            f"{self.name} ({self.format}, {_counted(self.records, 'records')})",
            f"{verb}: {rows} — {self.new:,} new {'record' if self.new == 1 else 'records'}",
        ]
        for count, what in (
            (self.merged, "merged into another of the same week"),
            (self.there, "there already"),
            (self.gone, "deleted here since the last import, and stay so"),
        ):
            found += [f"  {count:,} {what}"] if count else []
        if self.changed:
            more = ", …" if self.changed > len(self.changed_examples) else ""
            which = ", ".join(self.changed_examples) + more
            found.append(f"  {self.changed:,} changed since the last import, kept as it is here ({which})")
        found += _told("Left out", self.left_out)
        for severity, heading in ((Severity.WARNING, "Lost or guessed"), (Severity.NOTE, "Filled in")):
            found += _told(heading, [group for group in self.issues if group.severity is severity])
        found += ["Worth knowing:", *(f"  {note}" for note in self.notes)] if self.notes else []
        if not self.committed:
            for kind, titles in self.samples.items():
                found.append(f"Among the {kind}: {'; '.join(titles)}")
        return [*found, f"The file is kept in {self.kept}."] if self.kept else found


def groups(said: Iterable[tuple[str, str]], passed_over: Mapping[str, int] | None = None) -> list[Group]:
    """Return (sentence, external id) pairs grouped by sentence, the largest group first."""
    counts, examples = Counter(passed_over or {}), dict[str, list[str]]()
    for sentence, external_id in said:
        counts[sentence] += 1
        some = examples.setdefault(sentence, [])
        if len(some) < EXAMPLES:
            some.append(external_id)
    return [
        Group(sentence=sentence, count=count, examples=tuple(examples.get(sentence, ())))
        for sentence, count in counts.most_common()
    ]


def issue_groups(issues: Iterable[Issue]) -> list[Group]:
    """Return issues grouped by sentence, warnings first."""
    by_severity: dict[Severity, list[tuple[str, str]]] = {Severity.WARNING: [], Severity.NOTE: []}
    for issue in issues:
        by_severity[issue.severity].append((issue.sentence, issue.external_id))
    return [replace(group, severity=severity) for severity, said in by_severity.items() for group in groups(said)]


def _counted(count: int, kind: str) -> str:
    one = _NOUNS.get(kind, kind.removesuffix("s"))
    return f"{count:,} {one if count == 1 else kind}"


def _told(heading: str, told: Sequence[Group]) -> list[str]:
    if not told:
        return []
    lines = [f"{heading}: {sum(group.count for group in told):,}"]
    for group in told:
        more = ", …" if group.count > len(group.examples) > 0 else ""
        which = f" ({', '.join(group.examples)}{more})" if group.examples else ""
        lines.append(f"  {group.count:,} × {group.sentence}{which}")
    return lines
