"""The knowledge base of a database: stored entry by entry, it learns from actions and catches up with what happened.

Everything that it writes is an edit of the database: undone, logged and synced like all others. What a person forgets
can be undone with `orc undo`; what it held stays in the change log.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import pandas as pd

from orc_lab.agents.knowledge.action import Action, Context, Kind
from orc_lab.agents.knowledge.base import LEARNERS, KnowledgeBase
from orc_lab.agents.knowledge.catch_up import Mark, happened
from orc_lab.agents.knowledge.context import context_of
from orc_lab.agents.knowledge.entry import Entry, Reason, restored
from orc_lab.agents.knowledge.parts import Part
from orc_lab.errors import InvalidValue
from orc_lab.mirror.features import KNOWLEDGE, Frames
from orc_lab.model.entities import Knowledge
from orc_lab.model.ids import derived_id
from orc_lab.store import change_log, repository
from orc_lab.store.database import Transaction
from orc_lab.workbench.bench import Workbench

_MARK = "catch_up"  # where catching up has come to, a row a device; it is no part of the knowledge base
_PLAIN = (Kind.WORKFLOW_OPTIMIZATION, Kind.RECOMMENDATION_RESOLVED)  # these hold all that is needed themselves


@dataclass(frozen=True, slots=True, kw_only=True)
class CaughtUp:
    """What catching up brought: how many actions were new to it, and the entries that changed."""

    actions: int
    entries: tuple[str, ...]


class AgentKnowledge:
    """The knowledge base of an open database. `kb` is what is known now, for all who compute.

    With `frames` it can look up the numbers behind an action itself.
    """

    def __init__(self, wb: Workbench, kb: KnowledgeBase, frames: Frames | None = None) -> None:
        self.wb = wb
        self.kb = kb
        self.frames = frames

    @classmethod
    def load(cls, wb: Workbench, frames: Frames | None = None) -> Self:
        """Read what a database knows; what isn't in there is as shipped."""
        return cls(wb, load(wb), frames)

    def learn(self, action: Action, context: Context | None = None) -> KnowledgeBase:
        """Learn from one action and store it; return what is known now. Learning it twice changes nothing.

        Without a context it is taken from `frames`; raises InvalidValue where there are none and one is needed,
        NotFound for a todo or project that they don't have.
        """
        if context is None:
            context = {} if action.kind in _PLAIN else self._look_up(action)
        return self._keep(self.kb.learn_all([(action, context)]), f"learn from {action.kind.value}", actor="agent")

    def update_knowledge_base(self, action: Action) -> KnowledgeBase:
        """Learn from one action, under the name that it has in the design."""
        return self.learn(action)

    def entries(self, part: Part | str) -> tuple[Entry, ...]:
        """All entries of a part, learned or shipped."""
        return self.kb.entries(part)

    def why(self, part: Part | str, name: str) -> tuple[Reason, ...]:
        """What taught an entry, oldest first, each with what it changed."""
        return self.kb.why(part, name)

    def forget(
        self, part: Part | str | None = None, name: str | None = None, action: str | None = None
    ) -> KnowledgeBase:
        """Drop what was learned, all of it or from one action (by its key): in an entry, a part, or everywhere.

        It is an edit of the person's, to be undone. Raises InvalidValue where there is nothing to forget.
        """
        what = name or action or part or "all"
        return self._keep(self.kb.forget(part, name, action), f"forget {what}", actor="person")

    def catch_up(self, frames: Frames) -> CaughtUp:
        """Learn from what happened since the last time, each thing once; `frames` are of now.

        At the first time that is everything. Where nothing happened it costs one look at the log.
        """
        head = change_log.head(self.wb.db)
        mark = self._mark()
        week = str(frames.week - 1)
        if mark is not None and (week < mark.week or (mark.seq, mark.week) == (head, week)):  # of the past, or no news
            return CaughtUp(actions=0, entries=())
        news = happened(self.wb, frames, mark)
        if mark is not None and not news.relevant:
            return CaughtUp(actions=0, entries=())
        before = self.kb
        after = before.without(news.not_so).learn_all(news.told, again=False)
        with self.wb.edit("catch up", actor="agent") as tx:
            self._keep(after, "catch up", actor="agent")
            self._set_mark(tx, Mark(seq=head, week=week))
        return CaughtUp(actions=len(news.told), entries=_names(_changed(before, after)))

    def _look_up(self, action: Action) -> Context:
        if self.frames is None:
            raise InvalidValue("context", None, f"the numbers of {action.key}, or frames to take them from")
        return context_of(action, self.frames)

    def _keep(self, after: KnowledgeBase, label: str, *, actor: str) -> KnowledgeBase:
        changed = _changed(self.kb, after)
        if changed:
            with self.wb.edit(label, actor=actor) as tx:
                for entry in changed:
                    self._store(tx, entry)
        self.kb = after
        return after

    def _store(self, tx: Transaction, entry: Entry) -> None:
        told = {"value": entry.value_json(), "learned_from": entry.learned_json(), "version": entry.version}
        self._write(tx, entry.part.value, entry.name, told)

    def _set_mark(self, tx: Transaction, mark: Mark) -> None:
        self._write(tx, _MARK, self.wb.device_id, {"value": json.dumps({"seq": mark.seq, "week": mark.week})})

    def _write(self, tx: Transaction, part: str, name: str, told: Mapping[str, Any]) -> None:
        id = self._id(part, name)
        if repository.fetch(self.wb.db, Knowledge, id) is None:
            tx.insert(Knowledge(id=id, part=part, name=name, updated_at=tx.now, **told))
        else:
            tx.update(Knowledge, id, told)

    def _id(self, part: str, name: str) -> str:
        return derived_id("knowledge", self.wb.user_id, part, name)

    def _mark(self) -> Mark | None:
        row = repository.fetch(self.wb.db, Knowledge, self._id(_MARK, self.wb.device_id))
        plain = _object(row.value) if row else {}
        return Mark(seq=int(plain["seq"]), week=str(plain["week"])) if {"seq", "week"} <= plain.keys() else None


def load(wb: Workbench) -> KnowledgeBase:
    """What a database knows; rows that are no part of the knowledge base are passed over."""
    return _known((row.part, row.name, row.version, row.learned_from) for row in wb.find(Knowledge, order="id"))


def stored(wb: Workbench) -> pd.DataFrame:
    """The rows of the knowledge base now, as frames hold them."""
    rows = [(row.part, row.name, row.version, row.learned_from) for row in wb.find(Knowledge, order="id")]
    return pd.DataFrame(rows, columns=list(KNOWLEDGE)).astype(KNOWLEDGE)


def known_then(frames: Frames) -> KnowledgeBase:
    """What was known at the instant of the frames."""
    rows = frames.knowledge.astype("object").where(frames.knowledge.notna(), None)
    return _known((str(row[0]), str(row[1]), int(row[2]), row[3]) for row in rows.itertuples(index=False))


def _known(rows: Iterable[tuple[str, str, int, str | None]]) -> KnowledgeBase:
    found = []
    for part, name, version, learned_from in rows:
        learner = LEARNERS.get(Part(part)) if part in set(Part) else None
        if learner is not None and (learner.open or name in learner.names()):
            found.append(restored(learner, name, version, learned_from))
    return KnowledgeBase.of(found)


def catch_up(wb: Workbench, frames: Frames) -> KnowledgeBase:
    """What a database knows after it has caught up with what happened; `frames` are of now."""
    agent = AgentKnowledge.load(wb)
    agent.catch_up(frames)
    return agent.kb


def _changed(before: KnowledgeBase, after: KnowledgeBase) -> list[Entry]:
    if after is before:
        return []
    return [entry for entry in after.all() if before.entry(entry.part, entry.name) is not entry]


def _names(entries: list[Entry]) -> tuple[str, ...]:
    return tuple(f"{entry.part.value}: {entry.name}" for entry in entries)


def _object(text: str) -> Mapping[str, Any]:
    try:
        plain = json.loads(text)
    except ValueError:
        return {}
    return plain if isinstance(plain, dict) else {}
