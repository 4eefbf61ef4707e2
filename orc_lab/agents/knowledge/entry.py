"""One entry of the knowledge base: a name's parameters, and the actions that moved them.

An entry keeps its latest actions one by one, each with the few numbers (its facts) that it needs of it, and folds its
learner over them: what an action did can be told, and forgetting it gives what would be without it. Older actions than
the last `keep` are settled into one state: they count as before, but can only be forgotten together.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, reduce
from typing import Any, ClassVar

from orc_lab.agents.forecast import amount
from orc_lab.agents.knowledge.action import Action, Context, Kind
from orc_lab.agents.knowledge.parts import Part
from orc_lab.agents.knowledge.shrink import State

FORMAT = 1
_TITLE = 40  # characters of a title that are kept
_NOT_AGAIN = 50  # keys of forgotten actions that are remembered, so that catching up doesn't learn them again

Facts = Any  # JSON: what one action says about one entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A number (or a short text) that outputs use; None where too little is known."""

    name: str
    value: float | str | None
    unit: str
    shipped: float | str | None
    help: str = ""

    @property
    def shown(self) -> str:
        """As people read it."""
        if self.value is None or self.value == "":
            return "not known yet"
        if isinstance(self.value, str):
            return f"{self.value} {self.unit}".rstrip()
        return f"{self.value:.2f} ×" if self.unit == "×" else amount(self.value, self.unit)  # it moves by hundredths

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {
            "name": self.name, "value": self.value, "unit": self.unit, "shipped": self.shipped, "help": self.help,
        }  # fmt: skip


class Learner(ABC):
    """How the entries of one part learn: from an action to its facts, from facts to a state, to parameters."""

    part: ClassVar[Part]
    kinds: ClassVar[frozenset[Kind]]  # of actions that say something to it
    keep: ClassVar[int] = 24  # actions of an entry that can be forgotten one by one
    open: ClassVar[bool] = False  # whether there may be entries beside the shipped names

    @abstractmethod
    def names(self) -> Sequence[str]:
        """Entries that are there before anything was learned."""

    @abstractmethod
    def facts(self, action: Action, context: Context) -> Mapping[str, Facts]:
        """What an action of its kinds says, by the name of the entry; empty where it says nothing."""

    @abstractmethod
    def begin(self, name: str) -> State:
        """The state in which nothing was learned."""

    @abstractmethod
    def fold(self, name: str, state: State, facts: Facts) -> State:
        """The state after one more action."""

    @abstractmethod
    def parameters(self, name: str, state: State) -> Sequence[Parameter]:
        """What outputs use of a state."""

    @abstractmethod
    def evidence(self, name: str, state: State) -> Mapping[str, float | str]:
        """What a state rests on, in counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An action as one entry remembers it."""

    kind: str
    subject: str
    title: str
    at: str
    facts: Facts

    @property
    def day(self) -> str:
        """The day of its action."""
        return self.at[:10]

    @property
    def key(self) -> str:
        """That of its action."""
        return f"{self.kind}:{self.subject}"

    @property
    def place(self) -> tuple[str, str]:
        """What cases are ordered by: time, then key, so that the order of telling is without effect."""
        return self.at, self.key

    @property
    def words(self) -> str:
        """What happened, for a sentence."""
        return f"{self.kind.replace('_', ' ')} “{self.title or self.subject}” on {self.day}"

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {
            "type": self.kind, "subject": self.subject, "title": self.title, "at": self.at, "facts": self.facts,
        }  # fmt: skip


def case(action: Action, facts: Facts) -> Case:
    """What an entry keeps of an action."""
    return Case(kind=action.kind.value, subject=action.subject, title=action.title[:_TITLE], at=action.at, facts=facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """Actions that are no longer kept one by one: how many, up to which (time, key), and the state they left."""

    count: int = 0
    until: tuple[str, str] = ("", "")
    state: State | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One action behind an entry and what it changed; `key` is None for those that are settled together."""

    key: str | None
    kind: str
    subject: str
    day: str
    sentence: str

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {
            "key": self.key, "type": self.kind, "subject": self.subject, "day": self.day, "sentence": self.sentence,
        }  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What is known under one name. Version 0 is what is shipped; each time it learns or forgets adds one."""

    learner: Learner = field(repr=False)
    name: str
    version: int = 0
    cases: tuple[Case, ...] = ()
    settled: Settled = field(default_factory=Settled)
    forgotten: tuple[str, ...] = ()

    @property
    def part(self) -> Part:
        """The part it belongs to."""
        return self.learner.part

    @property
    def count(self) -> int:
        """Actions learned from."""
        return self.settled.count + len(self.cases)

    @cached_property
    def state(self) -> State:
        """What the actions add up to."""
        return reduce(self._fold, self.cases, self._base)

    @property
    def _base(self) -> State:
        return self.learner.begin(self.name) if self.settled.state is None else self.settled.state

    def _fold(self, state: State, one: Case) -> State:
        return self.learner.fold(self.name, state, one.facts)

    @property
    def parameters(self) -> Sequence[Parameter]:
        """What outputs use."""
        return self.learner.parameters(self.name, self.state)

    @property
    def evidence(self) -> Mapping[str, float | str]:
        """What the parameters rest on."""
        return self.learner.evidence(self.name, self.state)

    def learn(self, news: Iterable[Case], *, again: bool = True) -> Entry:
        """The entry after these cases, in whatever order; itself where they say nothing new.

        One that is known already, by its key, is replaced. One from before what is settled is too late: it may be in
        there. Without `again`, forgotten actions stay forgotten.
        """
        known = {one.key: one for one in self.cases}
        for one in news:
            settled = one.place <= self.settled.until and (self.settled.count or not again)
            if not settled and (again or one.key not in self.forgotten):
                known[one.key] = one
        cases = sorted(known.values(), key=lambda one: one.place)
        if tuple(cases) == self.cases:
            return self
        learned = {one.key for one in cases}
        return replace(
            self._settle(cases), version=self.version + 1,
            forgotten=tuple(key for key in self.forgotten if key not in learned),
        )  # fmt: skip

    def _settle(self, cases: Sequence[Case]) -> Entry:
        """Keep the latest cases one by one, add the earlier ones to what is settled."""
        early, late = cases[: -self.learner.keep], cases[-self.learner.keep :]
        settled = self.settled
        if early:
            settled = Settled(
                count=settled.count + len(early),
                until=max(settled.until, early[-1].place),
                state=reduce(self._fold, early, self._base),
            )
        return replace(self, cases=tuple(late), settled=settled)

    def forget(self, key: str | None = None) -> Entry:
        """The entry without one action, or without all of them; itself where there is nothing to forget."""
        if key is None and not self.count:
            return self
        if key is None:
            last = max([self.settled.until, *(one.place for one in self.cases)])
            return replace(self, cases=(), settled=Settled(until=last), forgotten=(), version=self.version + 1)
        kept = tuple(one for one in self.cases if one.key != key)
        if len(kept) == len(self.cases):
            return self
        forgotten = (*self.forgotten, key)[-_NOT_AGAIN:]
        return replace(self, cases=kept, forgotten=forgotten, version=self.version + 1)

    def without(self, keys: Container[str]) -> Entry:
        """The entry without actions that turned out not to be so; itself where it has none of them."""
        kept = tuple(one for one in self.cases if one.key not in keys)
        return self if len(kept) == len(self.cases) else replace(self, cases=kept, version=self.version + 1)

    def why(self) -> tuple[Reason, ...]:
        """What taught this entry, oldest first, each with what it changed; empty where nothing did."""
        return tuple(self._reasons())

    def _reasons(self) -> Iterator[Reason]:
        if self.settled.count:
            day = self.settled.until[0][:10]
            told = f"{amount(self.settled.count, 'earlier actions')} up to {day}, which can only be forgotten together"
            yield Reason(
                key=None, kind="settled", subject="", day=day,
                sentence=f"{told}: {self._moved(self.learner.begin(self.name), self._base)}.",
            )  # fmt: skip
        state = self._base
        for one in self.cases:
            after = self._fold(state, one)
            yield Reason(
                key=one.key, kind=one.kind, subject=one.subject, day=one.day,
                sentence=f"{one.words[0].upper()}{one.words[1:]}: {self._moved(state, after)}.",
            )  # fmt: skip
            state = after

    def _moved(self, before: State, after: State) -> str:
        old = {each.name: each for each in self.learner.parameters(self.name, before)}
        moved = []
        for new in self.learner.parameters(self.name, after):
            was = old[new.name].shown if new.name in old else "none"
            if was != new.shown:
                moved.append(f"{new.name} {was} → {new.shown}")
        return "; ".join(moved) or "one more observation, too small a change to show"

    def value_json(self) -> str:
        """What is stored to be read: parameters with their units and shipped values, and the evidence."""
        parameters = {
            each.name: {"value": each.value, "unit": each.unit, "shipped": each.shipped} for each in self.parameters
        }
        help = list(dict.fromkeys(each.help for each in self.parameters))
        plain = {"parameters": parameters, "help": help, "evidence": dict(self.evidence)}
        return json.dumps(plain, ensure_ascii=False)

    def learned_json(self) -> str:
        """What is stored to be folded again: the actions, the settled state, what isn't to be learned again."""
        settled = {"count": self.settled.count, "until": list(self.settled.until), "state": self.settled.state}
        plain = {
            "format": FORMAT, "count": self.count, "actions": [one.as_dict() for one in self.cases],
            "settled": settled, "forgotten": list(self.forgotten),
        }  # fmt: skip
        return json.dumps(plain, ensure_ascii=False)

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {
            "part": self.part.value, "name": self.name, "version": self.version,
            "parameters": [each.as_dict() for each in self.parameters], "evidence": dict(self.evidence),
            "learned_from": {"count": self.count, "actions": [one.as_dict() for one in self.cases]},
        }  # fmt: skip


def restored(learner: Learner, name: str, version: int, learned_from: str | None) -> Entry:
    """The entry that `learned_json` described; one as shipped where the text isn't of this format."""
    plain = _read(learned_from)
    settled = plain.get("settled", {})
    at, key = settled.get("until", ("", ""))
    return Entry(
        learner=learner,
        name=name,
        version=version,
        cases=tuple(_case(each) for each in plain.get("actions", ())),
        settled=Settled(
            count=settled.get("count", 0),
            until=(str(at), str(key)),
            state=settled.get("state"),
        ),
        forgotten=tuple(plain.get("forgotten", ())),
    )


def _read(text: str | None) -> Mapping[str, Any]:
    try:
        plain = json.loads(text or "{}")
    except ValueError:
        return {}
    return plain if isinstance(plain, dict) and plain.get("format") == FORMAT else {}


def _case(plain: Mapping[str, Any]) -> Case:
    return Case(
        kind=str(plain["type"]), subject=plain["subject"], title=plain["title"], at=plain["at"],
        facts=plain["facts"],
    )  # fmt: skip
