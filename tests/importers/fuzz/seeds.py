"""Whole files of each format, small, with every feature that the importer knows; each title has a mark of its own."""

import io
import json
import re
import sqlite3
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from orc_lab.exporters import orc_json
from orc_lab.model.week import Week
from orc_lab.store.snapshot import Snapshot
from orc_lab.workbench.bench import Workbench
from tests.importers.files import NOW, goal, project, todo
from tests.importers.files_of_tools import HOUR, archive, ms, sections, state, task, tracked, uuid, warrior
from tests.importers.profiles import KEY, fill

OLD_APP: tuple[Any, ...] = (
    {
        "state": {
            "intentions": [
                {"id": "i1", "userId": "user-1", "title": "Zq100 Finish", "createdAt": "2025-01-01T08:00:00.000Z"}
            ],
            "projects": [
                project(title="Zq101 Thesis", intentionId="i1", why="It matters", dueDate="2025-12-01", progress=40),
                project("p2", title="Zq102 Garden", status="completed", completedAt="2025-03-01T10:00:00.000Z"),
            ],
            "todos": [
                todo(
                    title="Zq103 Write", projectId="p1", status="done", estimatedHours=2, actualHours=3.5,
                    startedAt="2025-01-07T08:00:00.000Z", completedAt="2025-01-08T12:00:00.000Z", tags=["deep", "x"],
                ),
                todo("t2", title="Zq104 Read", parentId="t1", priority="high", dueDate="2025-07-01", position=3),
                todo("t3", title="Zq105 Dig", projectId="p2", snoozedUntil="2025-08-01", category="out", mood="fine"),
                todo(title="Zq106 Number", status="confirmed", estimatedHours=1, weeklyGoalId="g1") | {"id": 4},
            ],
            "weeklyGoals": [
                goal(goal="Zq107 Draft", todoIds=["t1", "t2"], selfRating=4, reflection="Well"),
                goal("g2", goal="Zq108 Rest", weekStartDate="2025-01-12", todos=[{"id": "t3", "estimatedHours": 2}]),
                goal("g3", goal="Zq109 Same week", weekStartDate="2025-01-07", todos=[todo("t9", title="Zq110 Inner")]),
            ],
            "settings": {"theme": "dark", "apiKey": "sk-1"},
        },
        "version": 3,
    },
    {
        "projects": {"p1": project(title="Zq111 A map"), "p2": {"title": "Zq112 No id"}},
        "todos": [["t1", todo(title="Zq113 Paired")], ["t2", {"name": "Zq114 Named", "completed": True}]],
        "weekly_goals": [{"id": 7, "week": "2025-W03", "goal": "Zq115 By week"}],
    },
    {
        "creation-store": json.dumps(
            {"state": {"todos": [todo("a", title="Zq116 Dumped", userId="user-2"), todo("b", title="Zq117 Twice")] * 2}}
        ),
        "sync-token": "secret",
        "creation-store-migrated": "true",
        "other": "1",
    },
)  # fmt: skip

_DAYS = {"2025-03-03": HOUR, "2025-03-04": HOUR // 2}
SUPER_PRODUCTIVITY: tuple[Any, ...] = (
    {
        "timestamp": ms("2025-06-14T20:00"),
        "crossModelVersion": 4.5,
        "data": sections(
            task("a", title="Zq200 Dig", subTaskIds=["b"], timeEstimate=2 * HOUR, tagIds=["TODAY", "mVb2xNc7"]),
            task("b", title="Zq201 Deeper", parentId="a", timeSpentOnDay=_DAYS, timeSpent=HOUR, notes="A *note*"),
            task("c", title="Zq202 Due", dueDay="2025-07-01", dueWithTime=ms("2025-07-01T10:00"), repeatCfgId="r1"),
            task("d", title="Zq203 Issue", issueId="7", issueType="GITHUB", issueProviderId="x", projectId=None),
            archiveYoung=archive(task("e", title="Zq204 Done", isDone=True, doneOn=ms("2025-03-05T10:00"))),
            archiveOld=archive(task("f", title="Zq205 Old", isDone=True, timeSpentOnDay=_DAYS, timeEstimate=HOUR)),
            taskRepeatCfg=state(
                {
                    "id": "r1", "title": "Zq206 Water", "repeatCycle": "WEEKLY", "repeatEvery": 2, "monday": True,
                    "startDate": "2025-01-06", "defaultEstimate": HOUR, "projectId": "kTn8pRw5", "tagIds": [],
                },
                {
                    "id": "r2", "title": "Zq207 Rent", "repeatCycle": "MONTHLY", "startDate": "2025-01-31",
                    "isPaused": True,
                },
            ),
            note=state(
                {"id": "n1", "content": "Zq208 said", "projectId": "kTn8pRw5", "created": ms("2025-03-01T10:00")}
            ),
            globalConfig={"sync": {"webDav": {"password": "hunter2", "userName": "me"}}},
            issueProvider=state({"id": "x", "token": "ghp_1"}),
            timeTracking={"project": {"kTn8pRw5": {"2025-03-03": {"s": 1, "e": 2}}}, "tag": {}},
        ),
    },
    {
        "lastLocalSyncModelChange": 1,
        "task": state(task("a", title="Zq209 Flat", plannedAt=ms("2025-08-01T22:30"), isDone=True)),
        "taskArchive": state(task("b", title="Zq210 Once", isDone=True, modified=ms("2025-05-01T10:00"))),
        "project": state(
            {"id": "kTn8pRw5", "title": "Zq211 Plot", "isArchived": True, "created": ms("2024-01-01T10:00")}
        ),
        "archivedProjects": {"p": "N4Ig"},
        "tag": state({"id": "t1", "title": "out"}),
    },
)  # fmt: skip

_SAID = [{"entry": "20250301T120000Z", "description": "Ask"}, {"entry": "20250302T120000Z", "description": "Asked"}]
TASKWARRIOR: tuple[Any, ...] = (
    [
        warrior(
            1, description="Zq300 Write", project="home.garden", tags=["next", "out"], priority="H", estimate="PT1H30M",
            status="completed", start="20250303T080000Z", end="20250304T153000Z", annotations=_SAID,
            totalactivetime="PT2H",
        ),
        warrior(2, description="Zq301 Wait", status="waiting", wait="20250801T000000Z", depends=[uuid(1), uuid(3)]),
        warrior(3, description="Zq302 Due", due="20250701T220000Z", scheduled="20250620T070000Z", project="home"),
        warrior(4, description="Zq303 Each", status="recurring", recur="weekly", mask="+-", due="20250310T090000Z"),
        warrior(5, description="Zq304 Child", parent=uuid(4), imask=0, recur="weekly", until="20260101T000000Z"),
        warrior(6, description="Zq305 Gone", status="deleted", end="20250305T090000Z", depends=f"{uuid(2)},{uuid(9)}"),
    ],
    [
        warrior(1, description="Zq306 Begun", start="20250614T080000Z", estimate=2.5, spent="90m", jiraid="X-1"),
        {"description": "Zq307 No uuid", "entry": "20250301T090000Z", "status": "pending"},
        {"description": "Zq308 No uuid", "entry": "20250301T090000Z", "status": "pending"},
        warrior(2, description="Zq309 Twice", modified="20250401T090000Z"),
        warrior(2, description="Zq310 Twice"),
    ],
)  # fmt: skip

TIMEWARRIOR: tuple[Any, ...] = (
    [
        tracked("20250303T080000Z", "20250303T093000Z", "Zq400 Write", "home.garden", "next", id=4),
        tracked("20250304T080000Z", "20250304T090000Z", "Zq400 Write", id=3, annotation="Zq401 on it"),
        tracked("20250305T080000Z", "20250305T083000Z", id=2),
        tracked("20250615T080000Z", None, "Zq402 Now", "Zq403 Also", id=1),
    ],
    [
        tracked("20250330T003000Z", "20250330T013000Z", "Zq404 Spring"),
        tracked("20251026T003000Z", "20251026T013000Z", "Zq405 Later"),
        tracked("20250310T080000Z", "20250312T090000Z", "Zq406 Long"),
        tracked("20250310T080000Z", "20250312T090000Z", "Zq406 Long"),
    ],
)

_TODOIST = "TYPE,CONTENT,DESCRIPTION,IS_COLLAPSED,PRIORITY,INDENT,AUTHOR,RESPONSIBLE,DATE,DATE_LANG,TIMEZONE,DURATION,"
_TODOIST += "DURATION_UNIT,DEADLINE,DEADLINE_LANG"
TODOIST_CSV: tuple[bytes, ...] = tuple(
    "\n".join([*lines, ""]).encode()
    for lines in (
        (
            _TODOIST,
            "meta,view_style=list,,,,,,,,,,,,,",
            ",,,,,,,,,,,,,,",
            "task,Zq500 [chapter 2](https://example.org/c2) @deep @Büro,With sources,,1,1,Ada,,2025-07-01,en,,90,"
            "minute,,",
            "task,Zq501 Draft,,,4,2,Ada (1),,every monday,en,,,,,",
            "task,Zq502 Figures,,,3,3,Ada (1),,tomorrow at 10:00,en,,,,,",
            "note,Zq503 Ask about it,,,,,Ada (1),,2025-06-08T07:02:05.000000Z,,,,,,",
            "task,Zq504 Tables,,,2,2,Ada (1),,,,,,,,",
            ",,,,,,,,,,,,,,",
            "section,Zq505 Later,,False,,,,,,,,,,,",
            "task,* Zq506 Reading,,,4,1,Ada (1),,jährlich,de,,,,,",
            "task,Zq507 Print,,,4,1,Ada (1),,2 Jan 2026 10:00,en,,1,day,2026-02-01,en",
            "section,Zq508 Empty,,False,,,,,,,,,,,",
        ),
        (
            "TYPE,CONTENT,PRIORITY,INDENT,AUTHOR,RESPONSIBLE,DUE_DATE,DUE_DATE_LANG",
            "note,Zq509 On the project,,,,,,",
            "task,Zq510 Call,1,1,,,1 May 2026,en",
            'note,"Zq511 Twice\nwith a line",,,,,,',
            "task,Zq512 Water,4,5,,,,",
            "task,Zq512 Water,4,1,,,,",
        ),
    )
)


def _item(id: str, content: str, **fields: Any) -> dict[str, Any]:
    """A task as Todoist's API tells it."""
    made = {"id": id, "user_id": "7", "project_id": "2", "content": content, "description": "", "priority": 1}
    made |= {"due": None, "deadline": None, "parent_id": None, "child_order": 1, "section_id": None, "labels": []}
    made |= {"checked": False, "is_deleted": False, "added_at": "2025-03-02T10:00:00.000000Z", "completed_at": None}
    return made | {"duration": None, "responsible_uid": None} | fields


TODOIST_JSON: tuple[Any, ...] = (
    {
        "full_sync": True,
        "sync_token": "not to be kept",
        "user": {"id": "7", "token": "not to be kept", "inbox_project_id": "1"},
        "projects": [
            {"id": "1", "name": "Zq600 Inbox", "inbox_project": True},
            {"id": "2", "name": "Zq601 Garden", "created_at": "2025-03-01T10:00:00Z", "parent_id": None},
            {
                "id": "3", "name": "Zq602 Old", "is_archived": True, "parent_id": "2",
                "archived_at": "2025-05-01T10:00:00Z",
            },
        ],
        "sections": [{"id": "5", "name": "Later", "project_id": "2"}],
        "labels": [{"id": 9, "name": "deep"}],
        "items": [
            _item(
                "11", "Zq603 Dig", due={"date": "2025-07-01"}, duration={"amount": 90, "unit": "minute"}, section_id="5"
            ),
            _item("12", "Zq604 Sow @out", parent_id="11", priority=4, labels=["deep", 9]),
            _item("13", "Zq605 Done", checked=True, completed_at="2025-03-05T10:00:00Z", project_id="1"),
            _item(
                "14", "Zq606 Often", due={"date": "2025-07-01T10:00:00Z", "is_recurring": True, "string": "every day"}
            ),
            _item("15", "Zq607 Bob's", responsible_uid="8", deadline={"date": "2025-09-01"}, is_deleted=True),
        ],
        "notes": [{"id": "21", "item_id": "11", "content": "Zq608 said", "posted_at": "2025-03-03T10:00:00Z"}],
        "project_notes": [
            {"id": "22", "project_id": "2", "content": "Zq609 of it", "posted_at": "2025-03-03T10:00:00Z"}
        ],
    },
    {
        "results": [
            {
                "id": "31", "project_id": "2", "content": "Zq610 Rest", "is_completed": False, "order": 1, "labels": [],
                "due": {"date": "2025-07-01", "datetime": "2025-07-01T10:00:00Z", "timezone": "Europe/Berlin"},
                "created_at": "2025-03-02T10:00:00Z", "parent_id": None, "priority": 2, "comment_count": 0,
            }
        ],
        "next_cursor": "abc",
    },
    {
        "items": [
            {
                "id": 41, "task_id": 31, "content": "Zq611 Once", "completed_at": "2025-03-05T10:00:00Z",
                "project_id": 2,
                "item_object": _item("31", "Zq612 Once"), "notes": [{"id": 1, "content": "Zq613 inner", "item_id": 31}],
            },
            {"id": 42, "task_id": 32, "content": "Zq614 Lean", "completed_at": "2025-03-06T10:00:00Z", "project_id": 2},
        ],
        "projects": {"2": {"id": 2, "name": "Zq615 By id"}},
        "sections": {},
    },
)  # fmt: skip

ORG: tuple[str, ...] = (
    """\
#+TITLE: Work
#+TODO: TODO(t) NEXT WAIT(w@/!) | DONE(d) KILL(k@)
#+FILETAGS: :office:

Some words before.
* Zq700 Thesis [1/3]                                              :phd:
Everything for it.
** DONE [#A] Zq701 chapter 2 of [[https://example.org/t][the thesis]]   :deep:
CLOSED: [2025-03-05 Wed 16:00] SCHEDULED: <2025-03-02 Sun>
:PROPERTIES:
:Effort:   5:00
:ID:       0a1b2c3d-0000-4000-8000-000000000001
:CREATED:  [2025-03-01 Sat 09:00]
:END:
:LOGBOOK:
- State "DONE"       from "NEXT"       [2025-03-05 Wed 16:00] \\\\
  Went better than feared.
- State "NEXT"       from "TODO"       [2025-03-02 Sun 08:00]
CLOCK: [2025-03-03 Mo 07:58]--[2025-03-03 Mo 09:28] =>  1:30
CLOCK: [2025-03-30 So 01:30]--[2025-03-30 So 03:30] =>  1:00
- Note taken on [2025-03-03 Mon 10:00] \\\\
  Ask about
  the figures.
:END:
  A line of text.
#+BEGIN_SRC org
* TODO not a heading
#+END_SRC
*** TODO Zq702 Figures
** NEXT Zq703 papers
DEADLINE: <2025-12-24 Wed +1w -3d>
:PROPERTIES:
:Effort: 1d
:END:
CLOCK: [2025-06-14 Sat 09:00]
** KILL Zq704 idea
CLOSED: [2025-03-06 Thu]
* Zq705 Meeting
CLOCK: [2025-03-03 Mon 13:00]--[2025-03-03 Mon 14:00] =>  1:00
* TODO Zq706 Alone
* 2025
** 2025-03 March
*** 2025-03-01 Saturday
**** WAIT Zq707 call back
""",
    """\
#    -*- mode: org -*-

Archived entries from file /home/ada/org/work.org

* DONE Zq708 Ask                                            :office:
CLOSED: [2025-04-01 Tue 10:00]
:PROPERTIES:
:ARCHIVE_TIME: 2025-04-02 Wed 09:00
:ARCHIVE_FILE: ~/org/work.org
:ARCHIVE_OLPATH: Zq709 Thesis
:ARCHIVE_CATEGORY: work
:ARCHIVE_TODO: DONE
:ARCHIVE_ITAGS: office phd
:END:
CLOCK: [2025-03-31 Mon 09:00]--[2025-03-31 Mon 10:15] =>  1:15
** TODO Zq710 Part
SCHEDULED: <2025-03-20 Thu ++1m>
* TODO Zq711 Habit
SCHEDULED: <2025-06-16 Mon .+2d/4d>
:PROPERTIES:
:STYLE: habit
:LAST_REPEAT: [2025-06-14 Sat 10:00]
:END:
- State "DONE"       from "TODO"       [2025-06-14 Sat 10:00]
- State "DONE"       from "TODO"       [2025-06-12 Thu 10:00]
""",
)


def _csv(*lines: str) -> bytes:
    return "\n".join([*lines, ""]).encode()


TASK_CSV: tuple[bytes, ...] = (
    _csv(
        "Id,Title,Project,Created,Started,Completed,Estimate (h),Hours,Status,Priority,Tags,Due,Notes",
        '1,"Zq800 a, b",Garden,2025-01-06,2025-01-07,2025-01-08,2,1.5,done,high,"x, y",2025-02-01,said',
        "2,Zq801 ü,Garden,2025-01-07,,,1:30,,open,3,,,",
        "3,Zq802 c,,06/02/2025,,,90m,,weird,,,2025-07-01,",
        "4,Zq803 d,Other,,,,,,cancelled,low,z,,",
    ),
    _csv(
        "id,created,started,completed,project,category,subcategory,priority,estimate_hours,actual_hours,developer,status,"
        "title,breakdown,n_developers,quality_flags,use_for_estimation",
        "1,2005-01-03,2005-01-04,2005-01-05,PC2,Development,Bug,1,7.0,8.5,58,FINISHED,Zq804 one,PBC42,1,,1",
        "2,2005-01-03,,,PC2,Development,Bug,10,1.0,,58,CHRONICLE,Zq805 two,PBC42,1,,1",
        "2,2005-01-03,2005-01-04,2005-01-06,PC3,Operational,Support,5,1.0,2,42,TEMPLATE,Zq806 three,,1,,1",
    ),
    _csv(
        "id,title,project,category,priority,tags,status,created,started,completed,due,estimate_hours,actual_hours,"
        "description",
        "0191,Zq807 own,Garden,,high,a b,done,2025-01-06T08:00:00+01:00,,2025-01-07T08:00:00+01:00,,1,2,text",
        "0192,'=Zq808 guarded,,,low,,open,2025-01-06T08:00:00+01:00,,,2025-07-01,,,",
    ),
    _csv("Name", "Zq809 only", "Zq810 names", "Zq810 names"),
)

_TOGGL = (
    "User,Email,Client,Project,Task,Description,Billable,Start date,Start time,End date,End time,Duration,Tags,Amount"
)
TIME_CSV: tuple[bytes, ...] = (
    _csv(
        _TOGGL,
        'Ada,ada@example.org,Uni,Thesis,,Zq900 Write,No,2025-03-03,08:00:00,2025-03-03,09:30:00,01:30:00,"deep, home",',
        "Ada,ada@example.org,Uni,Thesis,,zq900 write,No,2025-03-04,08:00:00,2025-03-04,09:00:00,01:00:00,,",
        "Ada,ada@example.org,Uni,Thesis,Zq901 Review,,No,2025-03-04,10:00:00,2025-03-04,10:30:00,00:30:00,,",
        "Ada,ada@example.org,,,,,No,2025-03-05,10:00:00,2025-03-05,10:30:00,00:30:00,,",
        "Bob,bob@example.org,,,,Zq902 Night,No,2025-03-29,23:30:00,2025-03-30,03:30:00,03:00:00,,",
        "Ada,ada@example.org,,,,Zq903 Running,No,2025-06-15,11:30:00,,,,,",
    ),
    _csv(
        "Project,Client,Description,Task,User,Email,Tags,Billable,Start Date,Start Time,End Date,End Time,Duration (h),"
        "Duration (decimal)",
        "P,Uni,Zq904 a,,Ada,a@example.org,x,Yes,03/13/2025,09:05:00 PM,03/13/2025,11:20:00 PM,02:15:00,2.25",
        ",,Zq905 b,,Ada,a@example.org,,No,03/02/2025,08:00:00 AM,03/02/2025,08:20:00 AM,00:20:00,0.33",
    ),
    _csv(
        "Was;Wofür;Von;Bis;Dauer",
        "Zq906 alt;P;03.03.2025 08:00;03.03.2025 09:30;",
        "Zq907 neu;P;03.06.2025 08:00;;60",
        "Zq908 um;;30.03.2025 02:30;30.03.2025 03:30;",
    ),
)
MAPPING: Mapping[str, Any] = {
    "name": "ours",
    "columns": {"title": "Was", "started": "Von", "ended": "Bis", "project": "Wofür", "actual": "Dauer"},
    "date_format": "%d.%m.%Y %H:%M",
    "unit": "min",
    "done_after_days": 30,
}


def profile(values: Mapping[str, str], *, old: bool, utf16: bool, packed: bool) -> bytes:
    """The bytes of a storage of Firefox with these values."""
    with closing(sqlite3.connect(":memory:")) as conn:
        fill(conn, "http://localhost:3000", dict(values), utf16=utf16, packed=packed, old=old)
        conn.commit()
        return conn.serialize()


STORED = {KEY: json.dumps(OLD_APP[0]), "sync-token": "secret", "theme": "dark"}

_ID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
_CLOCK = re.compile(r"\b1\d{15}\b")
_INSTANT = re.compile(r"\b1\d{9}\b")


def exported() -> tuple[Any, ...]:
    """What `orc export` writes of a workbench with all that an edit can leave in the log, and of a small one."""
    return _exported(_live), _exported(lambda wb: wb.done(wb.add_todo("Zq006 Small", estimated_hours=1.0).id))


def _live(wb: Workbench) -> None:
    thesis = wb.add_project("Zq001 Thesis")
    write = wb.add_todo("Zq002 Write", project_id=thesis.id, estimated_hours=2.0, tags=("deep",))
    part = wb.add_todo("Zq003 Part", parent_id=write.id)
    gone = wb.add_todo("Zq004 Gone")
    week = Week.parse("2025-W24")
    wb.commit(write.id, week)
    wb.set_goal(week, goal="Zq005 Draft", self_rating=4)
    wb.start(write.id)
    wb.stop()
    wb.done(write.id, actual_hours=3.0)
    wb.snooze(part.id, "2030-01-01")
    wb.delete(type(gone), gone.id)
    wb.set_capacity(week.monday, 0.5, "Holiday")


def _exported(live: Callable[[Workbench], object]) -> Any:
    with tempfile.TemporaryDirectory() as folder, Workbench.init(Path(folder) / "o.db", zone="Europe/Berlin") as wb:
        live(wb)
        out = io.StringIO()
        with closing(Snapshot.of(wb.db.file)) as snapshot:
            orc_json.write(snapshot, out, NOW)
    return json.loads(_same_each_time(out.getvalue()))


def _same_each_time(text: str) -> str:
    """Return an export of now as one of a day that is long gone: with the same ids, times and clocks each time."""
    ids, clocks = dict[str, str](), sorted(set(_CLOCK.findall(text)))
    for number, id in enumerate(dict.fromkeys(_ID.findall(text))):
        ids[id] = f"01a00000-0000-7000-8000-{number:012d}"
    text = _ID.sub(lambda found: ids[found[0]], text)
    text = _CLOCK.sub(lambda found: f"{NOW}{clocks.index(found[0]):06d}", text)
    long_ago = int(time.time()) - 86_400
    return _INSTANT.sub(lambda found: str(NOW) if int(found[0]) > long_ago else found[0], text)
