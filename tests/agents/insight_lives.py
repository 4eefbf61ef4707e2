"""Lives to look at whole: frames by hand, a small sample life, and a database of one's own with recent work."""

import tempfile
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from orc_lab.agents.insight.known import Known
from orc_lab.mirror.features import Frames
from orc_lab.model.clock import Clock
from orc_lab.model.entities import Project, Status, Todo
from orc_lab.model.ids import derived_id
from orc_lab.model.week import Week
from orc_lab.review.reading import read_frames
from orc_lab.sample import life
from orc_lab.workbench.bench import Workbench
from tests.review.made_up import MONDAY, Row, day, frames, project, todo

AT = MONDAY + timedelta(weeks=1)
END = Week(2026, 40)
NASTY = "<b>Thesis</b> \x1b[2J & {x}"


def done(number: int, weeks: int, days: int = 1, **values: object) -> Row:
    """A finished todo of that week before the instant."""
    then = {"created": day(-weeks, days - 1), "started": day(-weeks, days - 1, 13), "completed": day(-weeks, days)}
    return todo(number, **{**then, "estimate_hours": 2.0, "actual_hours": 1.0 + number % 4, **values})


def past(project_id: str = "p1", weeks: int = 20, each: int = 3) -> list[Row]:
    """Finished todos, so many a week, up to the instant."""
    return [
        done(100 * week + n, week, n, project_id=project_id, id=f"{project_id}-{week:02}-{n}")
        for week in range(1, weeks + 1) for n in range(1, each + 1)
    ]  # fmt: skip


def still_open(count: int, project_id: str = "p1", **values: object) -> list[Row]:
    """Open todos of a project."""
    known = {"project_id": project_id, "estimate_hours": 2.0, "created": day(-2), **values}
    return [todo(n, **{**known, "id": f"{project_id}-open-{n}"}) for n in range(count)]


def known_of(todos: Sequence[Row], projects: Sequence[Row] = (), **values: object) -> Known:
    """What is known of such a life."""
    return Known(frames=frames(todos, projects=projects or [project()], **values))  # type: ignore[arg-type]


@cache
def sample_frames() -> Frames:
    """The frames of a small sample life at the end of its last week."""
    folder = Path(tempfile.mkdtemp(prefix="orc-life-"))
    life.make(folder / "life.db", end=END, weeks=26, todos=420)
    with Workbench.open(folder / "life.db") as wb:
        return read_frames(wb, END, END.end(wb.clock()) + 60)


@cache
def sample() -> Known:
    """What is known of it; shared, so that models are fitted once."""
    return Known(frames=sample_frames())


def live(path: Path, *, at: datetime | None = None, weeks: int = 10, title: str = "Thesis") -> Workbench:
    """A database of one's own with work in each of the last weeks, open todos, and a due day that is over."""
    wb = Workbench.init(path)
    now = int(time.time()) if at is None else Clock(zone="UTC").instant(at)
    week, user = 7 * 86_400, wb.user_id
    start = now - weeks * week
    mine = Project(
        id=derived_id("project", title), user_id=user, title=title, created_at=start, updated_at=start,
        due_date=Clock(zone="UTC").day(now - 3 * 86_400),
    )  # fmt: skip
    with wb.edit("a life", origin="import") as tx:
        tx.insert(mine, at=start)
        for back in range(weeks, 0, -1):
            for n in range(4):
                made = now - back * week + n * 3600
                each = Todo(
                    id=derived_id("todo", title, str(back), str(n)), user_id=user, project_id=mine.id,
                    title=f"Part {back}.{n}", status=Status.CONFIRMED, estimated_hours=1.0 + n,
                    original_estimate_hours=1.0 + n, created_at=made, started_at=made + 3600, updated_at=made,
                )  # fmt: skip
                tx.insert(each, at=made)
                if n < 3:
                    end = made + 86_400 * (1 + n)
                    values = {"status": Status.DONE, "completed_at": end, "adjusted_hours": 1.5 + n / 2}
                    tx.update(Todo, each.id, values, at=end)
    return wb


@cache
def lived_in() -> Path:
    """The path of such a database, closed; to be copied."""
    path = Path(tempfile.mkdtemp(prefix="orc-own-")) / "own.db"
    live(path).close()
    return path
