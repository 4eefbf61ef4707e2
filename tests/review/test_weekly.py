"""The review as a pure function: what it says of a usual week and of all the unusual ones."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

import pytest

from orc_lab.agents.health.risks import Severity
from orc_lab.agents.health.rules import Health, Label
from orc_lab.agents.health.snapshot import ProjectSnapshot
from orc_lab.mirror.metrics import carry_over
from orc_lab.review.blocks import Plot, Review
from orc_lab.review.facts import facts
from orc_lab.review.first import answers
from orc_lab.review.view import plain
from orc_lab.review.weekly import SECTIONS, weekly_review
from tests.review.made_up import MONDAY, WEEK, Row, day, frames, history, project, promise, todo
from tests.review.shown import NUMBER, html_of, numbers_known, text_of, words

Life = tuple[list[Row], list[Row], list[Row]]


def reviewed(
    todos: list[Row], promises: list[Row] | None = None, projects: list[Row] | None = None, **at: Any
) -> Review:
    return weekly_review(frames(todos, promises or (), projects or (), **at), week=WEEK)


def said(review: Review, key: str) -> str:
    """An answer of the first screen, spaces as on a keyboard."""
    (answer,) = (each for each in review.answers if each.key == key)
    items = answer.items.items if answer.items else ()
    below = [part for item in items for part in (item.text, *item.details)]
    return " ".join(" ".join(map(str, (answer.lead, *answer.more, *below))).split())


def section(review: Review, key: str) -> Any:
    document: Any = plain(review)
    return document["sections"][key]


def sentences(review: Review, key: str) -> str:
    return " ".join(" ".join(each["text"] for each in section(review, key)["sentences"]).split())


def full() -> Life:
    """A life with everything in it: a plan that holds in part, a late project, old work, something to do."""
    past = history(20)
    done = [
        todo(n, title=f"Chapter {n}", started=day(0), completed=day(0, n), estimate_hours=2.0, actual_hours=3.0)
        for n in range(1, 5)
    ]
    house = [
        todo(10, title="Paint the hall", project_id="p2", project="House", completed=day(0, 2), actual_hours=1.5),
        todo(11, title="Sell the sofa", project_id="p2", project="House", due=day(0, 5, 0), estimate_hours=1.0),
    ]
    waiting = [
        todo(20, title="Write the end", estimate_hours=6.0, started=day(-15), created=day(-16), priority="high"),
        todo(21, title="Check the figures", estimate_hours=30.0, created=day(-2), priority="low"),
        todo(22, title="Ask the library"),
        todo(23, title="Tidy the notes", due=day(-9, 0, 0), estimate_hours=1.0, created=day(-20)),
    ]
    promises = [
        *(promise(each, outcome="done", resolved=each["completed"]) for each in done[:3]),
        promise(waiting[0], carried=3),
        promise(house[0], planned=False, outcome="done", resolved=day(0, 2)),
        *(promise(each, WEEK - 1, outcome="done") for each in past[-2:]),
        *(promise(waiting[0], WEEK - n) for n in (1, 2, 3)),
        promise(waiting[1], WEEK + 1),
    ]
    return [*past, *done, *house, *waiting], promises, [project(due=day(1, 2, 0)), project("p2", "House")]


def nothing() -> Life:
    return [], [], []


def first_week() -> Life:
    return (
        [todo(1, created=day(), completed=day(0, 1), estimate_hours=1.0, actual_hours=1.5), todo(2, created=day())],
        [],
        [],
    )


def one_todo() -> Life:
    return [todo(1, project_id=None, project=None)], [], []


def idle_week() -> Life:
    return history(12), [], []


def without_hours() -> Life:
    return [*history(12, hours=None), todo(1, completed=day(0, 1)), todo(2)], [], []


def long_ago() -> Life:
    todos = [each | {"created": each["created"] - timedelta(weeks=40), "completed": None} for each in history(4)]
    return [each | {"status": "confirmed", "started": None} for each in todos], [], []


LIVES: list[Callable[[], Life]] = [full, nothing, first_week, one_todo, idle_week, without_hours, long_ago]


@cache
def review_of(life: Callable[[], Life]) -> Review:
    return reviewed(*life())


@pytest.fixture
def usual() -> Review:
    return review_of(full)


@pytest.fixture(params=LIVES, ids=lambda life: life.__name__)
def any_review(request: pytest.FixtureRequest) -> Review:
    return review_of(request.param)


def test_what_got_done(usual: Review) -> None:
    assert said(usual, "done").startswith("5 todos done this week, 13.5 h of work. 4 in Thesis, 1 in House. ")
    assert "more than usual: a usual week brings 3 todos" in said(usual, "done")


def test_whether_the_plan_held(usual: Review) -> None:
    plan = said(usual, "plan")
    assert plan.startswith("3 of 4 planned todos are done: 75%. 1 carried over, 0 dropped. ")
    assert "2 todos were done beside the plan (4.5 h)." in plan
    assert "usually hold 0% (median of 3 planned weeks before)" in plan


def test_what_is_at_risk(usual: Review) -> None:
    risk = said(usual, "risk")
    assert risk.startswith("2 of 2 active projects need a look. Thesis: P(done by 2026-05-20) is <1%")
    assert "→ Cut the scope: at the pace so far no date within a year is safe." in risk
    assert "House: In four weeks 2 todos came in and 1 went out" in risk


def test_what_to_do_on_monday(usual: Review) -> None:
    monday = said(usual, "monday")
    assert monday.startswith("3 todos wait for next week; the chance that they fit is ")
    assert "Leave out “Check the figures” and “Write the end”: then it is " in monday
    assert "Sell the sofa was due on Sat 16 May 2026" in monday
    steps = section(usual, "next")["tables"]["steps"]["rows"]
    assert [(step["title"], step["why"], step["advice"]) for step in steps] == [
        ("Check the figures", "promised for next week", "leave out"),
        ("Sell the sofa", "was due on Sat 16 May 2026", "take up"),
        ("Write the end", "promised for 4 weeks by now: decide again, or shrink it", "leave out"),
    ]
    assert "1 todo is overdue by more than 4 weeks" in sentences(usual, "next")


def test_what_is_carried_over_says_for_how_long(usual: Review) -> None:
    (row,) = section(usual, "carried")["tables"]["open"]["rows"]
    assert (row["title"], row["carried"], row["estimate_hours"]) == ("Write the end", 3, 6.0)


def test_done_adds_up(usual: Review) -> None:
    table = section(usual, "done")["tables"]["projects"]
    assert [(row["project"], row["todos"], row["actual_hours"]) for row in table["rows"]] == [
        ("Thesis", 4, 12.0), ("House", 1, 1.5)
    ]  # fmt: skip
    assert (table["total"]["todos"], table["total"]["actual_hours"]) == (5, 13.5)
    assert [each["title"] for each in section(usual, "done")["data"]["todos"]][-1] == "Chapter 4"


def test_what_was_promised_later_is_not_judged_now(usual: Review) -> None:
    weeks = {row["week"] for row in section(usual, "carried")["figures"]["carry_over"]["data"]["commitments"]}
    assert max(weeks) == str(WEEK)


@pytest.mark.parametrize(("at", "running"), [(MONDAY + timedelta(weeks=1), None), (day(0, 4), str(WEEK))])
def test_carry_over_counts_all_that_was_committed(at: datetime, running: str | None) -> None:
    todos = [todo(n, estimate_hours=2.0) for n in range(4)]
    before = [promise(todos[n], WEEK - 1, outcome=outcome) for n, outcome in ((0, "done"), (1, "open"))]
    now = [promise(todos[2], outcome="done"), promise(todos[3], planned=False)]
    known = frames([*history(4), *todos], [*before, *now], at=at)
    found = section(weekly_review(known, week=WEEK), "carried")["figures"]["carry_over"]
    rows = [row for row in found["data"]["commitments"] if row["week"] == str(WEEK)]
    counted = carry_over(known.commitments, WEEK)
    assert (len(rows), sum(row["outcome"] == "open" for row in rows)) == (counted.committed, len(counted.items))
    assert found["data"]["running"] == running
    assert found["title"].startswith(f"{WEEK - 1 if running else WEEK}: 1 of 2 committed todos stayed open")


def test_what_was_only_committed_later_and_done_is_not_carried() -> None:
    (one,) = todos = [todo(1, completed=day(0, 2), actual_hours=1.0)]
    review = reviewed(todos, [promise(one, planned=False, outcome="done")])
    assert sentences(review, "carried") == "Nothing that was promised is open."


def test_every_number_that_is_read_is_in_the_json(any_review: Review) -> None:
    known = numbers_known(plain(any_review))
    shown = NUMBER.findall(text_of(any_review))
    assert shown
    assert [number for number in shown if number not in known] == []


def test_no_week_says_nonsense(any_review: Review) -> None:
    text = text_of(any_review)
    assert not re.search(r"\b(nan|NaN|NaT|None|null|inf|<NA>)\b", text)
    assert "of 0" not in text
    assert "Nothing to show yet" not in text, "an empty figure"
    assert [each.key for each in any_review.sections] == list(SECTIONS)
    assert all(each.blocks for each in any_review.sections)


@pytest.mark.parametrize("life", [full, nothing])
def test_the_same_life_gives_the_same_review(life: Callable[[], Life]) -> None:
    assert json.dumps(plain(reviewed(*life()))) == json.dumps(plain(review_of(life)))


def test_the_first_week_has_nothing_to_compare_with() -> None:
    review = review_of(first_week)
    assert (
        said(review, "done")
        == "1 todo done this week, 1.5 h of work. 1 in Thesis. There is no earlier week to compare with yet."
    )
    assert said(review, "plan").startswith("No week has been planned here yet")
    assert "orc commit ID --week 2026-W21" in said(review, "plan")
    assert "insufficient data" in text_of(review)


def test_a_week_long_over_gets_no_command() -> None:
    known = frames(*first_week())
    text = text_of(weekly_review(known, week=WEEK, past=True))
    assert "No week has been planned here yet" in text
    assert "orc commit" not in text


def test_a_week_before_the_data_says_when_they_begin() -> None:
    review = weekly_review(frames(*nothing()), week=WEEK, past=True, begins=date(2027, 3, 1))
    assert said(review, "done").startswith("Nothing is known of this week: the data begin on Mon 1 Mar 2027.")
    assert "orc add" not in text_of(review)


def test_an_idle_present_says_so_instead_of_zeros() -> None:
    past = history(20)
    lately = [each for each in past if each["completed"] < day(-9)]
    review = weekly_review(frames([*lately, todo(1)]), week=WEEK)
    assert "Nothing was done for 9 weeks before this one; the last todo was done on " in said(review, "done")
    assert sentences(review, "throughput").startswith("Nothing was done for 10 weeks; the last todo was done on ")
    assert " 0 to 0" not in text_of(review)
    assert "between 0 and 0" not in text_of(review)


def test_a_project_on_track_is_worth_a_glance_at_most() -> None:
    seen = facts(frames(*full()), WEEK)
    (late, poor), *_ = seen.projects
    calm = replace(poor, label=Label.ON_TRACK, risks=tuple(replace(each, severity=Severity.LOW) for each in poor.risks))

    def lead(*pairs: tuple[ProjectSnapshot, Health]) -> str:
        return str(answers(replace(seen, projects=pairs))[2].lead)

    assert lead((late, poor)) == "The one active project needs a look."
    assert lead((late, poor), (late, calm)) == "1 of 2 active projects needs a look; 1 more is worth a glance."
    assert lead(*[(late, poor)] * 3, (late, calm)) == "3 of 4 active projects need a look."
    assert lead((late, calm), (late, calm)) == "Nothing presses in 2 active projects, 2 are worth a glance."


def test_a_week_before_any_data_names_the_next_step() -> None:
    review = review_of(nothing)
    assert said(review, "done").startswith("Nothing was finished this week.")
    assert said(review, "risk") == "No project is active, so none is at risk."
    assert said(review, "monday") == "Nothing is open. Write down what comes next: orc add TEXT."
    assert not [block for each in review.sections for block in each.blocks if isinstance(block, Plot)]


def test_a_week_in_which_nothing_was_done_is_less_than_usual() -> None:
    review = review_of(idle_week)
    assert said(review, "done").startswith(
        "Nothing was finished this week. That is less than usual: a usual week brings 3 todos"
    )
    assert sentences(review, "done") == "Nothing was finished this week."
    assert said(review, "monday").startswith("Nothing is open.")


def test_hours_that_nobody_noted_are_not_zero_hours() -> None:
    review = review_of(without_hours)
    assert said(review, "done").startswith("1 todo done this week; their hours weren't noted.")
    assert section(review, "done")["tables"]["projects"]["rows"][0]["actual_hours"] is None
    assert "No todo with an estimate and hours was finished in 12 weeks" in sentences(review, "estimates")
    assert "Whether that fits can be said once the hours of finished work are known." in said(review, "monday")


def test_a_week_without_a_plan_among_planned_ones() -> None:
    todos = [*history(4), todo(1)]
    review = reviewed(todos, [promise(todos[0], WEEK - 2, outcome="done")])
    assert said(review, "plan").startswith("This week had no plan to hold.")
    assert plain(review)["numbers"]["rate"]["value"] is None  # type: ignore[index]


def test_projects_without_a_sign_of_life_are_named_and_not_judged() -> None:
    review = review_of(long_ago)
    assert said(review, "risk") == "No active project has shown a sign of life lately, so none is at risk."
    assert sentences(review, "health").startswith("Nothing has happened for 12 weeks or longer in 1 active project")


def test_a_running_week_is_reviewed_so_far() -> None:
    todos, promises, projects = full()
    now = MONDAY + timedelta(days=3, hours=9, minutes=30)
    known = [each for each in todos if not (each["completed"] and each["completed"] > now)]
    review = reviewed(known, promises, projects, at=now)
    assert review.so_far
    assert "so far, as of Thu 14 May 2026 09:30" in text_of(review)
    assert said(review, "done").startswith("3 todos done so far, 7.5 h of work.")
    assert "The week isn't over: a usual week brings" in said(review, "done")
    assert "1 still open, 0 dropped." in said(review, "plan")
    assert section(review, "throughput")["tables"]["forecast"]["rows"][0]["week"] == str(WEEK)


def test_the_forecast_of_a_finished_week_begins_after_it(usual: Review) -> None:
    weeks = [row["week"] for row in section(usual, "throughput")["tables"]["forecast"]["rows"]]
    assert weeks == ["2026-W21", "2026-W22", "2026-W23", "2026-W24"]
    assert "The next 4 weeks bring" in sentences(usual, "throughput")
    assert re.search(r"80% bands held \d+% of \d+ times", sentences(usual, "throughput"))


def test_a_sample_and_a_reconstructed_past_say_so() -> None:
    seen = frames(full()[0], imported_until=1_800_000_000)
    text = text_of(weekly_review(seen, week=WEEK, sample=True))
    assert "Sample data" in text
    assert "reconstructed" in text
    assert "what happened before Fri 15 Jan 2027 was imported rather than recorded" in text
    own = text_of(review_of(full))
    assert "Sample" not in own
    assert "reconstructed" not in own.lower()


def test_titles_are_text_and_nothing_else() -> None:
    todos, promises, projects = full()
    nasty = "<script>alert(1)</script><img src=x onerror=alert(2)> {done} {0} &amp; *b*"
    todos = [each | {"title": nasty, "project": nasty} for each in todos]
    promises = [each | {"title": nasty, "project": nasty} for each in promises]
    html = html_of(reviewed(todos, promises, [each | {"title": nasty} for each in projects]))
    read = words(html)
    assert "img" not in read.tags
    assert html.count("<script") == html.count('<script type="application/json">')
    assert nasty in " ".join(read.words)


def test_an_estimate_check_says_what_held(usual: Review) -> None:
    text = sentences(usual, "estimates")
    assert re.search(r"\d+ estimated todos finished in 12 weeks took \d\.\d\d × their estimate at the median", text)
    assert re.search(r"80% bands held \d+% of \d+ times \(95% interval \d+% to \d+%\)", text)
