"""Find rows of any kind: filters, order, limits, and ids by their end."""

from datetime import date
from typing import Any

import pytest

from orc_lab.errors import InvalidValue, NotFound, UnknownField
from orc_lab.model.entities import Activity, Priority, Status, Todo
from orc_lab.store import repository
from orc_lab.store.database import Database


@pytest.fixture(autouse=True)
def _todos(db: Database) -> None:
    def todo(id: str, **values: Any) -> Todo:
        return Todo(id=id, user_id="u", created_at=int(id), updated_at=0, **values)

    with db.transaction("add") as tx:
        tx.insert_many(
            [
                todo("1", title="Write draft", status=Status.DONE, priority=Priority.LOW, estimated_hours=2.0),
                todo("2", title="Read 100% of it", priority=Priority.URGENT, due_date="2026-11-20", tags=("a", "b")),
                todo("3", title="write_up", priority=Priority.HIGH, due_date="2026-11-27", estimated_hours=0.5),
                todo("4", title="Rest", snoozed_until="2026-12-01"),
            ]
        )


def found(db: Database, order: Any = "id", limit: int | None = None, offset: int = 0, **filters: Any) -> str:
    """The ids of what is found, one character each."""
    rows = repository.find(db, Todo, filters, order=order, limit=limit, offset=offset)
    assert limit is not None or offset or repository.count(db, Todo, filters) == len(rows)
    return "".join(row.id for row in rows)


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        ({}, "1234"),
        ({"status": "done"}, "1"),
        ({"status": Status.DONE}, "1"),
        ({"status": ["done", Status.DUMPED]}, "1234"),
        ({"status": {"done", "dropped"}}, "1"),
        ({"status": []}, ""),
        ({"status__ne": "done"}, "234"),
        ({"due_date": None}, "14"),
        ({"due_date__ne": None}, "23"),
        ({"due_date__lt": "2026-11-27"}, "2"),
        ({"due_date__lte": date(2026, 11, 27)}, "23"),
        ({"due_date": [date(2026, 11, 27)]}, "3"),
        ({"estimated_hours__gt": 0.5}, "1"),
        ({"estimated_hours__gte": 0.5, "status": "dumped"}, "3"),
        ({"snoozed_until__lte_or_empty": "2026-11-30"}, "123"),
        ({"title__has": "WRITE"}, "13"),
        ({"text__has": "WRITE e_"}, "3"),
        ({"text__has": " "}, "1234"),
        ({"title__has": "0%"}, "2"),
        ({"title__has": "e_"}, "3"),
        ({"title__has": 100}, "2"),
        ({"title": "' OR 1 = 1 --"}, ""),
    ],
)
def test_filters(db: Database, filters: dict[str, Any], ids: str) -> None:
    assert found(db, **filters) == ids


@pytest.mark.parametrize(
    ("order", "ids"),
    [
        ("-created_at", "4321"),
        ("title", "2413"),
        ("due_date", "2314"),
        ("-due_date", "3214"),
        ("-priority", "2341"),
        (["-status", "estimated_hours", "-id"], "3421"),
        ([], "1234"),
    ],
)
def test_order(db: Database, order: Any, ids: str) -> None:
    assert found(db, order=order) == ids


def test_pages(db: Database) -> None:
    assert found(db, limit=2) == "12"
    assert found(db, limit=2, offset=3) == "4"
    assert found(db, offset=1) == "234"
    assert found(db, limit=0) == ""


@pytest.mark.parametrize(
    ("filters", "order", "error"),
    [
        ({"hours": 2}, "id", UnknownField),
        ({"hours__gt": 2}, "id", UnknownField),
        ({"title; DROP TABLE todos": 2}, "id", UnknownField),
        ({}, "hours", UnknownField),
        ({}, "title; DROP TABLE todos", UnknownField),
        ({"title__like": "x"}, "id", InvalidValue),
    ],
)
def test_what_cannot_be_asked(db: Database, filters: dict[str, Any], order: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        repository.find(db, Todo, filters, order=order)


def test_rows_without_a_creation_time_are_ordered_by_their_id(db: Database) -> None:
    with db.transaction("tell") as tx:
        for id in "231":
            tx.insert(Activity(id=id, subject="todos", subject_id="1", kind="note", occurred_at=5, recorded_at=5))
    assert [row.id for row in repository.find(db, Activity, {})] == ["1", "2", "3"]


def test_get_and_fetch(db: Database) -> None:
    assert repository.get(db, Todo, "2").tags == ("a", "b")
    assert repository.fetch(db, Todo, "9") is None
    with pytest.raises(NotFound, match="'9'"):
        repository.get(db, Todo, "9")
