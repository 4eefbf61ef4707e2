"""What is to be sent of what the database knows."""

from orc_lab.store.losers import Kept
from orc_lab.sync.compose import Standing


def test_a_mark_older_than_what_lost_since_sends_nothing() -> None:
    """Shared again, then written to, and that lost against another device: all before anything was sent."""
    lost = Kept("todos", "t", "schedule", 9, "a", "{}", "{}", open=False, sent=False)

    def written(mark: int, *, sent: bool) -> set[str]:
        kept = lost._replace(sent=sent)
        now = Standing(
            table="todos", entries={}, touched={"t": {"schedule": mark}}, rows={"t": {}}, shadows={}, kept={"t": [kept]}
        )
        return set(now.writes("t"))

    assert written(5, sent=False) == written(9, sent=False) == set()
    assert written(10, sent=False) == written(5, sent=True) == {"schedule"}
