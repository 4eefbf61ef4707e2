"""A real JupyterLab as `orc lab` starts it, and a notebook opened in it."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

SECONDS = 120  # that a busy machine may take for one step
READY = """async () => {
  const { sessionContext } = window.jupyterapp.shell.currentWidget;
  await sessionContext.ready;
  await sessionContext.session.kernel.info;
}"""


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Run JupyterLab on a workbench folder; give the address of a notebook in it, to be filled with its name."""
    environment = {**os.environ, "JUPYTER_RUNTIME_DIR": str(folder / "runtime")}
    root = ["--allow-root"] if os.name == "posix" and os.geteuid() == 0 else []
    command = [sys.executable, "-m", "orc_lab", "lab", "--no-browser", "--port", "0", "--"]
    command += [*root, "--LabApp.expose_app_in_browser=True"]
    silent = subprocess.DEVNULL
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=silent, stderr=silent) as process:
        try:
            told = _told(process, folder / "runtime")
            yield f"{told['url']}doc/tree/notebooks/{{}}.ipynb?token={told['token']}&reset"
        finally:
            process.terminate()


def _told(process: "subprocess.Popen[bytes]", runtime: Path) -> dict[str, Any]:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        for path in runtime.glob("jpserver-*.json"):
            text = path.read_text(encoding="utf-8")
            if text.endswith("}"):  # else it is half-written
                told: dict[str, Any] = json.loads(text)
                with suppress(OSError):  # it listens a moment later
                    socket.create_connection(("127.0.0.1", told["port"]), timeout=1).close()
                    return told
        assert process.poll() is None
        time.sleep(0.1)
    raise TimeoutError


def opened(page: Page, address: str) -> None:
    """Open a notebook, and wait for its kernel."""
    page.set_default_timeout(1000 * SECONDS)
    page.goto(address)
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    page.wait_for_function("window.jupyterapp?.shell?.currentWidget?.sessionContext")
    page.evaluate(READY)


def run_all(page: Page, address: str, wanted: str) -> None:
    """Open a notebook, run all its cells, and wait for what is wanted."""
    opened(page, address)
    page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_selector(wanted)


def becomes(page: Page, so: Callable[[], bool]) -> None:
    """Wait until something outside of the page is so."""
    until = time.monotonic() + SECONDS
    while not so():
        assert time.monotonic() < until
        page.wait_for_timeout(50)
