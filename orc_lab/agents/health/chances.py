"""The chances of trouble in one project: what to decide by, beside the rules that explain."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import isnan

from orc_lab.agents.forecast import Basis, chance


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Calibrated chances as known at `as_of`.

    `p_overrun`: the open tasks take over 1.25 times their estimates in total. `p_dormant`: nothing is completed in the
    next 8 weeks. `p_late`: something is still open after the due day (NaN without one). `usual_overrun`: how often the
    rests of such stretches of the person's work overran. `score`: the rules' 0–100, None under six finished tasks.
    `n` counts the finished tasks learned from; on basis "prior" there are too few, and `needs` says what would help.
    """

    as_of: datetime
    p_overrun: float
    p_dormant: float
    p_late: float
    usual_overrun: float
    score: int | None
    basis: Basis
    n: int
    open: int
    evidence: tuple[str, ...] = ()
    needs: str = ""

    @property
    def sentence(self) -> str:
        """For a page: the chances, and what they rest on."""
        if not self.open:
            return "Nothing is open: there is nothing left to go wrong."
        over = f"{chance(self.p_overrun)} that the rest takes over a quarter more than estimated"
        usual = f" (usual for you: {chance(self.usual_overrun)})" if self.basis is Basis.HISTORY else ""
        idle = f"{chance(self.p_dormant)} that nothing gets done in 8 weeks"
        late = "" if isnan(self.p_late) else f", {chance(self.p_late)} that the due day is missed"
        rests = f"({self.basis.value}, n = {self.n:,})"
        return " ".join(part for part in (f"{over}{usual}, {idle}{late} {rests}.", self.needs) if part)

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {**self.beside_a_score(), "score": self.score}

    def beside_a_score(self) -> dict[str, object]:
        """Plain values for JSON without the score, for where a score of the whole project stands already."""
        return {
            "as_of": self.as_of.isoformat(),
            "p_overrun": _plain(self.p_overrun),
            "p_dormant": _plain(self.p_dormant),
            "p_late": _plain(self.p_late),
            "usual_overrun": _plain(self.usual_overrun),
            "basis": self.basis.value,
            "n": self.n,
            "open": self.open,
            "evidence": list(self.evidence),
            "needs": self.needs,
            "sentence": self.sentence,
        }


def _plain(value: float) -> float | None:
    return None if isnan(value) else value
