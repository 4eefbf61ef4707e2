"""Org-mode: the outline, its keywords, the clocks, the log, and how a heading is known again."""

from typing import Any

import pytest

from orc_lab.importers import run
from orc_lab.importers.org import outline as org_file
from orc_lab.importers.org import stamps as org_time
from orc_lab.importers.reading import recurring, work_time
from orc_lab.model.clock import Clock
from orc_lab.model.codec import columns
from orc_lab.model.entities import Activity, ImportRecord, Priority, Project, Session, Status, Todo
from orc_lab.workbench.bench import Workbench
from tests.importers.conftest import Bring
from tests.importers.files import NOW, accounted, at, everything, told
from tests.past import rows_as_of

THESIS = """\
#+TITLE: Work
#+TODO: TODO(t) NEXT WAIT(w@/!) | DONE(d) KILL(k@)
#+FILETAGS: :office:

Some words before.
* Thesis [1/3]                                              :phd:
Everything for it.
** DONE [#A] Write chapter 2 of [[https://example.org/t][the thesis]]   :deep:
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
*** TODO Figures
** NEXT Read papers
DEADLINE: <2025-12-24 Wed +1w -3d>
:PROPERTIES:
:Effort: 1d
:END:
CLOCK: [2025-06-14 Sat 09:00]
** KILL Old idea
CLOSED: [2025-03-06 Thu]
* Notes only
text
* Meeting
CLOCK: [2025-03-03 Mon 13:00]--[2025-03-03 Mon 14:00] =>  1:00
* TODO Alone
* 2025
** 2025-03 March
*** 2025-03-01 Saturday
**** WAIT call back
"""


def brought(bench: Workbench, bring: Bring, text: str, name: str = "x.org") -> dict[str, Todo]:
    bring(text.encode(), name=name)
    return {one.title: one for one in bench.find(Todo)}


def as_of(bench: Workbench, time: str) -> dict[str, dict[str, Any]]:
    rows = (dict(zip(columns(Todo), row, strict=True)) for row in rows_as_of(bench.db, Todo, at(time)))
    return {row["title"]: row for row in rows}


def test_a_file_with_its_past(bench: Workbench, bring: Bring) -> None:
    report = bring(THESIS.encode(), name="work.org")
    assert (report.format, report.source) == ("org", "org")
    assert report.imported == {"projects": 2, "todos": 7, "recurrences": 1, "sessions": 4, "activities": 2}
    assert accounted(report)
    found = {one.title: one for one in bench.find(Todo)}
    write = found["Write chapter 2 of the thesis"]
    assert (write.status, write.priority, write.tags) == (Status.DONE, Priority.HIGH, ("office", "phd", "deep"))
    assert (write.created_at, write.completed_at) == (at("2025-03-01T09:00"), at("2025-03-05T16:00"))
    assert (write.started_at, write.estimated_hours, write.original_estimate_hours) == (at("2025-03-03T07:58"), 5, 5)
    assert write.actual_hours == 2.5
    assert write.snoozed_until == "2025-03-02"
    assert write.description == (
        "A line of text.\n#+BEGIN_SRC org\n* TODO not a heading\n#+END_SRC\n\nhttps://example.org/t"
    )
    assert found["Figures"].parent_id == write.id
    papers = found["Read papers"]
    assert (papers.status, papers.due_date, papers.estimated_hours) == (Status.CONFIRMED, "2025-12-24", 8)
    assert (found["Old idea"].status, found["Old idea"].updated_at) == (Status.DROPPED, at("2025-03-06T17:00"))
    assert found["Meeting"].actual_hours == 1
    projects = {one.id: one.title for one in bench.find(Project)}
    assert {title: projects.get(one.project_id or "") for title, one in found.items()} == {
        "Write chapter 2 of the thesis": "Thesis",
        "Figures": "Thesis",
        "Read papers": "Thesis",
        "Old idea": "Thesis",
        "Meeting": "Work",
        "Alone": "Work",
        "call back": "Work",
    }
    (thesis,) = bench.find(Project, title="Thesis")
    assert (thesis.description, thesis.created_at) == ("Everything for it.", at("2025-03-01T09:00"))
    assert told(report.issues) == {
        "its effort is in days or longer: a day taken as 8 hours, a week as 40": 1,
        "a clock of it is still open: a session without an end, which counts no hours": 1,
        recurring.CAME: 1,
        "it has no date of creation: taken as now": 3,
        "it has no date of creation: taken as its first known date": 3,
        "it has clocks but no keyword: taken as a todo": 1,
    }
    assert report.notes[0] == "1 line in a block looks like a heading: taken as text of the heading above."


def test_what_was_known_then(bench: Workbench, bring: Bring) -> None:
    bring(THESIS.encode(), name="work.org")
    title = "Write chapter 2 of the thesis"
    assert title not in as_of(bench, "2025-03-01T08:59")
    assert as_of(bench, "2025-03-02T07:59")[title]["status"] == "refined"
    assert as_of(bench, "2025-03-02T08:00")[title]["status"] == "confirmed"
    assert as_of(bench, "2025-03-03T08:00")[title]["original_estimate_hours"] == 5
    assert as_of(bench, "2025-03-05T16:00")[title]["status"] == "done"


def test_notes_of_the_log(bench: Workbench, bring: Bring) -> None:
    bring(THESIS.encode(), name="work.org")
    notes = {one.occurred_at: one.new for one in bench.find(Activity) if one.kind == "note"}
    assert notes == {
        at("2025-03-03T10:00"): "Ask about\nthe figures.",
        at("2025-03-05T16:00"): "Went better than feared.",
    }


def test_again_brings_nothing_but_new_clocks(bench: Workbench, bring: Bring) -> None:
    bring(THESIS.encode(), name="work.org")
    before = everything(bench.db)
    again = bring(THESIS.replace("\n", "\r\n").encode(), name="/elsewhere/work.org")
    assert (again.new, again.there, again.changed) == (0, 8, 0)
    assert everything(bench.db) == before
    worked = THESIS.replace(
        "*** TODO Figures\n", "*** TODO Figures\nCLOCK: [2025-03-04 Tue 10:00]--[2025-03-04 Tue 11:00]\n"
    )
    later = bring(worked.encode(), name="work.org")
    assert (later.new, later.changed, later.imported) == (0, 1, {"sessions": 1})
    assert bench.find(Todo, title="Figures")[0].actual_hours == 1


ARCHIVED = """\
* DONE Figures
CLOSED: [2025-04-01 Tue 10:00]
:PROPERTIES:
:ARCHIVE_TIME: 2025-04-02 Wed 09:00
:ARCHIVE_FILE: ~/org/work.org
:ARCHIVE_OLPATH: Thesis
:ARCHIVE_CATEGORY: work
:ARCHIVE_TODO: DONE
:ARCHIVE_ITAGS: office phd
:END:
** DONE Colours
CLOSED: [2025-03-31 Mon 10:00]
* DONE Older
CLOSED: [2024-04-01 Mon 10:00]
:PROPERTIES:
:ARCHIVE_FILE: ~/org/work.org
:ARCHIVE_OLPATH: Thesis
:END:
"""


def test_an_archive_file_belongs_to_its_own(bench: Workbench, bring: Bring) -> None:
    bring(b"* Thesis\n** TODO Figures\n** TODO Other\n", name="work.org")
    report = bring(ARCHIVED.encode(), name="work.org_archive")
    assert (report.new, report.changed) == (2, 1)
    found = {one.title: one for one in bench.find(Todo)}
    assert (found["Figures"].status, found["Figures"].completed_at) == (Status.DONE, at("2025-04-01T10:00"))
    assert found["Colours"].parent_id == found["Figures"].id
    assert bench.count(Project) == 1
    assert {one.project_id for one in found.values()} == {bench.find(Project)[0].id}


def test_an_archive_file_alone(bench: Workbench, bring: Bring) -> None:
    bring(ARCHIVED.encode(), name="work.org_archive")
    assert [one.title for one in bench.find(Project)] == ["Thesis"]
    figures = bench.find(Todo, title="Figures")[0]
    assert (figures.tags, figures.category) == (("office", "phd"), "work")


@pytest.mark.parametrize(
    ("settings", "heading", "status", "title"),
    [
        ("", "TODO a", Status.MATCHED, "a"),
        ("", "NEXT a", Status.CONFIRMED, "a"),
        ("", "STARTED a", Status.COMMITTED, "a"),
        ("", "CANCELLED a", Status.DROPPED, "a"),
        ("", "DONE a", Status.DONE, "a"),
        ("#+SEQ_TODO: OFFEN ERLEDIGT", "ERLEDIGT a", Status.DONE, "a"),
        ("#+TODO: A B | C\n#+TODO: X(x!) | Y(y@/!) CANCELLED", "CANCELLED a", Status.DROPPED, "a"),
        ("#+TODO: A B | C\n#+TODO: X(x!) | Y(y@/!)", "X a", Status.MATCHED, "a"),
        ("#+todo: offen | fertig", "fertig a", Status.DONE, "a"),
        ("#+TODO: | GONE", "GONE a", Status.DONE, "a"),
    ],
)
def test_keywords(bench: Workbench, bring: Bring, settings: str, heading: str, status: Status, title: str) -> None:
    found = brought(bench, bring, f"{settings}\n* P\n** {heading}\nCLOSED: [2025-03-05 Wed 16:00]\n")
    assert found[title].status is status


def test_a_keyword_that_only_the_log_tells(bench: Workbench, bring: Bring) -> None:
    found = brought(bench, bring, '* P\n** LESEN Buch\n- State "LESEN"      from "TODO"       [2025-03-05 Wed 16:00]\n')
    assert set(found) == {"Buch"}


def test_words_that_are_none(bench: Workbench, bring: Bring) -> None:
    report = bring(
        b"#+TODO: TODO | DONE\n* NEXT a\n* COMMENT b\n** TODO c\n* TODO\n* TODO COMMENT d\n*bold*\n", name="x.org"
    )
    assert [one.title for one in bench.find(Todo)] == ["(untitled)"]
    assert told(report.left_out)["it is commented out"] == 3
    assert accounted(report)


REPEATED = """\
* P
** TODO Water
SCHEDULED: <2025-06-20 Fri .+1w>
:PROPERTIES:
:LAST_REPEAT: [2025-06-13 Fri 10:00]
:END:
- State "DONE"       from "TODO"       [2025-06-13 Fri 10:00]
- State "DONE"       from "TODO"       [2025-06-06 Fri 10:00]
** TODO Reopened
- State "TODO"       from "DONE"       [2025-06-13 Fri 10:00]
- State "DONE"       from "TODO"       [2025-06-06 Fri 10:00]
"""


def test_rounds_and_reopening(bench: Workbench, bring: Bring) -> None:
    report = bring(REPEATED.encode(), name="x.org")
    assert told(report.issues)["it repeats: the rounds that were done stand in the raw record only"] == 1
    then = as_of(bench, "2025-06-07T10:00")
    assert (then["Water"]["status"], then["Reopened"]["status"]) == ("matched", "done")
    found = {one.title: one for one in bench.find(Todo)}
    assert (found["Reopened"].status, found["Reopened"].completed_at) == (Status.MATCHED, None)
    assert found["Water"].snoozed_until == "2025-06-20"


@pytest.mark.parametrize(
    ("text", "hours", "guessed"),
    [
        ("5:00", 5, False),
        ("0:45", 0.75, False),
        ("1:30:36", 1.51, False),
        ("90", 1.5, False),
        ("2h 30min", 2.5, False),
        ("2h30min", 2.5, False),
        ("1d", 8, True),
        ("1d 3:30", 11.5, True),
        ("1w", 40, True),
        ("1.5h", 1.5, False),
        ("", None, False),
        ("soon", None, False),
        ("1x", None, False),
        ("-1", None, False),
        ("1:2:3:4", None, False),
        ("9" * 41, None, False),
    ],
)
def test_efforts(text: str, hours: float | None, guessed: bool) -> None:
    found = org_time.effort(text)
    assert (found and round(found.hours, 6)) == hours
    assert found is None or found.guessed == guessed


@pytest.mark.parametrize(
    ("text", "wall", "timed", "repeats"),
    [
        ("[2025-03-05 Wed 16:00]", "2025-03-05T16:00:00", True, False),
        ("<2025-03-05 mer. 9:05 ++1m>", "2025-03-05T09:05:00", True, True),
        ("<2025-03-05 .+1d/3d>", "2025-03-05T00:00:00", False, True),
        ("<2025-03-05 三 09:00-10:30 -3d>", "2025-03-05T09:00:00", True, False),
        ("[2025-03-05]", "2025-03-05T00:00:00", False, False),
    ],
)
def test_stamps(text: str, wall: str, timed: bool, repeats: bool) -> None:
    found = org_time.stamp(text)
    assert found is not None
    assert (found.wall.isoformat(), found.timed, found.repeats) == (wall, timed, repeats)


@pytest.mark.parametrize("text", ["", "[2025-02-30 Sun]", "[0001-01-01]", "2025-03-05", "[2025-03-05 Wed 10:75]"])
def test_no_stamps(text: str) -> None:
    assert org_time.stamp(text) is None


@pytest.mark.parametrize(
    ("clock", "hours"),
    [
        ("[2025-03-30 Sun 01:30]--[2025-03-30 Sun 03:30] =>  1:00", 1),  # 2 to 3 is skipped
        ("[2025-03-30 Sun 01:30]--[2025-03-30 Sun 03:30]", 1),
        ("[2024-10-27 Sun 01:30]--[2024-10-27 Sun 03:30] =>  3:00", 3),  # 2 to 3 comes twice
        ("[2024-10-27 Sun 02:10]--[2024-10-27 Sun 02:40] =>  0:30", 0.5),
        ("[2024-10-27 Sun 02:50]--[2024-10-27 Sun 02:20] =>  0:30", 0.5),  # over the change
        ("[2024-10-27 Sun 02:10]--[2024-10-27 Sun 02:40] =>  1:30", 1.5),
        ("[2025-03-05 Wed 23:30]--[2025-03-06 Thu 00:30] =>  1:00", 1),
        ("[2025-03-05 Wed 10:00]--[2025-03-05 Wed 11:00] =>  9:00", 1),  # the times count
    ],
)
def test_clocks_when_clocks_change(bench: Workbench, bring: Bring, clock: str, hours: float) -> None:
    found = brought(bench, bring, f"* TODO a\nCLOCK: {clock}\n")
    assert found["a"].actual_hours == hours


def test_an_instant_is_what_the_clock_says() -> None:
    clock = Clock(zone="Europe/Berlin")
    for day in ("2025-03-29", "2025-03-30", "2025-03-31", "2024-10-27", "2024-12-31"):
        for hour in range(24):
            wall = org_time.stamp(f"[{day} Mon {hour:02}:30]")
            assert wall is not None
            assert work_time.instant(wall.wall, clock) == clock.instant(wall.wall)


ODD = """\
* P
** TODO clocks
CLOCK: [2025-03-05 Wed 10:00]--[2025-03-05 Wed 09:00] => -1:00
CLOCK: [2025-13-05 Wed 10:00]--[2025-03-05 Wed 11:00] =>  1:00
CLOCK: [2035-03-05 Mon 10:00]--[2035-03-05 Mon 11:00] =>  1:00
CLOCK: [2025-03-05 Wed]
CLOCK: soon
CLOCK: [2025-03-05 Wed 10:00]--[2025-03-05 Wed 11:00] =>  1:00
CLOCK: [2025-03-05 Wed 10:00]--[2025-03-05 Wed 11:00] =>  1:00
** DONE no day
:PROPERTIES:
:Effort: lots
:CREATED: [2025-03-01 Sat]
:END:
** DONE too late
CLOSED: [2035-01-01 Mon 10:00]
:PROPERTIES:
:CREATED: [2034-01-01 Mon 10:00]
:END:
** TODO [#Z] dates
SCHEDULED: <2025-02-30 Sun> DEADLINE: <2025-99-01>
:PROPERTIES:
:ID: same
:END:
** TODO twin
:PROPERTIES:
:ID: same
:END:
** TODO twin
** TODO twin
:LOGBOOK:
"""


def test_odd_headings_block_nothing(bench: Workbench, bring: Bring) -> None:
    report = bring(ODD.encode(), name="x.org")
    assert accounted(report)
    assert report.imported == {"projects": 1, "todos": 7, "sessions": 2}
    found = {one.title: one for one in bench.find(Todo)}
    assert found["clocks"].actual_hours == 2
    assert found["no day"].completed_at == at("2025-03-01T17:00")
    assert (found["too late"].created_at, found["too late"].completed_at) == (NOW, NOW)
    issues = told(report.issues)
    for sentence, count in {
        "a clock of it ends before it begins: left out": 1,
        "a clock of it can't be read: left out": 2,
        "a clock of it lies in the future: left out": 1,
        "a line of its log can't be read: it stands in the raw record only": 1,
        "it is done, but nothing says since when: taken as its last known day": 1,
        "its effort is no duration: left empty": 1,
        "its DEADLINE is no date: left empty": 1,
        "its priority lies outside of the scale: taken as low": 1,
    }.items():
        assert issues[sentence] == count
    assert bring(ODD.encode(), name="x.org").new == 0


@pytest.mark.parametrize(
    ("setting", "letters", "expected"),
    [
        ("", "A B C", "high medium low"),
        ("#+PRIORITIES: A E C", "A B C E", "urgent high medium low"),
        ("#+PRIORITIES: 1 9 5", "1 5 9", "urgent medium low"),
        ("#+PRIORITIES: x", "A", "high"),
    ],
)
def test_priorities(bench: Workbench, bring: Bring, setting: str, letters: str, expected: str) -> None:
    headings = "\n".join(f"* TODO [#{letter}] t{letter}" for letter in letters.split())
    found = brought(bench, bring, f"{setting}\n{headings}\n")
    assert [found[f"t{letter}"].priority.value for letter in letters.split()] == expected.split()


@pytest.mark.parametrize(
    ("text", "headings", "in_blocks"),
    [
        ("* a\n#+begin_example\n* b\n#+end_example\n* c", 2, 1),
        ("* a\n#+begin_src\n* b\n* c", 3, 0),  # never closed
        ("* a\n#+begin_quote\n#+begin_src\n* b\n#+end_src\n#+end_quote\n* c", 2, 1),
        ("* a\n#+end_src\n* b", 2, 0),
        ("* a\n  * no\n*no\n**no*\n", 1, 0),
        ("", 0, 0),
    ],
)
def test_blocks(text: str, headings: int, in_blocks: int) -> None:
    found = org_file.outline(text)
    assert (len(found.starts), found.in_blocks) == (headings, in_blocks)


def test_tasks_below_what_is_no_project(bench: Workbench, bring: Bring) -> None:
    text = "* Inbox\n** TODO a\n* TODO b\n** Notes\n*** TODO c\n* Area\n** Part\n*** TODO d\n** TODO e\n"
    report = bring(text.encode(), name="x.org")
    found = {one.title: one for one in bench.find(Todo)}
    projects = {one.id: one.title for one in bench.find(Project)}
    assert {title: projects.get(one.project_id or "") for title, one in found.items()} == {
        "a": None, "b": None, "c": None, "d": "Part", "e": "Area",
    }  # fmt: skip
    assert found["c"].parent_id == found["b"].id
    assert sum(told(report.left_out).values()) == 2


def test_half_characters_are_kept_out_of_names(bench: Workbench, bring: Bring) -> None:
    half = b"\xed\xa0\x80"
    text = b"* P%s\n** TODO a%s :t%s:\n:PROPERTIES:\n:ID: i%s\n:END:\n- Note taken on [2025-03-03 %s 10:00] %s\n  n%s\n"
    report = bring(text.replace(b"%s", half), name="x.org")
    assert report.imported == {"projects": 1, "todos": 1, "activities": 1}


def test_sessions_are_not_this_devices(bench: Workbench, bring: Bring) -> None:
    bring(THESIS.encode(), name="work.org")
    assert {one.device_id for one in bench.find(Session)} == {"import"}
    own = bench.add_todo("mine")
    bench.start(own.id)  # the open clock of the file doesn't stand in its way


def test_the_raw_record_is_the_heading_as_it_stands(bench: Workbench, bring: Bring) -> None:
    bring(b"* TODO a\n  + an item\n:WEIRD:\nx\n:END:\n", name="x.org")
    assert any("an item" in one.raw and ":WEIRD:" in one.raw for one in bench.find(ImportRecord))


@pytest.mark.parametrize(
    ("text", "name", "format"),
    [
        (THESIS, "x", "org"),
        ("* a\n", "x.org", "org"),
        ("#+TITLE: x\n", "notes.org", "org"),
        ("* TODO a\n", "-", "org"),
        ("* one\n* two\n", "list.md", None),
        ("Title,Text\n* TODO a,b\n", "x.csv", "task-csv"),
    ],
)
def test_it_is_told_from_other_formats(text: str, name: str, format: str | None) -> None:
    sure = {one.NAME: one.identify(text, name) for one in run.FORMATS}
    best = max(sure, key=lambda one: sure[one])
    assert (best if sure[best] else None) == format
