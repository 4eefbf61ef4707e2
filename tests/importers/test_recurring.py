"""What repeats elsewhere: its rule where one says it, and a word where none does."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from orc_lab.importers.reading import recurring
from orc_lab.importers.taskwarrior import templates
from orc_lab.model.entities import ImportRecord, Recurrence, Todo
from orc_lab.workbench.bench import Workbench
from tests.importers.conftest import Bring
from tests.importers.files import accounted, everything, told
from tests.importers.files_of_tools import exported, warrior
from tests.store import laws

HEADER = "TYPE,CONTENT,PRIORITY,INDENT,AUTHOR,RESPONSIBLE,DATE,DATE_LANG,TIMEZONE,DURATION,DURATION_UNIT\n"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("every day", "FREQ=DAILY"),
        ("Daily", "FREQ=DAILY"),
        ("every day at 10:00", "FREQ=DAILY"),
        ("every 3 days at 9am", "FREQ=DAILY;INTERVAL=3"),
        ("every other day", "FREQ=DAILY;INTERVAL=2"),
        ("every week", "FREQ=WEEKLY"),
        ("every 2 weeks", "FREQ=WEEKLY;INTERVAL=2"),
        ("every weekday", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
        ("every  Monday", "FREQ=WEEKLY;BYDAY=MO"),
        ("ev tue, thurs", "FREQ=WEEKLY;BYDAY=TU,TH"),
        ("every mon, wed, and fri at 7pm", "FREQ=WEEKLY;BYDAY=MO,WE,FR"),
        ("every sat and sunday", "FREQ=WEEKLY;BYDAY=SA,SU"),
        ("every other friday", "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR"),
        ("monthly", "FREQ=MONTHLY"),
        ("every quarter", "FREQ=MONTHLY;INTERVAL=3"),
        ("every 27th", "FREQ=MONTHLY;BYMONTHDAY=27"),
        ("every last day", "FREQ=MONTHLY;BYMONTHDAY=-1"),
        ("every 3rd friday", "FREQ=MONTHLY;BYDAY=3FR"),
        ("every last mon", "FREQ=MONTHLY;BYDAY=-1MO"),
        ("every year", "FREQ=YEARLY"),
        ("every! 3 days", None),
        ("after 3 days", None),
        ("every day starting 3 Jan", None),
        ("every day until 3 Jan", None),
        ("every hour", None),
        ("every 0 days", None),
        ("every 32nd", None),
        ("every 2 mon, tue of may", None),
        ("every 27", None),
        ("every month on the 3rd", None),
        ("every", None),
        ("every other", None),
        ("2026-03-01", None),
        ("jeden Tag", None),
        ("", None),
    ],
)
def test_in_words(text: str, rule: str | None) -> None:
    assert recurring.in_words(text) == rule


@pytest.mark.parametrize(
    ("recur", "rule"),
    [
        ("weekly", "FREQ=WEEKLY"),
        ("Weekdays", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
        ("quarterly", "FREQ=MONTHLY;INTERVAL=3"),
        ("3days", "FREQ=DAILY;INTERVAL=3"),
        ("2 wks", "FREQ=WEEKLY;INTERVAL=2"),
        ("2q", "FREQ=MONTHLY;INTERVAL=6"),
        ("P1M", "FREQ=MONTHLY"),
        ("P10D", "FREQ=DAILY;INTERVAL=10"),
        ("PT12H", None),
        ("12h", None),
        ("0days", None),
        ("99999days", None),
        ("", None),
        (7, None),
    ],
)
def test_templates_of_taskwarrior(bench: Workbench, bring: Bring, recur: Any, rule: str | None) -> None:
    template = warrior(1, status="recurring", recur=recur, due="20250310T220000Z", est="PT2H", project="home",
                       until="20251231T120000Z", priority="H", tags=["out"], mask="+-")  # fmt: skip
    report = bring(exported(template, warrior(2, parent="x")))
    assert accounted(report)
    found = bench.find(Recurrence)
    assert (told(report.left_out) == {templates.NO_RULE: 1}) == (rule is None) == (not found)
    assert [one.title for one in bench.find(Todo)] == ["Task 2"]
    for one in found:
        assert (one.rule, one.starts_on, one.ends_on) == (rule, "2025-03-10", "2025-12-31")
        like = {"title": "Task 1", "project": "home", "tags": ["out"], "estimated_hours": 2.0, "priority": "high"}
        assert json.loads(one.template) == like
        assert told(report.issues)[recurring.CAME] == 1
    before = everything(bench.db)
    assert bring(exported(template, warrior(2, parent="x"))).new == 0
    assert everything(bench.db) == before
    laws.hold(bench.db)


def test_todoist_by_its_csv(bench: Workbench, bring: Bring) -> None:
    lines = "task,Water,1,1,,,every other monday,en,,15,minute\ntask,Feed,4,1,,,every! 2 days,en,,,\n"
    lines += "task,Gießen,4,1,,,jeden Tag,de,,,\n"
    report = bring((HEADER + lines).encode(), name="Home.csv")
    assert accounted(report)
    (found,) = bench.find(Recurrence)
    assert found.rule == "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO"
    like = {"title": "Water", "estimated_hours": 0.25, "priority": "urgent", "project": "Home"}
    assert json.loads(found.template) == like
    assert {told(report.issues)[one] for one in (recurring.CAME,)} == {1}
    assert told(report.issues)[recurring.STAYED] == 2
    assert bring((HEADER + lines).encode(), name="Home.csv").new == 0
    assert bench.count(Recurrence) == 1


def test_todoist_by_its_json(bench: Workbench, bring: Bring) -> None:
    def item(id: str, done: bool = False, **due: Any) -> dict[str, Any]:
        ended = {"checked": True, "completed_at": "2025-03-01T10:00:00Z"} if done else {}
        return {"id": id, "project_id": "2", "content": f"Task {id}", "priority": 1, "added_at": "2025-02-01T10:00:00Z",
                "labels": [], "due": {"is_recurring": True, **due}, **ended}  # fmt: skip

    items = [
        item("1", date="2025-07-02", string="every wed", lang="en"),
        item("2", date="2025-07-03", string="every! wed", lang="en"),
        item("3", date="2025-07-03", string="jeden Mittwoch", lang="de"),
        item("4", done=True, date="2025-03-01", string="every day", lang="en"),
    ]
    data = json.dumps({"full_sync": True, "items": items, "projects": [{"id": "2", "name": "Garden"}]}).encode()
    report = bring(data, format="todoist")
    assert accounted(report)
    (found,) = bench.find(Recurrence)
    assert (found.rule, found.starts_on) == ("FREQ=WEEKLY;BYDAY=WE", "2025-07-02")
    assert json.loads(found.template) == {"title": "Task 1", "priority": "low", "project": "Garden"}
    assert (told(report.issues)[recurring.CAME], told(report.issues)[recurring.STAYED]) == (1, 2)
    assert bring(data, format="todoist").new == 0
    assert any("every wed" in one.raw for one in bench.find(ImportRecord))


@pytest.mark.parametrize(
    ("repeater", "rule"),
    [
        ("+1w", "FREQ=WEEKLY"),
        ("++2m", "FREQ=MONTHLY;INTERVAL=2"),
        ("+1y -3d", "FREQ=YEARLY"),
        (".+1d/3d", None),
        ("+2h", None),
    ],
)
def test_org(bench: Workbench, bring: Bring, repeater: str, rule: str | None) -> None:
    text = (
        f"* Garden\n** TODO Water :out:\nSCHEDULED: <2025-07-02 Wed {repeater}>\n:PROPERTIES:\n:EFFORT: 0:30\n:END:\n"
    )
    report = bring(text.encode(), name="x.org")
    assert accounted(report)
    assert told(report.issues)[recurring.STAYED if rule is None else recurring.CAME] == 1
    found = [(one.rule, one.starts_on, json.loads(one.template)) for one in bench.find(Recurrence)]
    like = {"title": "Water", "estimated_hours": 0.5, "priority": "medium", "tags": ["out"]}
    assert found == ([] if rule is None else [(rule, "2025-07-02", like)])
    assert bring(text.encode(), name="x.org").new == 0


def test_every_rule_has_a_next_round() -> None:
    """What is written reads as RFC 5545: by another program's reader, the rounds are as far apart as it says."""
    rrule = pytest.importorskip("dateutil.rrule")
    start = datetime(2026, 1, 1)
    for every, unit, days in ((1, "d", 1), (3, "d", 3), (2, "w", 14), (1, "m", 31), (1, "y", 365)):
        rounds = rrule.rrulestr(str(recurring.rule(every, unit)), dtstart=start)
        assert rounds[1] - rounds[0] == timedelta(days=days)
