"""Put this process, and so all it starts, into a network namespace where only loopback is up (Linux)."""

import ctypes
import os
import socket
import struct
import subprocess
import sys
from pathlib import Path

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 0x1
MARK = "ORC_TEST_NAMESPACE"


def enter() -> bool:
    """Whether this process is now in such a namespace: its parent's, or a new one if the system allows that."""
    if not sys.platform.startswith("linux"):
        return False
    if os.environ.get(MARK) == current():
        return True
    # A refusal half-way would leave this process with no user of its own, so a child goes first.
    trial = subprocess.run([sys.executable, "-S", __file__], capture_output=True, check=False)
    if trial.returncode:
        return False
    try:
        leave()
    except OSError:  # a process with threads is refused a user namespace, at once and whole
        return False
    os.environ[MARK] = current()
    return True


def current() -> str:
    """The name that the kernel gives to this process's network namespace."""
    return str(Path("/proc/self/ns/net").readlink())


def leave() -> None:
    """Leave the machine's network, by root's right or in a user namespace of its own. Raises OSError if refused."""
    user, group = os.getuid(), os.getgid()
    try:
        unshare(CLONE_NEWNET)
    except PermissionError:
        unshare(CLONE_NEWUSER | CLONE_NEWNET)
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    raise_loopback()


def unshare(flags: int) -> None:
    """unshare(2), which Python itself offers only since 3.12. Raises OSError."""
    if ctypes.CDLL(None, use_errno=True).unshare(flags):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def raise_loopback() -> None:
    """`ip link set lo up`, without needing ip."""
    import fcntl  # not everywhere, and only Linux comes here

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        flags = struct.unpack("16sh", fcntl.ioctl(handle, SIOCGIFFLAGS, struct.pack("16sh", b"lo", 0)))[1]
        fcntl.ioctl(handle, SIOCSIFFLAGS, struct.pack("16sh", b"lo", flags | IFF_UP))


if __name__ == "__main__":
    leave()
