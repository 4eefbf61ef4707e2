"""The law of cells: whatever the order, the doubling and the grouping of arrivals, the same heads stand."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orc_lab.sync import cells
from orc_lab.sync.cells import ANY, JOINT, LIFE, Cell, Dot
from tests.sync.made_up import WRITES, Life, Write, lived

MANY = settings(derandomize=True, max_examples=80)
LIVES = WRITES.map(lived)


def arrivals(draw: st.DrawFn, some: Sequence[Cell]) -> list[Cell]:
    """Some cells in any order, each at least once."""
    doubled = draw(st.lists(st.sampled_from(some), max_size=6))
    return draw(st.permutations([*some, *doubled]))


@MANY
@given(st.data(), LIVES)
def test_heads_dont_depend_on_order_or_doubling(data: st.DataObject, life: Life) -> None:
    expected = cells.heads(life.cells)
    arrived = arrivals(data.draw, life.cells)
    assert cells.heads(arrived) == expected
    standing: list[Cell] = []
    for cell in arrived:  # one after the other, as a server gets them, which forgets what is covered
        standing = cells.heads([*standing, cell])
    assert standing == expected
    assert cells.heads(expected) == expected


@MANY
@given(st.data(), LIVES)
def test_heads_dont_depend_on_grouping(data: st.DataObject, life: Life) -> None:
    """Two sides that each know a part and exchange their heads hold what one that knows all holds."""
    cut = data.draw(st.integers(0, len(life.cells)))
    one, other = cells.heads(life.cells[:cut]), cells.heads(life.cells[cut:])
    assert cells.heads([*one, *other]) == cells.heads([*other, *one]) == cells.heads(life.cells)


@MANY
@given(LIVES)
def test_a_write_covers_what_its_writer_held_and_did_not_leave_open(life: Life) -> None:
    for cell, held, open in zip(life.cells, life.held, life.open, strict=True):
        for dot in held:
            assert cells.covers(cell, dot) == (dot not in open)


@MANY
@given(LIVES)
def test_a_write_covers_nothing_that_its_writer_had_not_heard_of(life: Life) -> None:
    """Each cell covers only what was held when it was written, or was replaced by something that was."""
    seen: dict[Dot, frozenset[Dot]] = {}
    for cell, held in zip(life.cells, life.held, strict=True):
        seen[cell.dot] = held.union(*(seen[dot] for dot in held))
        own = {one.dot for one in life.cells if one.dot.replica == cell.dot.replica and one.dot.clock < cell.dot.clock}
        for other in life.cells:
            if cells.covers(cell, other.dot):
                assert other.dot in seen[cell.dot] | own


@MANY
@given(LIVES)
def test_every_cell_is_a_head_or_covered_by_one(life: Life) -> None:
    """What is covered is covered by something that stands: forgetting it loses nothing."""
    standing = cells.heads(life.cells)
    assert standing
    assert all(cells.known(standing, cell.dot) for cell in life.cells)


@MANY
@given(LIVES)
def test_an_open_conflict_stays_until_somebody_covers_it(life: Life) -> None:
    for number, (cell, open) in enumerate(zip(life.cells, life.open, strict=True)):
        standing = {one.dot for one in cells.heads(life.cells[: number + 1])}
        still = {dot for dot in open if not any(cells.covers(one, dot) for one in life.cells[: number + 1])}
        assert still <= standing
        assert not any(cells.covers(cell, dot) for dot in open)


@MANY
@given(st.data(), LIVES)
def test_the_winner_is_the_same_in_any_order(data: st.DataObject, life: Life) -> None:
    standing = cells.heads(life.cells)
    assert cells.winner(data.draw(st.permutations(standing))) == cells.winner(standing)


def test_a_person_wins_over_what_happens_by_itself_and_the_newer_over_the_older() -> None:
    old, new, auto = Cell(Dot(1, "a")), Cell(Dot(2, "b")), Cell(Dot(3, "c"), auto=True)
    assert cells.winner([old, new, auto]) == new
    assert cells.winner([auto]) == auto
    with pytest.raises(ValueError, match="empty"):
        cells.winner([])


def test_of_one_instant_the_replicas_name_decides() -> None:
    assert cells.winner([Cell(Dot(1, "a")), Cell(Dot(1, "b"))]).dot.replica == "b"


def test_what_deletes_loses_against_what_keeps() -> None:
    kept, gone = Cell(Dot(1, "a")), Cell(Dot(2, "b"), covers={})
    assert cells.winner([gone, kept]) == kept


def test_a_deletion_kills_only_what_its_writer_had_seen() -> None:
    begun = Cell(Dot(1, "a"))
    title = Cell(Dot(1, "a"))
    deletion = cells.written(Dot(5, "b"), [begun], covers={"title": {"a": 1}, ANY: {"b": 5}})
    assert not cells.alive({LIFE: [deletion], "title": [title]})
    later = cells.written(Dot(4, "a"), [title])
    assert cells.alive({LIFE: [deletion], "title": [later]})
    assert cells.alive({LIFE: [deletion, Cell(Dot(9, "a"))], "title": [title]})
    own = Cell(Dot(4, "b"))  # of the deleter itself, written before and arriving later
    assert not cells.alive({LIFE: [deletion], "title": [title, own]})


def test_what_was_never_begun_is_not_there() -> None:
    assert not cells.alive({})
    assert not cells.alive({"title": [Cell(Dot(1, "a"))]})


@given(WRITES)
def test_a_context_is_all_that_its_writer_had_seen(writes: list[Write]) -> None:
    life = lived(writes)
    for cell, held in zip(life.cells, life.held, strict=True):
        context = cell.context()
        assert all(context[dot.replica] >= dot.clock for dot in (*held, cell.dot))


def test_a_cell_under_another_dot_covers_what_its_writer_wrote_before() -> None:
    deletion = cells.written(Dot(9, "a"), [], covers={ANY: {"a": 9, "b": 4}, "title": {"a": 3}})
    again = cells.renamed(deletion, Dot(7, "c"))
    assert again == deletion._replace(dot=Dot(7, "c"), covers={ANY: {"b": 4, "c": 7}, "title": {"a": 3}})
    plain = Cell(Dot(9, "a"), base=Dot(3, "b"))
    assert cells.renamed(plain, Dot(7, "a")) == plain._replace(dot=Dot(7, "a"))


# Joint cells

BIRTHS = st.dictionaries(
    st.lists(st.sampled_from([LIFE, "title", "notes"]), min_size=2, unique=True).map(sorted).map(JOINT.join),
    st.sets(st.sampled_from([Dot(1, "a"), Dot(1, "b"), Dot(2, "a")]), min_size=1),
    max_size=3,
)


@MANY
@given(BIRTHS, LIVES)
def test_a_joint_cell_is_that_cell_in_each_of_its_groups(births: dict[str, set[Dot]], life: Life) -> None:
    joint = {name: [Cell(dot) for dot in sorted(dots)] for name, dots in births.items()}
    kept = {**joint, "title": cells.heads(life.cells)}
    each: dict[str, list[Cell]] = {"title": [*life.cells]}
    for name, some in joint.items():
        for group in name.split(JOINT):
            each.setdefault(group, []).extend(some)
    meant = {group: cells.heads(some) for group, some in each.items()}
    assert {group: cells.heads(some) for group, some in cells.apart(kept).items()} == meant
    assert cells.alive(kept) == cells.alive(meant)


def test_what_was_deleted_knowingly_is_gone_though_its_joint_cell_is_kept() -> None:
    born = Cell(Dot(1, "a"))
    deletion = Cell(Dot(2, "b"), born.dot, covers={"title": {"a": 1}})
    assert not cells.alive({"life+title": [born], LIFE: [deletion]})
    assert cells.alive({"life+title": [born], LIFE: [deletion], "title": [Cell(Dot(3, "a"), born.dot)]})
    assert cells.alive(
        {"life+title": [born], LIFE: [deletion._replace(covers={})]}
    )  # of the title it had heard nothing
