"""Several models of the next weeks, thrown together in the shares that each has earned on this person's own past.

Every scenario comes from one model, so weeks that are idle stay idle and quantiles, totals and paths agree. A model's
share falls exponentially with how much worse than the others it did (CRPS, walk-forward, relative, decaying) at one
week and at the horizon; with a short past the shares are nearly equal, and stretches of the past come in slowly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orc_lab.agents.atoms import Atoms, Floats, share_in_band
from orc_lab.agents.velocity.past import MIN_WEEKS, Past, decayed
from orc_lab.agents.velocity.stretches import Stretches
from orc_lab.agents.velocity.worked import WorkedOrNot

MEMBERS: tuple[WorkedOrNot | Stretches, ...] = (
    WorkedOrNot(alpha=0.2),
    WorkedOrNot(alpha=0.05),
    Stretches(half_life=104, like=((0.5, 0.8), (0.12, 0.5))),
    Stretches(half_life=104, like=((0.5, 0.6), (0.12, 0.5)), root=True),
    Stretches(half_life=104, like=((0.5, 0.6), (0.12, 0.5)), root=True, scaled=True),
    Stretches(half_life=4),
)
_STRICT = 40.0  # a model that was 2.5% worse for long gets 1/e of the share
_MEMORY, _PRIOR = 104.0, 50.0  # weeks: half-life of what was judged, and how many of it are worth equal shares
_MIN_STRETCHES, _MANY_STRETCHES = 26, 100  # to be drawn from at all; that are worth half of a full share
_JUDGED, _EVERY = 156, 3  # weeks: of the latest, a forecast every third is judged
_LONGEST = 4  # weeks; further ahead there are too few outcomes to tell models apart by
_DRAWS, _CHUNK = 200, 128  # scenarios a judged forecast; forecasts judged at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Forecasts of the total of some weeks from `starts` on: each model's CRPS, P(Y < y), P(Y ≤ y), (starts, models).

    NaN where a model had nothing to draw from.
    """

    horizon: int
    starts: np.ndarray
    crps: Floats
    below: Floats
    upto: Floats


def judge(past: Past, horizon: int, starts: np.ndarray, *, always: bool = False) -> Judged:
    """Forecast the total of the stretch that begins at each start, as known before it."""
    out = np.full((3, len(starts), len(MEMBERS)), np.nan)
    totals = past.totals(horizon)
    for low in range(0, len(starts), _CHUNK):
        some = starts[low : low + _CHUNK]
        for i, member in enumerate(MEMBERS):
            able = isinstance(member, WorkedOrNot) | (_stretches(some, horizon) >= _MIN_STRETCHES)
            if able.any():
                atoms, truth = _atoms(member, past, some[able], horizon, always), totals[some[able]]
                out[:, low + np.flatnonzero(able), i] = (_crps(atoms, truth), *atoms.interval(truth))
    return Judged(horizon=horizon, starts=starts, crps=out[0], below=out[1], upto=out[2])


def graded(past: Past, horizon: int, first: int) -> np.ndarray:
    """Starts of the forecasts that shares are learned from, each followed by a whole stretch, from `first` on."""
    begun = max(first, MIN_WEEKS, int(np.flatnonzero(past.weeks)[0]) + 1)
    return np.arange(-(-begun // _EVERY) * _EVERY, len(past.weeks) - horizon + 1, _EVERY)


def _atoms(member: WorkedOrNot | Stretches, past: Past, starts: np.ndarray, horizon: int, always: bool) -> Atoms:
    if isinstance(member, Stretches):
        return member.atoms(past, starts, horizon)
    draws = member.paths(past, starts, horizon, _DRAWS, np.random.default_rng(0), always).sum(axis=2)
    return Atoms.of(draws, np.ones_like(draws))


def _crps(atoms: Atoms, outcomes: Floats) -> Floats:
    """CRPS as E|Y − y| − ½E|Y − Y'| (Gneiting & Raftery, JASA 2007), one a row."""
    weights = np.diff(atoms.below, axis=1, prepend=0.0)
    miss = (weights * np.abs(atoms.values - outcomes[:, None])).sum(axis=1)
    return np.asarray(miss - (weights * atoms.values * (2 * atoms.below - weights - 1)).sum(axis=1))


def _stretches(starts: np.ndarray, horizon: int) -> np.ndarray:
    """How many stretches of the past lie before each start."""
    return np.asarray(np.maximum(starts - horizon - 3, 0))


def shares(judged: tuple[Judged, ...], starts: np.ndarray, horizon: int) -> Floats:
    """Each model's share in a forecast made at each start, (starts, models): knows what was over before it alone."""
    worse = np.mean([_worse(one, starts) for one in judged], axis=0)
    enough = _stretches(starts, horizon)
    ramp = np.where(enough >= _MIN_STRETCHES, enough / (enough + _MANY_STRETCHES), 0.0)[:, None]
    share = np.exp(-_STRICT * (worse - worse.min(axis=1, keepdims=True)))
    share *= np.where([isinstance(member, Stretches) for member in MEMBERS], ramp, 1.0)
    return np.asarray(share / share.sum(axis=1, keepdims=True))


def _worse(judged: Judged, starts: np.ndarray) -> Floats:
    """CRPS of each model ÷ mean of all, shrunk to 0 while little was judged, (starts, models)."""
    if not len(judged.starts):
        return np.zeros((len(starts), len(MEMBERS)))
    alpha = 1 - 0.5 ** (_EVERY / _MEMORY)
    known = np.isfinite(judged.crps)
    usual = np.where(known, judged.crps, 0.0).sum(axis=1, keepdims=True) / np.maximum(known.sum(axis=1), 1)[:, None]
    lost = decayed(np.where(known, judged.crps, usual), alpha)
    usual_lost, weeks = decayed(usual, alpha), _EVERY * decayed(np.ones((len(lost), 1)), alpha)
    worse = np.where(usual_lost > 0, lost / np.where(usual_lost > 0, usual_lost, 1.0) - 1, 0.0)
    last = (starts - judged.horizon - judged.starts[0]) // _EVERY  # newest forecast whose outcome is known
    return np.where(last[:, None] >= 0, (worse * weeks / (weeks + _PRIOR))[last.clip(0, len(worse) - 1)], 0.0)


def paths(past: Past, horizon: int, size: int, *, seed: int, always: bool = False) -> Floats:
    """Possible next weeks, shape (size, horizon), in no order; with `always` every week is worked."""
    now = np.array([len(past.weeks)])
    judged = grades(past, horizon, len(past.weeks), always=always)
    counts = np.diff(np.rint(size * np.cumsum(shares(judged, now, horizon)[0])).astype(int), prepend=0)
    rng = np.random.default_rng(seed)
    drawn = [
        member.paths(past, now, horizon, count, rng, always)[0]
        if isinstance(member, WorkedOrNot)
        else member.paths(past, horizon, count, rng)
        for member, count in zip(MEMBERS, counts.tolist(), strict=True)
        if count
    ]
    return np.asarray(rng.permutation(np.concatenate(drawn)))


def held(past: Past, starts: np.ndarray, horizon: int, nominal: float) -> Floats:
    """How much of the outcome of each forecast of `horizon` weeks lies in its central band, 0…1, shape (starts,)."""
    share = shares(grades(past, horizon, int(starts[0])), starts, horizon)
    judged = judge(past, horizon, starts)
    below, upto = ((share * np.nan_to_num(values)).sum(axis=1) for values in (judged.below, judged.upto))
    return share_in_band(below, upto, nominal)


def grades(past: Past, horizon: int, start: int, *, always: bool = False) -> tuple[Judged, ...]:
    """What forecasts made at `start` or later learn shares from."""
    ahead = sorted({1, min(horizon, _LONGEST)})
    return tuple(judge(past, weeks, graded(past, weeks, start - _JUDGED), always=always) for weeks in ahead)
