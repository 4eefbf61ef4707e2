"""Entries that each are one shrunken mean or share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import ClassVar

from orc_lab.agents.knowledge.action import Context
from orc_lab.agents.knowledge.entry import Facts, Learner, Parameter
from orc_lab.agents.knowledge.shrink import LogMean, Share, State


class Means(Learner):
    """Entries that each are one shrunken mean or share."""

    models: ClassVar[Mapping[str, LogMean | Share]]
    units: ClassVar[Mapping[str, tuple[str, str]]]

    def names(self) -> Sequence[str]:
        """Those of the models."""
        return list(self.models)

    def begin(self, name: str) -> State:
        """Nothing observed."""
        return self.models[name].begin()

    def fold(self, name: str, state: State, facts: Facts) -> State:
        """One more observation: a number for a mean, a part of a hit for a share."""
        model = self.models[name]
        if isinstance(model, Share):
            hit = min(max(float(facts), 0.0), 1.0)
            return model.add(state, hit, 1.0 - hit)
        return model.add(state, float(facts))

    def value(self, name: str, state: State) -> float:
        """The mean or share, to four digits."""
        return digits(self.models[name].value(state))

    def parameters(self, name: str, state: State) -> Sequence[Parameter]:
        """The mean or share."""
        unit, help = self.units[name]
        shipped = self.models[name].shipped
        return [Parameter(name=name, value=self.value(name, state), unit=unit, shipped=shipped, help=help)]

    def evidence(self, name: str, state: State) -> Mapping[str, float | str]:
        """Observations, and how many the shipped value is worth."""
        return {"observations": state["n"], "shipped value worth": self.models[name].worth}


def digits(value: float) -> float:
    """To four significant ones."""
    return float(f"{value:.4g}")


def given(context: Context, names: Mapping[str, str]) -> Mapping[str, Facts]:
    """The finite numbers that a context has, by the name of their entry."""
    found = {name: context.get(key) for name, key in names.items()}
    return {name: value for name, value in found.items() if value is not None and isfinite(value)}
