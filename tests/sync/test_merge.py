"""What a device makes of one record: the same, whatever the order and grouping in which its cells arrive."""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from orc_lab.sync import cells
from orc_lab.sync.cells import LIFE, Cell, Dot
from orc_lab.sync.groups import EFFECTIVE
from orc_lab.sync.merge import Arrived, Fields, Local, Outcome, Rival, Rivals, join, merge, split
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


# What travels as one

AT = st.none() | st.integers(0, 9)


@MANY
@given(
    st.dictionaries(st.sampled_from(["title", "notes", "status", "labels"]), st.tuples(st.text(), AT), max_size=4),
    AT,
    st.sets(st.sampled_from(["title", "notes"])),
)
def test_what_is_joined_and_split_is_what_it_was(
    groups: dict[str, tuple[str, int | None]], at: int | None, later: set[str]
) -> None:
    """Written with the beginning or later, in effect since then or not."""

    def one(group: str, value: Fields, since: int | None) -> list[Arrived]:
        dot = Dot(2 if group in later else 1, "a")
        return [Arrived(Cell(dot), value if since is None else {**value, EFFECTIVE: since})]

    told = {LIFE: one(LIFE, {"created_at": 1}, at)}
    told |= {group: one(group, {group: text}, since) for group, (text, since) in groups.items()}
    sent = join(told)
    alike = {group for group in told if told[group][0].cell == told[LIFE][0].cell}
    alike = {group for group in alike if told[group][0].value.get(EFFECTIVE) == at}
    assert len(sent) == len(told) - len(alike) + 1
    assert split(sent) == told


def test_a_deletion_and_a_conflict_arent_joined() -> None:
    gone = {LIFE: [Arrived(Cell(Dot(1, "a"), covers={}), {})], "title": [Arrived(Cell(Dot(1, "a")), {"title": "t"})]}
    assert join(gone) == gone
    two = Arrived(Cell(Dot(1, "a")), {}), Arrived(Cell(Dot(1, "b")), {})
    assert join({LIFE: [two[0]], "title": two}) == {LIFE: [two[0]], "title": two}


def test_a_long_text_travels_by_itself() -> None:
    """All of a record's groups together might be more than one value may have."""
    cell = Cell(Dot(1, "a"))
    told = {LIFE: [Arrived(cell, {})], "title": [Arrived(cell, {"title": "t"})]}
    long = {"notes": [Arrived(cell, {"description": "x" * 100_000})]}
    assert join({**told, **long}) == {**join(told), **long}


def test_two_beginnings_of_one_record_are_two_values_of_each_group() -> None:
    """Two devices imported the same file; in between its title was changed."""
    one, other = Cell(Dot(5, "a")), Cell(Dot(7, "b"))
    first = {"life+title": [Arrived(one, {LIFE: {"created_at": 1}, "title": {"title": "as it was"}})]}
    second = {"life+title": [Arrived(other, {LIFE: {"created_at": 1}, "title": {"title": "as it is"}})]}
    device = after(Local(), merge(Local(), first))
    outcome = merge(device, second)
    assert outcome.values["title"] == (other, {"title": "as it is"})
    assert told(outcome.rivals) == {one.dot: ({"title": "as it was"}, True)}
    assert outcome.rivals[LIFE][one.dot].open is False
    joined = merge(Local(), {"life+title": [*first["life+title"], *second["life+title"]]})
    assert (joined.shadow, joined.rivals) == (outcome.shadow, outcome.rivals)


def test_what_lost_has_its_own_value_still_where_a_deleted_record_comes_back() -> None:
    """A rule wrote over an open conflict, then the record was deleted, all before a sync: nothing took the row's place
    meanwhile. A person's value wins over the rule's once somebody's edit brings the record back."""
    mine, theirs = cells.written(Dot(3, "a"), []), cells.written(Dot(2, "b"), [])
    rule = cells.written(Dot(9, "a"), [mine, theirs], open=[theirs.dot], auto=True)
    deletion = cells.written(Dot(10, "a"), [BORN.cell], covers={"title": {"a": 9, "b": 2}})
    local = Local(
        shadow={LIFE: [deletion], "title": [rule, theirs]},
        rivals={"title": {theirs.dot: Rival(theirs, {"title": "theirs"}, open=False, sent=True)}},
        values={LIFE: BORN.value, "title": {"title": "by a rule"}},
    )
    outcome = merge(local, {"notes": [Arrived(Cell(Dot(11, "b")), {"description": "still needed"})]})
    assert outcome.alive
    assert outcome.values["title"] == (theirs, {"title": "theirs"})
    assert outcome.rivals["title"][rule.dot].value == {"title": "by a rule"}


def test_of_what_was_told_by_no_cell_yet_no_cell_is_the_author() -> None:
    """A title stayed here, beside another device's as an open conflict; then a copy of this device tells it."""
    theirs = cells.written(Dot(2, "b"), [])
    local = Local(
        shadow={LIFE: [BORN.cell], "title": [theirs]},
        rivals={"title": {theirs.dot: Rival(theirs, {"title": "theirs"}, open=True, sent=True)}},
        there=True,
        values={LIFE: BORN.value, "title": {"title": "mine"}},
    )
    told_now = cells.written(Dot(3, "copy"), [theirs], open=[theirs.dot])
    outcome = merge(local, {"title": [Arrived(told_now, {"title": "mine"})]})
    assert outcome.rivals["title"] == {theirs.dot: Rival(theirs, {"title": "theirs"}, open=True, sent=True)}
