from itertools import count, islice

from orc_lab.model.batched import batched


def test_the_last_batch_may_be_shorter_and_nothing_is_read_ahead() -> None:
    assert list(batched("abcde", 2)) == [["a", "b"], ["c", "d"], ["e"]]
    assert list(batched([], 2)) == []
    numbers = count()
    assert next(batched(numbers, 3)) == [0, 1, 2]
    assert next(islice(numbers, 1)) == 3
