"""lab: JupyterLab on the workbench's notebooks, for this person on this computer only."""

import os
import sys
from argparse import ArgumentParser, Namespace
from importlib.util import find_spec
from pathlib import Path

from orc_lab.charts.files import write_atomically
from orc_lab.cli import place
from orc_lab.cli.output import note, where
from orc_lab.errors import MissingProgram
from orc_lab.review import notebooks
from orc_lab.store.database import Database

WELCOME = "welcome.ipynb"

# A home page, news, updates and the extension list would each ask a server; kernels' sockets would speak plainly.
OPTIONS = (
    "--ServerApp.ip=127.0.0.1",
    "--ServerApp.allow_remote_access=False",
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
    "--MappingKernelManager.transport_encryption=auto",
)


def do_lab(args: Namespace) -> int:
    """Open JupyterLab on the notebooks, the welcome first.

    The notebooks are copied into the workbench folder when you first do this, so that they are yours to change. The
    server listens on this computer only and asks for its token; it looks for no news and no updates. What stands
    after -- goes to JupyterLab as it is: orc lab -- --allow-root
    """
    if find_spec("jupyterlab") is None:
        raise MissingProgram("JupyterLab", "Install it beside orc_lab: `pip install jupyterlab`.")
    path = os.path.abspath(place.readable(args))
    Database(path).close()  # one sentence here rather than an error in the first cell
    folder = place.root(path)
    for copied in copy_notebooks(Path(folder) / "notebooks"):
        note(f"Copied {where(str(copied))}, yours to change.")
    words = command(folder, browser=args.browser, port=args.port)
    return _become([*words, *args.options], {"ORC_DB": path})


def args_lab(parser: ArgumentParser) -> None:
    """Declare the options of `orc lab`."""
    parser.add_argument("--no-browser", dest="browser", action="store_false", help="print the address only")
    parser.add_argument("--port", type=int, default=8888, help="the first port to try (default 8888)")
    parser.add_argument("options", nargs="*", metavar="-- OPTION", help="more options of JupyterLab")


def command(folder: str, *, browser: bool = True, port: int = 8888) -> list[str]:
    """Return the words that start JupyterLab on a workbench folder with its welcome open."""
    chosen = [f"--ServerApp.root_dir={folder}", f"--ServerApp.port={port}"]
    chosen += [f"--LabApp.default_url=/lab/tree/notebooks/{WELCOME}"]
    return [sys.executable, "-m", "jupyterlab", *OPTIONS, *chosen, *([] if browser else ["--no-browser"])]


def copy_notebooks(folder: Path) -> list[Path]:
    """Copy the package's notebooks that a folder lacks; return the new files. Raises NotWritable or DiskFull."""
    missing = [source for source in sorted(notebooks.folder().glob("*.ipynb")) if not (folder / source.name).exists()]
    return [write_atomically(folder / source.name, source.read_bytes()) for source in missing]


def _become(words: list[str], environment: dict[str, str]) -> int:
    """Turn into another program, so that Ctrl-C reaches it alone; where a system can't, run it and wait."""
    # A kernel of this very environment knows orc_lab, one that the person registered may not.
    told = {**os.environ, "JUPYTER_PREFER_ENV_PATH": "1", **environment}
    sys.stdout.flush()
    if os.name == "posix":
        os.execve(words[0], words, told)
    import subprocess

    return subprocess.run(words, env=told, check=False).returncode
