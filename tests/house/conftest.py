"""What the house's own tests share."""

from pathlib import Path

import pytest

from tests.house.checks import ROOT, tracked_files


@pytest.fixture(scope="session")
def tracked() -> list[Path]:
    """Every file of the repository."""
    if not (ROOT / ".git").exists():
        pytest.skip("This is not a git checkout, so there is no list of the repository's files.")
    return tracked_files()
