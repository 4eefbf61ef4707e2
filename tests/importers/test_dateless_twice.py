"""Of two records of a file with one id, the one that tells no date is the older one, in every format."""

import json
from typing import Any

import pytest

from orc_lab.model.entities import ImportRecord, Todo
from orc_lab.workbench.bench import Workbench
from tests.importers.conftest import Bring
from tests.importers.files import accounted, store, table, todo, told
from tests.importers.files_of_tools import archive, backup, exported, task, warrior


def old_app(*titles: str, dated: str) -> bytes:
    made = [todo(title=title) for title in titles]
    return store(todos=[one if one["title"] == dated else {"id": "t1", "title": one["title"]} for one in made])


def productive(*titles: str, dated: str) -> bytes:
    first, second = (task(title=title, created=task()["created"] if title == dated else None) for title in titles)
    return backup(first, archiveYoung=archive(second | {"isDone": False}))


def rows(*titles: str, dated: str) -> bytes:
    return table("id,title,created", *(f"1,{title},{'2025-03-01' if title == dated else ''}" for title in titles))


def tasks(*titles: str, dated: str) -> bytes:
    gone = {"entry": None, "modified": None}
    return exported(*(warrior(description=title, **({} if title == dated else gone)) for title in titles))


def items(*titles: str, dated: str) -> bytes:
    made: list[dict[str, Any]] = [
        {"id": "1", "project_id": "2", "content": title, "labels": [], "checked": False}
        | ({"added_at": "2025-03-02T09:00:00Z"} if title == dated else {})
        for title in titles
    ]
    return json.dumps({"items": made}).encode()


FILES = {
    "creation-store": old_app,
    "super-productivity": productive,
    "task-csv": rows,
    "taskwarrior": tasks,
    "todoist": items,
}


@pytest.mark.parametrize("titles", [("Dated", "Bare"), ("Bare", "Dated")])
@pytest.mark.parametrize("format", FILES)
def test_the_one_with_a_date_counts(bench: Workbench, bring: Bring, format: str, titles: tuple[str, str]) -> None:
    report = bring(FILES[format](*titles, dated="Dated"), format=format)
    assert accounted(report)
    assert [one.title for one in bench.find(Todo)] == ["Dated"]
    assert told(report.left_out) == {"the file holds a newer record with the same id": 1}
    (kept,) = bench.find(ImportRecord, left_out__has="newer record")
    assert "Bare" in kept.raw
