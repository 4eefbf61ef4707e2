"""A copied database goes on under another name, with what it wrote and lost before it was sent."""

import json

from orc_lab.store import losers
from orc_lab.store.database import immediate
from orc_lab.store.losers import Kept
from orc_lab.sync.cells import Cell, Dot, covers
from orc_lab.sync.replica import go_on_as, new_replica
from orc_lab.sync.shadow import read_one, write_one
from tests.sync.world import world


def test_names_are_twelve_hex_digits_and_never_the_same() -> None:
    names = {new_replica() for _ in range(100)}
    assert len(names) == 100
    assert all(len(name) == 12 and int(name, 16) >= 0 for name in names)


def test_what_lost_before_it_was_sent_is_the_new_replicas() -> None:
    with world(devices=1) as here:
        conn = here.replicas[0].wb.db.conn
        cell = Cell(Dot(7, "a" * 12), Dot(3, "a" * 12))
        sent = Cell(Dot(5, "a" * 12))
        with immediate(conn):
            for one, is_sent in ((cell, False), (sent, True)):
                text = json.dumps({"title": "lost"})
                kept = Kept("todos", "t", "title", *one.dot, write_one(one), text, True, is_sent)
                losers.mark_conflict(conn, kept, at=1)
            go_on_as(conn, "b" * 12, before="a" * 12)
        left = losers.of(conn, "todos", ["t"])["t"]
        assert {(one.clock, one.replica, one.sent) for one in left} == {(7, "b" * 12, False), (5, "a" * 12, True)}
        renamed = read_one(next(one.cell for one in left if not one.sent))
        assert covers(renamed, Dot(3, "a" * 12))
        assert [(one.clock, one.open) for one in losers.unsent_of(conn, "b" * 12)] == [(7, True)]
        assert losers.unsent(conn) == [("todos", "t")]
