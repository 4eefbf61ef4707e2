"""A kernel of this very Python for one run: no registered kernelspec, no configuration and no home of the person's.

What a person keeps in their IPython profile must not change a review, and a review must not write there.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync

NAME = "python3"
_LONGEST = 90  # of a socket's path; systems stop at some hundred, and a number is still to come
_OPTIONS = ("--HistoryManager.enabled=False", "--IPKernelApp.ignore_cwd=True", "--Completer.use_jedi=False")


class ThisPython(KernelSpecManager):
    """Knows one kernel: ipykernel in the interpreter that runs this, with lines that it runs before any cell."""

    first: Sequence[str] = ()

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Return that kernel, whatever its name."""
        lines = [f"--IPKernelApp.exec_lines={line}" for line in self.first]
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", *_OPTIONS, *lines]
        return KernelSpec(
            argv=argv, display_name="Python 3", language="python", metadata={"supported_encryption": "curve"}
        )


@contextmanager
def started(*first: str) -> Iterator[AsyncKernelManager]:
    """Start a kernel at once, which runs the lines `first` while it is waited for; it is gone afterwards.

    Nobody else on the machine can talk to it: its sockets are files in a folder of this user alone, or encrypted
    where the system has no such sockets.
    """
    folder = tempfile.mkdtemp(prefix="orc-kernel-")
    try:
        specs = ThisPython()
        specs.first = first
        manager = AsyncKernelManager(kernel_name=NAME, kernel_spec_manager=specs, **_sockets(folder))
        run_sync(manager.start_kernel)(env=_environment(folder))
        try:
            yield manager
        finally:
            if manager.has_kernel:
                run_sync(manager.shutdown_kernel)(now=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sockets(folder: str) -> dict[str, str]:
    connection, socket = str(Path(folder) / "kernel.json"), str(Path(folder) / "socket")
    if os.name == "posix" and len(socket) < _LONGEST:
        return {"connection_file": connection, "transport": "ipc", "ip": socket}
    return {"connection_file": connection, "transport_encryption": "required"}


def _environment(folder: str) -> dict[str, str]:
    own = {"IPYTHONDIR": "ipython", "JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data"}
    return {**os.environ, **{name: str(Path(folder) / place) for name, place in own.items()}}
