"""The rows a person owns. Each is frozen: a change returns a new one.

Times are whole seconds UTC, days `YYYY-MM-DD` in the person's zone, hours floats.
Fields marked *derived* are computed on each device, never captured in the change log and never synced.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import ClassVar


class Status(StrEnum):
    """Where a todo stands in the pipeline; going back or skipping is allowed and recorded."""

    DUMPED = "dumped"
    MATCHED = "matched"
    REFINED = "refined"
    CONFIRMED = "confirmed"
    COMMITTED = "committed"
    DONE = "done"
    DROPPED = "dropped"


OPEN = (Status.DUMPED, Status.MATCHED, Status.REFINED, Status.CONFIRMED, Status.COMMITTED)
CLOSED = (Status.DONE, Status.DROPPED)


class Priority(StrEnum):
    """How much it matters, lowest first."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    URGENT = "urgent"


class ProjectStatus(StrEnum):
    """Whether a project is being worked on."""

    ACTIVE = "active"
    PAUSED = "paused"
    COMPLETED = "completed"
    ARCHIVED = "archived"


class Outcome(StrEnum):
    """What became of a commitment; *removed* means taken out of the plan."""

    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"
    REMOVED = "removed"


class Origin(StrEnum):
    """How a forecast came about; only *live* ones, shown as of their own day in a person's own life, count."""

    LIVE = "live"
    REPLAY = "replay"
    PREVIEW = "preview"


class Advice(StrEnum):
    """What a recommendation is for: against a risk, or towards something better."""

    RISK_MITIGATION = "risk_mitigation"
    OPTIMIZATION = "optimization"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A row with an id. `table` is where it lives, `derived` the fields no device records."""

    table: ClassVar[str]
    noun: ClassVar[str]
    derived: ClassVar[frozenset[str]] = frozenset()
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Intention(Entity):
    """Why a person does several projects."""

    table: ClassVar[str] = "intentions"
    noun: ClassVar[str] = "intention"
    derived: ClassVar[frozenset[str]] = frozenset({"updated_at", "synced_at"})
    user_id: str
    title: str
    description: str | None = None
    created_at: int
    updated_at: int
    synced_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Project(Entity):
    """Work with an end. `progress` is the person's own number, 0–100; the computed one never overwrites it."""

    table: ClassVar[str] = "projects"
    noun: ClassVar[str] = "project"
    derived: ClassVar[frozenset[str]] = frozenset(
        {"health_score", "activity_summary", "last_ai_update", "updated_at", "synced_at"}
    )
    user_id: str
    intention_id: str | None = None
    title: str
    description: str | None = None
    why: str | None = None
    status: ProjectStatus = ProjectStatus.ACTIVE
    priority: Priority = Priority.MEDIUM
    progress: int = 0
    due_date: str | None = None
    completed_at: int | None = None
    created_at: int
    health_score: int | None = None
    activity_summary: str | None = None
    last_ai_update: int | None = None
    updated_at: int
    synced_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Todo(Entity):
    """One thing to do. `actual_hours` (derived) is `adjusted_hours`, the person's own figure, plus the sessions."""

    table: ClassVar[str] = "todos"
    noun: ClassVar[str] = "todo"
    derived: ClassVar[frozenset[str]] = frozenset({"actual_hours", "updated_at", "synced_at"})
    user_id: str
    project_id: str | None = None
    parent_id: str | None = None
    title: str
    description: str | None = None
    status: Status = Status.DUMPED
    priority: Priority = Priority.MEDIUM
    category: str | None = None
    tags: tuple[str, ...] = ()
    estimated_hours: float | None = None
    original_estimate_hours: float | None = None
    adjusted_hours: float | None = None
    due_date: str | None = None
    snoozed_until: str | None = None
    position: float | None = None
    started_at: int | None = None
    completed_at: int | None = None
    created_at: int
    actual_hours: float | None = None
    updated_at: int
    synced_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Link(Entity):
    """`blocker_id` has to be done before `blocked_id`."""

    table: ClassVar[str] = "links"
    noun: ClassVar[str] = "link"
    blocker_id: str
    blocked_id: str
    created_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence(Entity):
    """A rule (RFC 5545 RRULE) that makes todos from a JSON template; instances have derived ids and keep history."""

    table: ClassVar[str] = "recurrences"
    noun: ClassVar[str] = "recurrence"
    derived: ClassVar[frozenset[str]] = frozenset({"updated_at"})
    user_id: str
    rule: str
    template: str
    starts_on: str
    ends_on: str | None = None
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity(Entity):
    """How much of a usual day a day is: 0 for a holiday, .5 for a short day."""

    table: ClassVar[str] = "capacity"
    noun: ClassVar[str] = "day"
    day: str
    factor: float
    why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyGoal(Entity):
    """A week's plan: one row a week, its id derived from user and week.

    The plan freezes when the person confirms it, at latest 24 h after the week starts (`freezes_at`). Derived:
    `completion_rate` is done ÷ all of the commitments that stood then, `total_estimated_hours` their estimates.
    """

    table: ClassVar[str] = "weekly_goals"
    noun: ClassVar[str] = "weekly goal"
    derived: ClassVar[frozenset[str]] = frozenset(
        {"total_estimated_hours", "completion_rate", "updated_at", "synced_at"}
    )
    user_id: str
    week_start_date: str
    goal: str | None = None
    reflection: str | None = None
    self_rating: int | None = None
    freezes_at: int
    created_at: int
    total_estimated_hours: float = 0.0
    completion_rate: float | None = None
    updated_at: int
    synced_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitment(Entity):
    """A todo promised for a week, with the estimate as it was then."""

    table: ClassVar[str] = "commitments"
    noun: ClassVar[str] = "commitment"
    weekly_goal_id: str
    todo_id: str
    estimated_hours: float | None = None
    outcome: Outcome = Outcome.OPEN
    created_at: int
    resolved_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session(Entity):
    """A real interval of work on a todo; open while `ended_at` is None, at most one open on a device."""

    table: ClassVar[str] = "sessions"
    noun: ClassVar[str] = "session"
    todo_id: str
    device_id: str
    started_at: int
    ended_at: int | None = None
    source: str = "timer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity(Entity):
    """What happened, never changed afterwards: a status or estimate change, a session, a note."""

    table: ClassVar[str] = "activities"
    noun: ClassVar[str] = "activity"
    subject: str
    subject_id: str
    kind: str
    old: str | float | int | None = None
    new: str | float | int | None = None
    occurred_at: int
    recorded_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting(Entity):
    """A dated choice (zone, day start, hours a week), a JSON value that holds from `valid_from` on."""

    table: ClassVar[str] = "settings"
    noun: ClassVar[str] = "setting"
    key: str
    value: str
    valid_from: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRecord(Entity):
    """Where a row came from: the record as it was read, and why it was left out where it was."""

    table: ClassVar[str] = "imports"
    noun: ClassVar[str] = "import record"
    source: str
    external_id: str
    subject: str | None = None
    subject_id: str | None = None
    content_hash: str
    raw: str
    left_out: str | None = None
    imported_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastRecord(Entity):
    """A forecast as it was shown: `quantiles` is JSON from level to value, `detail` JSON of what its outcome needs.

    `outcome` is what came true, in `unit`, and `resolved_at` when; both are facts and kept like any other. Derived:
    `score`, JSON, which follows from the quantiles and the outcome.
    """

    table: ClassVar[str] = "forecasts"
    noun: ClassVar[str] = "forecast"
    derived: ClassVar[frozenset[str]] = frozenset({"score"})
    model: str
    subject: str
    subject_id: str | None = None
    horizon: int | None = None
    unit: str
    quantiles: str
    basis: str
    inputs_hash: str
    as_of: int
    made_at: int
    origin: Origin
    outcome: float | None = None
    resolved_at: int | None = None
    score: str | None = None
    day: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation(Entity):
    """What was recommended for a day and by which rule, what the person did (`response`), and what followed.

    `actions`, `evidence`, `effect` and `outcome` are JSON. `why` is the person's reason for dismissing it.
    """

    table: ClassVar[str] = "recommendations"
    noun: ClassVar[str] = "recommendation"
    type: Advice
    rule: str | None = None
    day: str | None = None
    priority: Priority = Priority.MEDIUM
    project_id: str | None = None
    title: str
    description: str | None = None
    actions: str = "[]"
    reason: str | None = None
    evidence: str | None = None
    effect: str | None = None
    created_at: int
    response: str | None = None
    responded_at: int | None = None
    snoozed_until: str | None = None
    why: str | None = None
    outcome: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge(Entity):
    """One readable piece of what was learned: its part, its name, a JSON value, and the JSON of what taught it."""

    table: ClassVar[str] = "knowledge"
    noun: ClassVar[str] = "piece of knowledge"
    derived: ClassVar[frozenset[str]] = frozenset({"updated_at"})
    part: str
    name: str
    value: str
    version: int = 1
    learned_from: str | None = None
    updated_at: int


KINDS: Mapping[str, type[Entity]] = MappingProxyType(
    {
        kind.table: kind
        for kind in (
            Intention,
            Project,
            Todo,
            Link,
            Recurrence,
            Capacity,
            WeeklyGoal,
            Commitment,
            Session,
            Activity,
            Setting,
            ImportRecord,
            ForecastRecord,
            Recommendation,
            Knowledge,
        )
    }
)
