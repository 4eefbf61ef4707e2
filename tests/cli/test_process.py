"""`orc` as a process of its own: pipes, signals, and what a shell sees."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Orc

ORC = [sys.executable, "-m", "orc_lab"]
FULL = Path("/dev/full")


def test_a_reader_that_goes_away_is_no_error(orc: Orc, own: Path) -> None:
    with subprocess.Popen([*ORC, "list"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()  # before a word of it is written: Python needs longer to start
        assert process.stderr.read() == b""
    assert process.returncode == 141


@pytest.mark.skipif(not FULL.exists(), reason="This system has no /dev/full to write to.")
def test_an_output_that_takes_nothing_is_said(orc: Orc, own: Path) -> None:
    with FULL.open("wb") as full:
        done = subprocess.run([*ORC, "list"], stdout=full, stderr=subprocess.PIPE, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == (5, "orc: The output can't be written: No space left on device.\n")


def test_a_terminal_that_knows_no_unicode_still_shows_titles(orc: Orc, own: Path) -> None:
    orc("add", "Größe → 漢字")
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([*ORC, "list"], capture_output=True, encoding="ascii", check=True, env=environment)
    assert "Gr\\xf6\\xdfe \\u2192" in done.stdout


def test_undecodable_words_are_refused(orc: Orc, own: Path) -> None:
    done = subprocess.run([*ORC, "add", b"\xff\xfe"], capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 2
    assert "half characters" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGINT for one process.")
def test_ctrl_c_of_a_process_is_130(orc: Orc, own: Path) -> None:
    script = "import orc_lab.cli.todos as t, time; t.do_add = lambda args: (print('in', flush=True), time.sleep(60))\n"
    script += "import sys; from orc_lab.cli.main import main; sys.exit(main(['add', 'x']))"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"in\n"
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == b""
    assert process.returncode == 130


@pytest.mark.skipif(os.name != "posix", reason="Windows knows no closed streams.")
@pytest.mark.parametrize(
    ("redirected", "code", "told"),
    [
        ("import - <&-", 6, "orc: standard input can't be read: it is empty. Export it again, or name another file.\n"),
        ("add x >&-", 5, "orc: The output can't be written: it is closed. Nothing was done.\n"),
        ("show nothing 2>&-", 3, ""),
        ("add x >&- 2>&- <&-", 5, ""),
    ],
)
def test_a_closed_stream_is_no_mistake_of_ours(orc: Orc, own: Path, redirected: str, code: int, told: str) -> None:
    shell = f'exec "$0" -m orc_lab {redirected}'
    done = subprocess.run(["sh", "-c", shell, sys.executable], capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stdout, done.stderr) == (code, "", told)
    assert "There are no todos yet" in orc("list").out
