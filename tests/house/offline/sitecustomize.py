"""Keep this Python process, and the Pythons it starts, off every network but loopback.

The way for systems without network namespaces (macOS, some containers). Python imports a module of this name at
start-up, so a folder at the head of PYTHONPATH reaches children too. Compiled code that opens sockets of its own and
children that ignore PYTHONPATH (`python -I`) slip past; the namespace way has neither hole.
"""

import ipaddress
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

REFUSAL = "the tests run offline: only loopback may be reached, and this asked for"
LOCAL_NAMES = {None, "", "localhost"}


class Offline(socket.gaierror):
    """What a refused call raises: an OSError that code at a call of connect or of getaddrinfo expects."""


def is_local(host: object) -> bool:
    """Whether a host, as getaddrinfo takes it, is this machine without asking any server."""
    name = host.decode() if isinstance(host, bytes) else host
    if name in LOCAL_NAMES:
        return True
    try:
        address = ipaddress.ip_address(str(name).partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def refuse_outside(call: Callable[..., Any], where: int) -> Callable[..., Any]:
    """`call`, a method of a socket, where the argument at `where` (negative: from the end) is an address."""

    def guarded(self: socket.socket, *args: Any) -> Any:
        address = args[where]
        if self.family in (socket.AF_INET, socket.AF_INET6) and not is_local(address[0]):
            raise Offline(socket.EAI_FAIL, f"{REFUSAL} {address[0]}")
        return call(self, *args)

    return guarded


def refuse_lookup(call: Callable[..., Any]) -> Callable[..., Any]:
    """`call`, a name look-up that takes the host first."""

    def guarded(host: object, *args: Any, **options: Any) -> Any:
        if not is_local(host):
            raise Offline(socket.EAI_FAIL, f"{REFUSAL} {host}")
        return call(host, *args, **options)

    return guarded


def apply() -> None:
    """Guard this process, once, and hand the guard down to its children."""
    folder = str(Path(__file__).parent)
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    if paths[0] != folder:
        os.environ["PYTHONPATH"] = os.pathsep.join([folder, *filter(None, paths)])
    if socket.getaddrinfo.__name__ == "guarded":
        return
    for name, where in (("connect", 0), ("connect_ex", 0), ("sendto", -1)):
        setattr(socket.socket, name, refuse_outside(getattr(socket.socket, name), where))
    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
        setattr(socket, name, refuse_lookup(getattr(socket, name)))


if os.environ.get("ORC_TEST_NETWORK") == "intercept":
    apply()
