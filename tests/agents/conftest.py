"""The real history where it is at hand; never copied here."""

import os
from pathlib import Path

import pandas as pd
import pytest

SIP = Path(os.environ.get("ORC_SIP", Path(__file__).parents[3] / "shared" / "data" / "sip_tasks.csv"))


@pytest.fixture(scope="session")
def persons() -> dict[str, pd.DataFrame]:
    """Finished tasks of each of the nine people with a hundred or more in the real history."""
    if not SIP.exists():
        pytest.skip(f"The real history is not at {SIP}: name it with ORC_SIP.")
    table = pd.read_csv(SIP, parse_dates=["created", "started", "completed"], dtype={"id": "str", "developer": "str"})
    table = table[table["use_for_estimation"] == 1].rename(columns={"project": "project_id"})
    table["category"] = table["category"] + "/" + table["subcategory"]
    return {name: mine for name, mine in table.groupby("developer") if len(mine) >= 100}
