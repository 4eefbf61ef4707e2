"""Values that lost against another are kept, and found as long as they count."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from orc_lab.store import losers
from orc_lab.store.database import immediate
from orc_lab.store.losers import Kept
from orc_lab.workbench.bench import Workbench


@pytest.fixture
def wb(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench.init(tmp_path / "orc.db", zone="Europe/Berlin") as made:
        yield made


def test_a_value_that_had_won_meanwhile_and_lost_again_is_found(wb: Workbench) -> None:
    """Also where nobody has to decide, as about a position: another device may ask for it."""
    lost = Kept("todos", "t", "position", 5, "a", "{}", '{"position": 1.0}', open=False, sent=True)
    conn = wb.db.conn
    with immediate(conn):
        losers.mark_conflict(conn, lost, at=1)
        losers.settle(conn, lost, losers.ELSEWHERE, at=2)
        assert losers.of(conn, "todos", ["t"]) == {}
        losers.mark_conflict(conn, lost, at=3)
    assert losers.of(conn, "todos", ["t"]) == {"t": [lost]}


def test_a_decision_that_isnt_sent_yet_stays_one(wb: Workbench) -> None:
    lost = Kept("todos", "t", "title", 5, "a", "{}", '{"title": "t"}', open=False, sent=False)
    conn = wb.db.conn
    with immediate(conn):
        losers.mark_conflict(conn, lost, at=1)
        losers.settle(conn, lost, "keep", at=2)
        losers.mark_conflict(conn, lost, at=3)
    assert losers.of(conn, "todos", ["t"]) == {"t": [lost._replace(decided=True)]}
