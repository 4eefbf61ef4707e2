"""One record at the server: the same cells remain in whatever order they arrive, and however often."""

from collections.abc import Iterable, Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orc_lab.server.merge import Held, State, conflicts, merge
from orc_lab.sync import cells, digest
from orc_lab.sync.cells import Cell, Dot
from orc_lab.sync.wire import Plain, Record, Refused, Sealed
from tests.server.histories import Written, histories


def arrived(written: Sequence[Written]) -> Held:
    """A record after cells have arrived one by one."""
    held: Held | None = None
    for seq, (group, cell) in enumerate(written, 1):
        held = merge(held, Record("todos", "x", {group: [cell]}), seq).held
    assert held is not None
    return held


def told(held: Held) -> dict[str, set[Cell]]:
    return {
        group: {one._replace(seen=tuple(sorted(one.seen.items())), covers=None, body=None) for one in some}  # type: ignore[arg-type]
        for group, some in held.heads().items()
    }


@given(histories, st.data())
def test_20_any_order_and_repetition_leaves_the_same_heads(history: list[Written], data: st.DataObject) -> None:
    repeated = [*history, *data.draw(st.lists(st.sampled_from(history), max_size=5))]
    shuffled = data.draw(st.permutations(repeated))
    one, other = arrived(history), arrived(shuffled)
    assert told(one) == told(other)
    assert one.state == other.state
    assert digest.of_record("todos", "x", one.heads()) == digest.of_record("todos", "x", other.heads())


@given(histories)
def test_only_what_nobody_overwrote_is_kept(history: list[Written]) -> None:
    by_group: dict[str, list[Cell]] = {}
    for group, cell in history:
        by_group.setdefault(group, []).append(cell)
    kept = arrived(history).heads()
    for group, all in by_group.items():
        assert {one.dot for one in kept[group]} == {one.dot for one in cells.heads(all)}


@given(histories)
def test_numbers_are_those_of_the_last_change(history: list[Written]) -> None:
    """Who has everything up to a number gets every head that is new by asking for later ones."""
    held: Held | None = None
    for seq, (group, cell) in enumerate(history, 1):
        before = {one.cell.dot for some in held.groups.values() for one in some} if held else set()
        done = merge(held, Record("todos", "x", {group: [cell]}), seq)
        now = {one.cell.dot for some in done.held.groups.values() for one in some}
        news = done.held.since(seq - 1)
        given = {one.dot for some in news.groups.values() for one in some} if news else set()
        assert given >= now - before
        assert done.changed == (news is not None) == (done.held.seq == seq)
        assert given == now or not done.revived
        held = done.held


def life(clock: int, **more: object) -> Cell:
    return Cell(Dot(clock, "a"), body=Plain({}), **more)  # type: ignore[arg-type]


def test_what_is_known_is_no_change() -> None:
    held = merge(None, Record("todos", "x", {"life": [life(1)]}), 1).held
    done = merge(held, Record("todos", "x", {"life": [life(1)]}), 2)
    assert (done.changed, done.held) == (False, held)


def test_a_record_that_is_there_again_goes_out_whole() -> None:
    held = merge(None, Record("todos", "x", {"life": [life(1)], "title": [life(1)]}), 1).held
    gone = merge(held, Record("todos", "x", {"life": [life(5, base=Dot(1, "a"), covers={"title": {"a": 1}})]}), 2).held
    assert gone.state == State.DEAD
    back = merge(gone, Record("todos", "x", {"title": [Cell(Dot(7, "b"), body=Plain({}))]}), 3)
    assert (back.revived, back.held.state) == (True, State.ALIVE)
    assert {one.seq for some in back.held.groups.values() for one in some} == {3}


def test_parts_without_a_beginning_wait() -> None:
    held = merge(None, Record("todos", "x", {"title": [life(1)]}), 1).held
    assert held.state == State.UNBORN
    assert merge(held, Record("todos", "x", {"life": [life(1)]}), 2).revived


def test_a_conflict_is_the_winner_with_each_loser() -> None:
    titles = [Cell(Dot(clock, "abc"[clock]), body=Plain({})) for clock in range(3)]
    held = merge(None, Record("todos", "x", {"life": [life(1)], "title": titles}), 1).held
    found = conflicts(held, {"title": None, "life": None})
    assert [(one.group, one.winner.dot.clock, one.loser.dot.clock) for one in found] == [
        ("title", 2, 1),
        ("title", 2, 0),
    ]


def test_cells_that_contradict_each_other_are_refused() -> None:
    one = Cell(Dot(1, "a"), base=Dot(2, "b"))
    other = Cell(Dot(2, "b"), base=Dot(1, "a"))
    with pytest.raises(Refused, match="overwritten each other"):
        merge(None, Record("todos", "x", {"title": [one, other]}), 1)


def grown(parts: Iterable[Mapping[str, Sequence[Cell]]]) -> None:
    held: Held | None = None
    for seq, groups in enumerate(parts, 1):
        held = merge(held, Record("todos", "x", groups), seq).held


@pytest.mark.parametrize(
    ("told", "parts"),
    [
        ("more than 64 groups", [{f"g{number}": [life(1)]} for number in range(65)]),
        ("more than 64 cells", [{"title": [Cell(Dot(5, f"r{number}"))]} for number in range(65)]),
        (
            "larger than 1024 KiB",
            [{"title": [Cell(Dot(5, f"r{n}"), body=Sealed(1, bytes(1 << 17)))]} for n in range(9)],
        ),
    ],
)
def test_a_record_does_not_grow_without_end(told: str, parts: list[dict[str, list[Cell]]]) -> None:
    grown(parts[:-1])
    with pytest.raises(Refused, match=told):
        grown(parts)


def test_a_joint_cell_keeps_its_place_beside_what_was_written_since() -> None:
    born, later = Cell(Dot(1, "a")), Cell(Dot(2, "a"), Dot(1, "a"))
    held = merge(None, Record("todos", "x", {"life+title": [born]}), 1).held
    assert held.state == State.ALIVE
    held = merge(held, Record("todos", "x", {"title": [later]}), 2).held
    assert (held.state, held.since(1)) == (State.ALIVE, Record("todos", "x", {"title": [later]}))
    other = Cell(Dot(2, "b"), Dot(1, "a"))
    (one,) = conflicts(merge(held, Record("todos", "x", {"title": [other]}), 3).held, ["life+title"])
    assert (one.group, one.winner, one.loser) == ("title", other, later)
    deletion = Cell(Dot(3, "a"), Dot(1, "a"), covers={"any": {"a": 3, "b": 2}})
    assert merge(held, Record("todos", "x", {"life": [deletion]}), 4).held.state == State.DEAD
