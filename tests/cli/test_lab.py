"""lab: JupyterLab for this person on this computer only."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from orc_lab.cli import lab
from orc_lab.review import notebooks
from tests.cli.conftest import Orc


def test_the_command_asks_for_nothing_outside() -> None:
    words = lab.command("here", browser=False, port=9)
    assert words[:3] == [sys.executable, "-m", "jupyterlab"]
    assert {*lab.OPTIONS, "--ServerApp.root_dir=here", "--ServerApp.port=9", "--no-browser"} <= set(words)
    assert not any("token" in word or "password" in word for word in words)
    assert "--no-browser" not in lab.command("here")


def test_notebooks_are_copied_once(here: Path) -> None:
    copied = lab.copy_notebooks(here / "notebooks")
    assert {path.name for path in copied} == {path.name for path in notebooks.folder().glob("*.ipynb")}
    copied[0].write_text("mine", encoding="utf-8")
    copied[1].unlink()
    assert lab.copy_notebooks(here / "notebooks") == [copied[1]]
    assert copied[0].read_text(encoding="utf-8") == "mine"


def test_without_jupyterlab_it_is_said(orc: Orc, own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab, "find_spec", lambda name: None)
    ran = orc("lab")
    assert (ran.code, ran.out) == (9, "")
    assert "pip install jupyterlab" in ran.err


@pytest.mark.early
@pytest.mark.skipif(os.name != "posix", reason="Windows ends processes in another way.")
def test_the_server_is_for_this_person_only(orc: Orc, sample: Path, here: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime")}
    root = ["--allow-root"] if os.geteuid() == 0 else []
    command = [sys.executable, "-m", "orc_lab", "lab", "--no-browser", "--port", "0", "--", *root]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            told = server(process, tmp_path / "runtime")
            assert (told["hostname"], len(told["token"]) >= 40) == ("127.0.0.1", True)
            with pytest.raises(HTTPError, match="403"):
                ask(told | {"token": ""}, "api/contents")
            page = ask(told, "lab")
            config = json.loads(re.findall(r'id="jupyter-config-data"[^>]*>(.*?)</script>', page, re.DOTALL)[0])
            assert config["news"] == {"disabled": True}
            assert config["extensionManager"]["can_install"] is False
            assert json.loads(ask(told, "lab/api/update")) == {"notification": None}
            shown = json.loads(ask(told, "api/contents/notebooks"))["content"]
            assert "welcome.ipynb" in {notebook["name"] for notebook in shown}
        finally:
            process.send_signal(signal.SIGTERM)


def server(process: subprocess.Popen[bytes], runtime: Path) -> dict[str, Any]:
    """What the server tells of itself, once it is up."""
    for _ in range(600):
        for path in runtime.glob("jpserver-*.json"):
            with suppress(ValueError, OSError):  # its file may be half-written, and it listens a moment later
                told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
                socket.create_connection(("127.0.0.1", told["port"]), timeout=1).close()
                ask(told, "api")
                return told
        assert process.poll() is None
        time.sleep(0.1)
    raise TimeoutError


def ask(told: dict[str, Any], path: str) -> str:
    """What the server answers."""
    request = Request(told["url"] + path, headers={"Authorization": f"token {told['token']}"})
    with urlopen(request, timeout=30) as answer:
        body: bytes = answer.read()
        return body.decode()
