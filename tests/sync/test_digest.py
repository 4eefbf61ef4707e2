"""The sum over what is current, kept up to date by differences."""

from itertools import product

from orc_lab.sync import digest
from orc_lab.sync.cells import LIFE, Cell, Dot

BORN, TITLE, OTHER, NOTES = (Cell(Dot(clock, "a")) for clock in (1, 2, 3, 4))
DELETED = Cell(Dot(5, "a"), BORN.dot, covers={"any": {"a": 5}})
STATES = (
    {},
    {LIFE: [BORN]},
    {LIFE: [BORN], "title": [TITLE]},
    {LIFE: [BORN], "title": [OTHER, TITLE], "notes": [NOTES]},
    {LIFE: [DELETED], "title": [TITLE]},
)


def test_a_change_is_the_difference_of_what_was_and_what_is() -> None:
    for before, after in product(STATES, STATES):
        change = digest.change("todos", "x", before, after)
        was, now = (digest.of_record("todos", "x", heads) for heads in (before, after))
        assert (was + change) % digest.MODULUS == now


def test_what_is_deleted_has_no_share() -> None:
    assert digest.of_record("todos", "x", STATES[-1]) == 0 != digest.of_record("todos", "x", STATES[1])
