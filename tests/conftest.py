"""Before any test: no network but loopback, a home that is nobody's, one thread a process, each module compiled once.

This runs while pytest starts, in every xdist worker too; what tests start inherits it.
"""

import atexit
import os
import shutil
import sys
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


def leave_threads() -> None:
    """Let numpy and scikit-learn compute in one thread, unless told otherwise: the workers are threads enough."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")


def keep_bytecode() -> None:
    """Compile a module once, not anew in each of the hundreds of processes that tests start."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False


NETWORK = leave_network()
leave_home()
leave_threads()
keep_bytecode()
# A deadline would fail on a busy machine.
settings.register_profile("house", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


def pytest_report_header() -> str:
    return f"network: {NETWORK}"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.get_closest_marker("early") is None)
