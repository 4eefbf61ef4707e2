import numpy as np
import pandas as pd

from orc_lab.agents.ageing import ageing, cycle_days
from tests.agents.lives import AS_OF, finished, frame, open_tasks


def done(days: list[float], *, started: bool = True) -> pd.DataFrame:
    """Finished tasks that took so many days from start to end, and three times as long from capture."""
    return frame([
        {"id": f"d{i}", "status": "done", "completed": AS_OF, "created": AS_OF - pd.Timedelta(days=3 * n),
         "started": AS_OF - pd.Timedelta(days=n) if started else pd.NaT}
        for i, n in enumerate(days)
    ])  # fmt: skip


def begun(days: float, id: str = "o") -> pd.DataFrame:
    return open_tasks(1, started=AS_OF - pd.Timedelta(days=days), created=AS_OF - pd.Timedelta(days=90)).assign(id=id)


def test_age_is_measured_by_the_clock_of_its_percentiles():
    tasks = pd.concat([done([1, 2, 3, 4, 5, 6, 7]), begun(8), open_tasks(1)], ignore_index=True)
    table = ageing(tasks, AS_OF).set_index("id")
    assert table.loc["o", ["since", "age_days", "p50", "n", "over"]].tolist() == ["start", 8.0, 4.0, 7, True]
    assert table.loc["o000", ["since", "age_days", "p50", "over"]].tolist() == ["capture", 7.0, 12.0, False]
    assert list(table.index) == ["o", "o000"]


def test_without_enough_started_work_age_counts_from_capture():
    table = ageing(pd.concat([done([1] * 9, started=False), begun(2)], ignore_index=True), AS_OF)
    assert table["since"].tolist() == ["capture"]
    assert table["age_days"].tolist() == [90.0]
    assert table["over"].tolist() == [True]


def test_under_six_finished_nothing_is_called_old():
    table = ageing(pd.concat([done([1] * 5), begun(400)], ignore_index=True), AS_OF)
    assert np.isnan(table["p85"].iloc[0])
    assert not table["over"].iloc[0]


def test_what_is_closed_does_not_age_and_nothing_gives_an_empty_table():
    assert ageing(finished(10), AS_OF).empty
    assert ageing(frame([]), AS_OF).empty
    assert "over" in ageing(frame([]), AS_OF).columns


def test_cycle_times_fall_back_to_capture_and_are_never_negative():
    tasks = done([2, 4])
    tasks.loc[1, "started"] = pd.NaT
    assert cycle_days(tasks).tolist() == [2.0, 12.0]
    tasks.loc[0, "started"] = AS_OF + pd.Timedelta(days=3)
    assert cycle_days(tasks).tolist() == [0.0, 12.0]
