"""A server in a process of its own, on loopback, as `orc serve` starts it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(slots=True, kw_only=True)
class Running:
    """A server's process and its address."""

    process: subprocess.Popen[str]
    address: str
    port: int

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


@contextmanager
def serving(store: str, *options: str, entry: str = "from orc_lab.cli.main import main; main()") -> Iterator[Running]:
    """Run `orc serve` on a free port until the block ends; `entry` is the code that starts it."""
    command = [sys.executable, "-c", entry, "serve", "--store", store, "--port", "0", *options]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env)
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line.startswith("Serving sync at "), line
        address = line.split()[-1]
        yield Running(process=process, address=address, port=int(address.rpartition(":")[2]))
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stdout.close()
