"""A comment on a todo or a project, as a note among its activities, at the time when it was written."""

from collections.abc import Sequence

from orc_lab.importers.record import Issue, Parsed
from orc_lab.model.entities import Activity, Entity, Todo


def comment(
    external_id: str,
    subject: str,
    text: str,
    at: int,
    now: int,
    *,
    kind: type[Entity] = Todo,
    raw: str,
    content_hash: str,
    made: bool = False,
    issues: Sequence[Issue] = (),
) -> Parsed:
    """Return the record of a note on a todo or project (its external id), written at an instant (seconds UTC)."""
    return Parsed(
        external_id=external_id,
        kind=Activity,
        values={"subject": kind.table, "kind": "note", "new": text, "occurred_at": at, "recorded_at": now},
        links={"subject_id": subject},
        raw=raw,
        content_hash=content_hash,
        made=made,
        issues=issues,
    )
