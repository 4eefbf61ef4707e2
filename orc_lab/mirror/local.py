"""Instants in the person's local time, a whole column at once. `Clock` does the same for one."""

import pandas as pd

from orc_lab.model.clock import Clock


def local(times: pd.Series, clock: Clock) -> pd.Series:
    """Return UTC times (naive datetime64) as the person's local ones, moved back by when their day starts.

    `.dt.normalize()` of the result is the person's day. Empty stays NaT.
    """
    found: pd.Series = times.dt.tz_localize("UTC").dt.tz_convert(clock.tz).dt.tz_localize(None) - clock.shift
    return found


def monday(days: pd.Series) -> pd.Series:
    """Return the Monday of the ISO week of each local time."""
    found: pd.Series = days.dt.normalize() - pd.to_timedelta(days.dt.day_of_week, unit="D")
    return found


def week_names(days: pd.Series) -> pd.Series:
    """Return the ISO weeks of days as text, `2026-W47`."""
    iso = days.dt.isocalendar()
    found: pd.Series = iso["year"].astype("str") + "-W" + iso["week"].astype("str").str.zfill(2)
    return found
