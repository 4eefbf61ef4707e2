"""What the tests of whole devices share: a server on a real socket, and secrets in files."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sync.real import Service, serving, without_keyring


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """A server on a free port; what its devices keep secret is kept in files."""
    without_keyring()
    with serving(str(tmp_path / "server.db")) as service:
        yield service
