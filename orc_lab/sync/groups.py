"""Which fields are merged together: a group is what a person changes as one thing, so its fields are never mixed.

Fields that no group names aren't synced: who owns a row is each device's own knowledge, and derived values are derived.
`life` holds what a row begins with and never changes; a conflict about it, or about a position, is nobody's concern.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from orc_lab.model.codec import captured
from orc_lab.model.entities import KINDS, Entity
from orc_lab.sync.cells import LIFE

Groups = Mapping[str, Sequence[str]]  # a group's name to its fields

QUIET = frozenset({LIFE, "position"})  # groups whose conflicts are settled by their order alone
EFFECTIVE = "@"  # the field of a value that says when it took effect (seconds), where that wasn't when it was written
NOT_SYNCED = frozenset({"user_id"})  # every device's rows belong to the one person whose devices they are

_NAMED: Mapping[str, Groups] = {
    "intentions": {"title": ["title"], "notes": ["description"]},
    "projects": {
        "title": ["title"],
        "notes": ["description"],
        "why": ["why"],
        "status": ["status", "progress", "completed_at"],
        "priority": ["priority"],
        "schedule": ["due_date"],
        "intention": ["intention_id"],
    },
    "todos": {
        "title": ["title"],
        "notes": ["description"],
        "status": ["status", "started_at", "completed_at"],
        "priority": ["priority"],
        "labels": ["category", "tags"],
        "estimate": ["estimated_hours", "original_estimate_hours"],
        "actual": ["adjusted_hours"],
        "schedule": ["due_date", "snoozed_until"],
        "project": ["project_id"],
        "parent": ["parent_id"],
        "position": ["position"],
    },
    "links": {},
    "recurrences": {"rule": ["rule", "starts_on", "ends_on"], "template": ["template"]},
    "capacity": {"factor": ["factor", "why"]},
    "weekly_goals": {
        "goal": ["goal"],
        "reflection": ["reflection", "self_rating"],
        "plan": ["freezes_at"],
    },
    "commitments": {"estimate": ["estimated_hours"], "outcome": ["outcome", "resolved_at"]},
    "sessions": {"interval": ["started_at", "ended_at"], "todo": ["todo_id"]},
    "activities": {},
    "settings": {"value": ["value"]},
    "forecasts": {"outcome": ["outcome", "resolved_at"]},
    "recommendations": {"response": ["response", "responded_at", "snoozed_until", "why"], "outcome": ["outcome"]},
}


def _with_life(table: str, named: Groups) -> Groups:
    taken = {field for fields in named.values() for field in fields}
    rest = [name for name in captured(KINDS[table]) if name not in taken | NOT_SYNCED and name != "id"]
    return MappingProxyType({LIFE: tuple(rest), **{name: tuple(fields) for name, fields in named.items()}})


GROUPS: Mapping[str, Groups] = MappingProxyType({table: _with_life(table, named) for table, named in _NAMED.items()})
GROUP_OF: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {table: {field: name for name, fields in groups.items() for field in fields} for table, groups in GROUPS.items()}
)


def synced() -> Sequence[type[Entity]]:
    """Return the kinds of rows that devices exchange, parents before what refers to them."""
    return [kind for table, kind in KINDS.items() if table in GROUPS]


def wire_name(table: str) -> str:
    """Return a table's name in requests and replies, such as `weeklyGoals`."""
    first, *rest = table.split("_")
    return first + "".join(part.capitalize() for part in rest)


WIRE: Mapping[str, str] = MappingProxyType({table: wire_name(table) for table in GROUPS})
TABLE_OF: Mapping[str, str] = MappingProxyType({name: table for table, name in WIRE.items()})
