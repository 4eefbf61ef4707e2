"""Before any test: no network but loopback, a home that is nobody's, and no deadline on a busy machine.

This runs while pytest starts, in every xdist worker too; what tests start inherits it.
"""

import atexit
import os
import shutil
import tempfile

import pytest
from hypothesis import HealthCheck, settings

from tests.house.offline import namespace, sitecustomize


def leave_network() -> str:
    """Block every address but loopback; a word for the way taken. ORC_TEST_NETWORK=intercept takes the second."""
    if os.environ.get("ORC_TEST_NETWORK") != "intercept" and namespace.enter():
        return "blocked but for loopback, by a network namespace"
    os.environ["ORC_TEST_NETWORK"] = "intercept"
    sitecustomize.apply()
    return "blocked but for loopback, by intercepting sockets in Python"


def leave_home() -> None:
    """Give this run an empty home, so that no test reads or writes what is the person's own."""
    if "ORC_TEST_HOME" in os.environ:
        return
    home = tempfile.mkdtemp(prefix="orc-home-")
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    for name in [name for name in os.environ if name.startswith(("XDG_", "JUPYTER_", "IPYTHON")) or name == "ORC_DB"]:
        del os.environ[name]
    os.environ["HOME"] = os.environ["USERPROFILE"] = os.environ["ORC_TEST_HOME"] = home


NETWORK = leave_network()
leave_home()
settings.register_profile("house", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


def pytest_report_header() -> str:
    return f"network: {NETWORK}"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.get_closest_marker("early") is None)
