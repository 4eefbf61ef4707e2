"""No test, and nothing that a test starts, reaches another machine; loopback works. In both ways there are."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.house.checks import ROOT
from tests.house.offline.sitecustomize import is_local

ELSEWHERE = ("192.0.2.1", 9)  # RFC 5737 sets this network apart for examples: nobody is there
INTERCEPTED = os.environ.get("ORC_TEST_NETWORK") == "intercept"
CONNECT = "import socket, sys\nsocket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=30)"


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def connect_in_child(host: str, port: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", CONNECT, host, str(port)]
    return subprocess.run(command, capture_output=True, encoding="utf-8", timeout=20, check=False)


@pytest.mark.timeout(20)
def test_another_machine_is_out_of_reach() -> None:
    refusal = "the tests run offline" if INTERCEPTED else "Network is unreachable"
    with pytest.raises(OSError, match=refusal):
        socket.create_connection(ELSEWHERE, timeout=30)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle, pytest.raises(OSError, match=refusal):
        handle.sendto(b"hello", ELSEWHERE)


@pytest.mark.timeout(20)
def test_no_name_server_is_asked() -> None:
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("example.com", 80)


def test_a_child_is_held_too() -> None:
    done = connect_in_child(*ELSEWHERE)
    assert done.returncode == 1
    assert ("the tests run offline" if INTERCEPTED else "Network is unreachable") in done.stderr


def test_loopback_works(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    for name in ("127.0.0.1", "localhost"):
        socket.create_connection((name, port), timeout=5).close()
    assert connect_in_child("127.0.0.1", port).returncode == 0


@pytest.mark.skipif(INTERCEPTED, reason="This is the run that the test below starts, or one without namespaces.")
def test_a_program_that_is_no_python_is_held_too() -> None:
    script = f"exec 3<>/dev/tcp/{ELSEWHERE[0]}/{ELSEWHERE[1]}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, encoding="utf-8", timeout=20, check=False)
    assert "Network is unreachable" in done.stderr


@pytest.mark.skipif(INTERCEPTED, reason="This is the run that this test starts, or one without namespaces.")
def test_interception_holds_where_there_is_no_namespace() -> None:
    outer = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", __file__, "-p", "no:cacheprovider"],
        cwd=ROOT,
        env={**outer, "ORC_TEST_NETWORK": "intercept"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "by intercepting sockets" in done.stdout
    assert "2 skipped" in done.stdout


@pytest.mark.parametrize(
    ("host", "local"),
    [
        (None, True),
        ("", True),
        (b"localhost", True),
        ("127.0.0.53", True),
        ("::1", True),
        ("0.0.0.0", True),
        ("10.0.0.1", False),
        ("fe80::1%eth0", False),
        ("localhost.example.com", False),
    ],
)
def test_what_counts_as_this_machine(host: str | bytes | None, local: bool) -> None:
    assert is_local(host) is local
