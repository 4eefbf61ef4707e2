"""What a device makes of one record: the same, whatever the order and grouping in which its cells arrive."""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from orc_lab.sync import cells
from orc_lab.sync.cells import LIFE, Cell, Dot
from orc_lab.sync.merge import Arrived, Fields, Local, Outcome, Rival, Rivals, merge
from tests.sync.made_up import WRITES, Life, lived

MANY = settings(derandomize=True, max_examples=80)
BORN = Arrived(Cell(Dot(1, "zzz")), {"created_at": 5})


def value_of(cell: Cell) -> Fields:
    """Few different values, so that some are equal."""
    return {"title": f"value {int(str(cell.body)) % 4}"}


def arrived(some: Sequence[Cell]) -> list[Arrived]:
    return [Arrived(cell, value_of(cell)) for cell in some]


def after(local: Local, outcome: Outcome) -> Local:
    """What the device knows once it has done what has to be done."""
    rivals: dict[str, dict[Dot, Rival]] = {group: dict(some) for group, some in local.rivals.items()}
    for group, some in outcome.rivals.items():
        rivals[group] = dict(some)
    values = {**local.values, **{group: value for group, (_, value) in outcome.values.items()}}
    return replace(local, shadow=outcome.shadow, there=outcome.alive, values=values, rivals=rivals)


def told(rivals: Rivals) -> dict[Dot, tuple[Fields, bool]]:
    return {dot: (one.value, one.open) for dot, one in rivals.get("title", {}).items()}


@MANY
@given(st.data(), WRITES.map(lived))
def test_any_order_and_grouping_of_arrivals_gives_the_same(data: st.DataObject, life: Life) -> None:
    at_once = merge(Local(), {LIFE: [BORN], "title": arrived(life.cells)})
    device = after(Local(), merge(Local(), {LIFE: [BORN]}))
    left = list(data.draw(st.permutations(life.cells)))
    while left:
        count = data.draw(st.integers(1, len(left)))
        outcome = merge(device, {"title": arrived(left[:count])})
        device, left = after(device, outcome), left[count:]
        if data.draw(st.booleans()):
            left += data.draw(st.lists(st.sampled_from(life.cells), max_size=2))
    expected = after(Local(), at_once)
    assert device.shadow == expected.shadow
    assert device.values["title"] == expected.values["title"]
    assert told(device.rivals) == told(expected.rivals)


@MANY
@given(WRITES.map(lived))
def test_every_value_is_live_or_kept_or_was_seen_by_who_replaced_it(life: Life) -> None:
    outcome = merge(Local(), {LIFE: [BORN], "title": arrived(life.cells)})
    winner, value = outcome.values["title"]
    rivals = outcome.rivals["title"]
    assert value == value_of(winner)
    for cell in life.cells:
        if cell.dot in rivals:
            assert rivals[cell.dot].value == value_of(cell)
        elif cell.dot != winner.dot:
            assert any(cells.covers(other, cell.dot) for other in life.cells)


@MANY
@given(WRITES.map(lived))
def test_what_is_open_differs_and_a_person_wrote_it(life: Life) -> None:
    outcome = merge(Local(), {LIFE: [BORN], "title": arrived(life.cells)})
    for rival in outcome.rivals["title"].values():
        differs = rival.value != outcome.values["title"][1]
        assert rival.open == (differs and not rival.cell.auto)


def met(clock: int) -> tuple[Outcome, Cell, Cell]:
    """What comes of a title written here at a clock when another arrives that was written at 7; theirs and mine."""
    base = Cell(Dot(1, "b"))
    pending = cells.written(Dot(clock, "a"), [base])
    local = Local(
        shadow={LIFE: [BORN.cell], "title": [base]},
        pending={"title": pending},
        there=True,
        values={LIFE: BORN.value, "title": {"title": "mine"}},
    )
    theirs = cells.written(Dot(7, "b"), [base])
    return merge(local, {"title": [Arrived(theirs, {"title": "theirs"})]}), theirs, pending


def test_what_was_written_here_and_loses_is_kept_to_be_sent() -> None:
    outcome, theirs, mine = met(5)
    assert outcome.values == {"title": (theirs, {"title": "theirs"})}
    assert outcome.rivals["title"] == {mine.dot: Rival(mine, {"title": "mine"}, open=True, sent=False)}


def test_what_loses_against_what_was_written_here_changes_no_row() -> None:
    outcome, theirs, _ = met(9)
    assert outcome.values == {}
    assert outcome.rivals["title"] == {theirs.dot: Rival(theirs, {"title": "theirs"}, open=True, sent=True)}


def test_conflicts_of_a_deleted_record_wait_and_are_open_again_where_it_comes_back() -> None:
    title = [Cell(Dot(3, "a"), body=1), Cell(Dot(4, "b"), body=2)]
    both = after(Local(), merge(Local(), {LIFE: [BORN], "title": arrived(title)}))
    assert [one.open for one in both.rivals["title"].values()] == [True]
    covers = {"title": {"a": 3, "b": 4}}
    deletion = Arrived(cells.written(Dot(9, "c"), [BORN.cell], covers=covers), BORN.value)
    gone = after(both, merge(both, {LIFE: [deletion]}))
    assert not gone.there
    settled = {"title": {dot: one._replace(open=False) for dot, one in gone.rivals["title"].items()}}
    notes = Arrived(Cell(Dot(8, "d")), {"description": "needed"})
    back = merge(replace(gone, rivals=settled), {"notes": [notes]})
    assert back.alive
    assert [one.open for one in back.rivals["title"].values()] == [True]
    assert [one.cell for one in back.rivals[LIFE].values()] == [deletion.cell]
