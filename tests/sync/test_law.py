"""After any history all devices hold the same, and no value is lost that nobody had seen: see docs/law.md.

Hypothesis makes histories of three to five devices here and shortens those that break the law; `make soak` lives
through as many as time allows.
"""

import time
from collections.abc import Collection
from contextlib import ExitStack
from random import Random
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from orc_lab.model.entities import Todo
from tests.sync import soak
from tests.sync.faulty import NONSENSE, Faulty, Lost
from tests.sync.plain_server import PlainRemote, PlainServer
from tests.sync.replicas import Value
from tests.sync.stored_server import StoredServer
from tests.sync.world import ERRORS, KINDS, ONLY_PLAIN, Step, World, breaks, history, play, shrink, world

WHO, PICK = st.integers(0, 4), st.integers(0, (1 << 16) - 1)


class Lives(RuleBasedStateMachine):
    """Devices that live, and sync now and then. What is catastrophic happens as often as in `history`."""

    here: World
    cannot: Collection[str]

    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()

    @initialize(
        seed=st.integers(0, 1_000), errors=st.lists(st.sampled_from(ERRORS), min_size=4, max_size=4), real=st.booleans()
    )
    def begin(self, seed: int, errors: list[int], real: bool) -> None:
        server: Any = StoredServer if real else PlainServer
        made = world(seed=seed, devices=3 + seed % 2, page=(3, 7, 2_000)[seed % 3], server=server)
        self.here, self.cannot = self.open.enter_context(made), ONLY_PLAIN if real else frozenset()
        for replica, error in zip(self.here.replicas, errors, strict=False):
            replica.error = error

    @rule(who=WHO, pick=PICK)
    def edit(self, who: int, pick: int) -> None:
        self.here.do(Step("edit", who, pick))

    @rule(who=WHO, pick=PICK, kind=st.sampled_from(["sync", "faulty", "busy", "crash", "power"]))
    def sync(self, who: int, pick: int, kind: str) -> None:
        self.here.do(Step(kind, who, pick))

    @rule(who=WHO, pick=PICK, kind=st.sampled_from([kind for kind, often in KINDS.items() for _ in range(often)]))
    def anything(self, who: int, pick: int, kind: str) -> None:
        if kind not in self.cannot:
            self.here.do(Step(kind, who, pick))

    def teardown(self) -> None:
        with self.open:
            if hasattr(self, "here"):
                self.here.check()


TestLives = pytest.mark.early(Lives.TestCase)
TestLives.settings = settings(derandomize=True, max_examples=6, stateful_step_count=35, deadline=None)


@pytest.mark.early
@pytest.mark.parametrize("seed", range(4))
def test_a_history_drawn_from_a_seed_keeps_the_law(seed: int) -> None:
    assert breaks(history(seed), seed=seed) == ""


def test_a_history_is_the_same_each_time() -> None:
    """Else nothing that breaks the law could be shortened or looked at."""

    def lived() -> list[object]:
        with world(seed=3) as here:
            for step in history(3, steps=25):
                here.do(step)
            return [replica.wb.db.rows("SELECT hlc, origin, id, op FROM change_log") for replica in here.replicas]

    assert lived() == lived()


# What would break the law is seen: the law of a test that can't fail is no law.


def test_a_value_that_vanishes_is_seen() -> None:
    with world(devices=2) as here:
        a, b = here.replicas
        here.edit(a, lambda do: do.wb.add_todo(do.new))
        here.sync(a, b)
        for replica in (a, b):
            with replica.wb.edit("lose", origin="remote") as tx:
                tx.conn.execute("UPDATE todos SET title = 'other'")
        with pytest.raises(AssertionError, match=r"lost: .*new-1"):
            here.check()


def test_devices_that_differ_are_seen() -> None:
    with world(devices=2) as here:
        a, b = here.replicas
        here.edit(a, lambda do: do.wb.add_todo(do.new))
        here.sync(a, b)
        with b.wb.edit("differ", origin="remote") as tx:
            tx.conn.execute("UPDATE todos SET title = 'other'")
        with pytest.raises(AssertionError, match="hold the same"):
            here.check()


def test_what_was_overwritten_unseen_is_not_excused() -> None:
    with world(devices=2) as here:
        a, b = here.replicas
        here.edit(a, lambda do: do.wb.add_todo(do.new))
        here.sync(a, b)
        todo = a.wb.find(Todo)[0].id
        here.edit(a, lambda do: do.wb.update(Todo, todo, title=do.new))
        here.edit(b, lambda do: do.wb.update(Todo, todo, title=do.new))
        first, mine, theirs = (Value("todos", todo, "title", f'{{"title": "new-{n}"}}') for n in (1, 2, 3))
        assert first in here.overwritten
        assert not {mine, theirs} & here.overwritten
        here.check()
        assert {value for value, _ in a.conflicts(open=True)} == {mine}


def test_a_history_that_breaks_the_law_is_shortened(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = [Step("edit", 0, number) for number in range(40)]
    monkeypatch.setattr(
        "tests.sync.world.breaks", lambda some, seed, server: "x" if {steps[7], steps[30]} <= {*some} else ""
    )
    assert shrink(steps, seed=0) == [steps[7], steps[30]]


def test_the_network_fails_in_every_way() -> None:
    """Each way is met, and none of them ends in anything but a reply or a refusal."""
    met: set[str] = set()
    with world(devices=2) as here:
        a = here.replicas[0]
        a.wb.add_todo("one")
        for seed in range(60):
            remote = Faulty(PlainRemote(here.server, "x"), Random(seed), fails=1)
            before = here.server.handled
            try:
                reply = remote.sync(b'{"timestamp":1,"batchId":"b","after":[],"changes":{}}', "")
                met.add("nonsense" if reply in NONSENSE else "cut" if not reply.endswith(b"}") else "reply")
            except Lost:
                met.add("no reply" if here.server.handled > before else "no request")
    assert met == {"nonsense", "cut", "reply", "no reply", "no request"}


def test_the_soak_counts_what_it_lives_through(capsys: pytest.CaptureFixture[str]) -> None:
    assert soak.main(minutes=0, processes=1) == 0
    told = "0 histories (none with the real server) of 0 steps in 0 minutes; 0 broke the law."
    assert told in capsys.readouterr().out


def test_the_soak_fails_where_a_history_does(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(soak, "breaks", lambda steps, seed, server: "it broke")
    monkeypatch.setattr(soak, "shrink", lambda steps, seed, server: steps[:1])
    lived = soak.live(7, 1, time.time() + 0.05)
    assert len(lived.found) == lived.histories > 0
    assert "seed 7, StoredServer: it broke\nseed 7, the fewest steps:\n  Step(" in capsys.readouterr().out
    assert soak.again(7) == 1


def test_a_history_without_an_end_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soak, "LONGEST", 0.01)

    def endless() -> None:
        while True:
            pass

    with pytest.raises(AssertionError, match="doesn't end"), soak.bounded():
        endless()


@pytest.mark.early
@pytest.mark.parametrize("seed", range(3))
def test_the_law_holds_with_the_real_server_and_its_store(seed: int) -> None:
    steps = [step for step in history(seed) if step.kind not in ONLY_PLAIN]
    play(steps, seed=seed, server=StoredServer)  # type: ignore[arg-type]
