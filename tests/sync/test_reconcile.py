"""What goes out again once everything was compared: each cell with the value it was written with."""

from orc_lab.model.entities import Todo
from orc_lab.store import comparing, losers, syncing
from orc_lab.store.database import immediate
from orc_lab.sync import reconcile
from orc_lab.sync.compose import kept_of
from orc_lab.sync.merge import Rival
from orc_lab.sync.shadow import read_shadow
from tests.sync.world import world


def test_what_was_kept_when_it_lost_is_sent_with_that_value_whatever_the_row_has_since() -> None:
    """It had won meanwhile, so nobody waits for a decision on it any more."""
    with world(devices=2) as here:
        a, b = here.replicas
        todo = b.wb.add_todo("begun")
        here.sync(b, a)
        here.edit(b, lambda do: do.wb.update(Todo, todo.id, title="renamed"))
        here.sync(b, a)
        conn = a.wb.db.conn
        (cell,) = read_shadow(syncing.shadows(conn, "todos", [todo.id])[todo.id])["title"]
        lost = kept_of("todos", todo.id, "title", Rival(cell, {"title": "renamed"}, open=False, sent=True))
        here.edit(a, lambda do: do.wb.update(Todo, todo.id, title="anew"))
        with immediate(conn):
            comparing.owe(conn, [("todos", todo.id)])
            after = syncing.state_of(conn)["sent"]
            assert reconcile.outgoing(conn, after=after).records == {}
            losers.mark_conflict(conn, lost, at=1)
            losers.settle(conn, lost, losers.ELSEWHERE, at=2)
            (sent,) = reconcile.outgoing(conn, after=after).records["todos", todo.id]["title"]
        assert (sent.cell, sent.value) == (cell, {"title": "renamed"})
