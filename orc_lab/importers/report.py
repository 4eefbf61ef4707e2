"""An import in numbers and sentences: as it would be (the preview), or as it was."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

from orc_lab.importers.record import Issue, Severity
from orc_lab.model.entities import KINDS
from orc_lab.model.spreadsheet import guarded

EXAMPLES = 5
_COLUMNS = ("record", "kind", "title", "outcome", "id", "remarks")
_NOUNS = {table.replace("_", " "): kind.noun for table, kind in KINDS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Records of which the same is to be said: how many, and the external ids of some."""

    sentence: str
    count: int
    examples: Sequence[str]
    severity: Severity | None = None


class Fate(NamedTuple):
    """What becomes of one record of a file: `outcome` is new, merged, there, changed, gone or left out."""

    external_id: str
    kind: str
    title: str | None
    outcome: str
    row_id: str | None
    why: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What an import brings, or brought where `committed`.

    `records` counts what stands in the file; each is one of `new`, `merged` (into another), `there` (already),
    `changed` (in the file since the last import; `changes` tell what became of that), `gone` (deleted here since) or
    left out.
    `imported` counts the rows by kind; there may be more of them than `new` records, as a project for each name.
    `samples` are lines with titles and what they become. `fates` tells of each record, `odd` what was odd about it.
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
    fates: Sequence[Fate] = ()
    odd: Sequence[Issue] = ()
    kept: str | None = None
    changes: Sequence[Group] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return all but the single records as plain values for JSON."""
        plain = asdict(replace(self, fates=(), odd=()))
        return {name: value for name, value in plain.items() if name not in ("fates", "odd")}

    def records_as_csv(self) -> str:
        """Return a line for each record of the file: what it is, what became of it, and all that is to be said of it.

        What a spreadsheet would take for a formula begins with an apostrophe.
        """
        out = io.StringIO()
        table = csv.writer(out, lineterminator="\n")
        table.writerow(_COLUMNS)
        table.writerows([guarded(cell or "") for cell in row.values()] for row in self._each())
        return out.getvalue()

    def records_as_json(self) -> str:
        """Return the same as a JSON array."""
        return json.dumps(list(self._each()), indent=1) + "\n"

    def _each(self) -> Iterator[dict[str, str | None]]:
        said: dict[str, list[str]] = {}
        for issue in self.odd:
            said.setdefault(issue.external_id, []).append(issue.sentence)
        for one in self.fates:
            told = [*([one.why] if one.why else []), *said.get(one.external_id, ())]
            values = (one.external_id, one.kind, one.title, one.outcome, one.row_id, "; ".join(told))
            yield dict(zip(_COLUMNS, values, strict=True))

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
        found += _told("Changed in the file since the last import", self.changes)
        if self.changed and not self.changes:
            more = ", …" if self.changed > len(self.changed_examples) else ""
            which = ", ".join(self.changed_examples) + more
            found.append(f"  {self.changed:,} changed since the last import, kept as it is here ({which})")
        found += _told("Left out", self.left_out)
        for severity, heading in ((Severity.WARNING, "Lost or guessed"), (Severity.NOTE, "Filled in")):
            found += _told(heading, [group for group in self.issues if group.severity is severity])
        found += ["Worth knowing:", *(f"  {note}" for note in self.notes)] if self.notes else []
        if not self.committed:
            for kind, shown in self.samples.items():
                found += [f"Among the {kind}:", *(f"  {line}" for line in shown)]
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
