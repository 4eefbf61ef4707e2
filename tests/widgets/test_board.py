"""The board follows: its own edits, others', several pages, stale ones, and what can't be done."""

import pytest

from orc_lab.errors import DatabaseLocked
from orc_lab.model.entities import Status, Todo
from orc_lab.widgets import board as boards
from orc_lab.workbench.bench import Workbench
from tests.widgets.conftest import Talk, Told, eventually
from tests.workbench.conftest import Now


def test_what_is_added_is_shown_where_it_stands(talk: Talk) -> None:
    for text in ("Buy milk", "Read +Thesis", "Write draft +Thesis 2h !high @fri #deep"):
        assert talk.ask("add", text=text)["kind"] == "done"
    assert [talk.titles(status) for status in ("dumped", "matched", "refined")] == [
        ["Buy milk"], ["Read"], ["Write draft"],
    ]  # fmt: skip
    made = talk.ask("add", text="Call")["made"]
    assert talk.state()["cards"][made] == {
        "id": made, "title": "Call", "description": "", "status": "dumped", "project": "", "priority": "medium",
        "tags": "", "hours": None, "due": None, "snooze": None, "spent": None,
    }  # fmt: skip


def test_a_patch_holds_what_is_different_only(talk: Talk) -> None:
    one, two = (talk.ask("add", text=text)["made"] for text in ("One", "Two"))
    talk.heard.clear()
    talk.board.refresh()
    assert talk.heard == []
    talk.wb.update(Todo, one, title="First")
    (patch,) = talk.heard
    assert (patch["kind"], list(patch["cards"]), patch["gone"], set(patch["set"])) == ("patch", [one], [], {"undo"})
    talk.wb.delete(Todo, two)
    assert talk.heard[-1]["gone"] == [two]


def test_an_edit_made_by_another_program_comes_by_itself(talk: Talk) -> None:
    with Workbench.open(talk.wb.db.path) as other:
        other.capture("From elsewhere")
    eventually(lambda: talk.titles("dumped") == ["From elsewhere"])


def test_a_page_that_shows_what_isnt_so_overwrites_nothing(talk: Talk) -> None:
    id = talk.ask("add", text="Draft")["made"]
    talk.wb.update(Todo, id, title="Theirs")
    before = talk.wb.head()
    answer = talk.change([id], was={"title": "Draft"}, title="Mine")
    assert (answer["kind"], talk.wb.get(Todo, id).title, talk.wb.head()) == ("stale", "Theirs", before)
    assert "title is now 'Theirs'" in answer["told"]
    assert [one["kind"] for one in talk.heard[-2:]] == ["state", "stale"]
    assert talk.titles("dumped") == ["Theirs"]


def test_another_field_changed_elsewhere_is_no_conflict(talk: Talk) -> None:
    id = talk.ask("add", text="Draft")["made"]
    talk.wb.update(Todo, id, title="Theirs")
    assert talk.change([id], was={"priority": "medium"}, priority="high")["kind"] == "done"
    todo = talk.wb.get(Todo, id)
    assert (todo.title, todo.priority) == ("Theirs", "high")


def test_what_was_shown_has_to_be_said(talk: Talk) -> None:
    id = talk.ask("add", text="Draft")["made"]
    assert talk.ask("change", cards={id: {}}, values={"title": "Mine"})["kind"] == "stale"
    assert talk.ask("change", cards={id: None}, values={"title": "Mine"})["kind"] == "stale"
    assert talk.wb.get(Todo, id).title == "Draft"


def test_pages_have_filters_of_their_own(talk: Talk) -> None:
    for text in ("Buy milk", "Buy bread +Home"):
        talk.ask("add", text=text)
    talk.ask("show", view="two", text="milk")
    talk.ask("add", text="Warm milk")
    assert talk.titles("dumped", view="two") == ["Warm milk", "Buy milk"]
    assert talk.titles("matched", view="two") == []
    assert talk.titles("matched") == ["Buy bread"]


def test_a_page_left_long_ago_is_let_go(talk: Talk) -> None:
    for number in range(boards.PAGES):
        talk.ask("show", view=f"later {number}")
    talk.heard.clear()
    talk.wb.capture("Something")
    assert len({one["view"] for one in talk.heard}) == boards.PAGES
    assert talk.view not in {one["view"] for one in talk.heard}


def test_a_page_that_says_good_bye_is_told_no_more(talk: Talk) -> None:
    talk.board.handle({"view": talk.view, "kind": "bye"})
    talk.heard.clear()
    talk.wb.capture("Something")
    assert talk.heard == []


def test_what_cannot_be_read_is_an_answer_too(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(*_: object, **__: object) -> None:
        raise DatabaseLocked("own.db", 5)

    monkeypatch.setattr(talk.wb, "find", locked)
    for kind in ("show", "typed"):
        answer = talk.ask(kind, text="Draft +Thesis")
        assert (answer["kind"], "own.db was locked" in answer["told"]) == ("refused", True)


def test_undo_and_redo_name_what_they_take_back(talk: Talk, now: Now) -> None:
    id = talk.ask("add", text="Draft")["made"]
    talk.change([id], status="confirmed")
    undo = talk.state()["undo"]
    assert undo["label"] == "move todo: Draft"
    assert talk.ask("undo", edit=undo["edit"])["told"] == "Undone: move todo"
    assert talk.titles("dumped") == ["Draft"]
    redo = talk.state()["redo"]
    assert redo["label"] == "move todo: Draft"
    assert talk.ask("redo", edit=redo["edit"])["kind"] == "done"
    assert talk.titles("confirmed") == ["Draft"]


def test_undo_of_what_isnt_the_last_any_more_takes_nothing_back(talk: Talk) -> None:
    talk.ask("add", text="One")
    edit = talk.state()["undo"]["edit"]
    talk.wb.capture("Two")
    assert talk.ask("undo", edit=edit)["kind"] == "stale"
    assert talk.wb.count(Todo) == 2
    assert talk.ask("redo", edit=edit)["kind"] == "stale"


def test_the_clock_of_work_is_shown(talk: Talk, now: Now) -> None:
    one, two = (talk.ask("add", text=text)["made"] for text in ("One", "Two"))
    talk.ask("start", id=one)
    assert talk.state()["running"] == {"id": one, "title": "One", "since": now.at, "began": "2026-11-16T09:00"}
    now.passes(minutes=90)
    assert talk.ask("start", id=two)["kind"] == "done"
    assert (talk.state()["running"]["id"], talk.state()["cards"][one]["spent"]) == (two, 1.5)
    now.passes(minutes=5)
    assert talk.ask("stop")["told"] == "Stopped after 0 h 5 min: Two"
    assert talk.state()["running"] is None
    assert talk.ask("stop")["kind"] == "refused"


def test_a_clock_that_ran_too_long_is_asked_about(talk: Talk, now: Now) -> None:
    id = talk.ask("add", text="One")["made"]
    talk.ask("start", id=id)
    now.passes(hours=9)
    for kind in ("stop", "start"):
        answer = talk.ask(kind, id=id)
        assert (answer["kind"], answer["ended"]) == ("refused", "unknown")
        assert "run for 9.0 h" in answer["told"]
    assert talk.ask("stop", at="soon")["kind"] == "refused"
    assert talk.ask("stop", at="2026-11-16T23:00")["kind"] == "refused"
    assert talk.state()["running"] is not None
    assert talk.ask("stop", at="2026-11-16T10:30")["told"] == "Stopped after 1 h 30 min: One"
    assert talk.state()["cards"][id]["spent"] == 1.5


def test_what_is_committed_is_summed_beside_what_a_week_holds(talk: Talk) -> None:
    for text in ("A +P 2h", "B +P 1.5h", "C"):
        talk.wb.commit(talk.wb.capture(text).id)
    assert talk.state()["week"] == {"name": "2026-W47", "holds": 30.0, "hours": 3.5, "without": 1}


def test_nothing_can_be_edited_where_that_is_refused(wb: Workbench) -> None:
    talk = Talk(wb, refusal="Only to look at.")
    assert talk.show()["refusal"] == "Only to look at."
    for kind in ("add", "change", "undo", "redo", "start", "stop"):
        answer = talk.ask(kind, text="x")
        assert (answer["kind"], answer["told"]) == ("refused", "Only to look at.")
    assert wb.count(Todo) == 0
    talk.board.close()


def test_no_message_breaks_it(talk: Talk) -> None:
    odd: list[Told] = [
        {}, {"kind": None}, {"kind": "explode"}, {"kind": "change"}, {"kind": "change", "cards": [], "values": 3},
        {"kind": "change", "cards": {"none": {}}, "values": {"title": "x"}}, {"kind": "start", "id": ["a"]},
        {"kind": "change", "cards": {"none": {}}, "values": {"id": "x"}}, {"kind": "undo", "edit": "1"},
        {"kind": "show", "limits": [], "text": 7}, {"kind": "show", "limits": {"done": "many", "dumped": -1}},
        {"kind": "add"}, {"kind": "add", "text": "+Only_project"}, {"kind": "typed", "text": None},
    ]  # fmt: skip
    for message in odd:
        talk.board.handle({"view": "one", **message})
    assert (talk.wb.count(Todo), talk.titles("dumped")) == (0, [])
    assert talk.show()["columns"][0]["status"] == "dumped"


def test_many_at_once_are_one_edit(talk: Talk) -> None:
    ids = [talk.ask("add", text=f"Todo {number}")["made"] for number in range(3)]
    assert talk.change(ids, status="committed")["told"] == "Moved to committed: 3 todos"
    assert len(talk.titles("committed")) == 3
    talk.ask("undo", edit=talk.state()["undo"]["edit"])
    assert len(talk.titles("dumped")) == 3
    talk.wb.update(Todo, ids[1], priority="low")
    shown = {id: {"priority": "medium"} for id in ids}
    assert talk.ask("change", cards=shown, values={"priority": "high"})["kind"] == "stale"
    assert {str(todo.priority) for todo in talk.wb.find(Todo)} == {"low", "medium"}


def test_a_column_comes_in_pages(talk: Talk) -> None:
    with talk.wb.edit("many"):
        for number in range(120):
            talk.wb.add_todo(f"Todo {number}", status=Status.CONFIRMED)
    column = next(one for one in talk.state()["columns"] if one["status"] == "confirmed")
    assert (column["count"], len(column["ids"])) == (120, 50)
    talk.show(limits={"confirmed": 100})
    assert len(talk.titles("confirmed")) == 100
    talk.show(limits={"confirmed": 10**9})
    assert len(talk.titles("confirmed")) == 120
