"""Which database a command works on: --db, ORC_DB, the workbench folder's own, or for reading the sample life."""

import os
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager

from orc_lab import config
from orc_lab.cli.output import note, where
from orc_lab.errors import InvalidValue, OnlySample
from orc_lab.workbench.bench import Workbench


def readable(args: Namespace) -> str:
    """Return the database to read, there or not: one's own, or the sample where the folder holds only that.

    Raises InvalidValue for an empty name.
    """
    if args.db == "":  # an unset shell variable must not mean one's own life
        raise InvalidValue("--db", "", "the path of a database")
    return config.readable_path(args.db)


@contextmanager
def reading(args: Namespace) -> Iterator[Workbench]:
    """Open the database to read, also where nothing can be written; says so on standard error where it is the sample.

    Raises what opening raises.
    """
    path = readable(args)
    with Workbench.open(path, reading=True) as wb:
        if wb.sample and not named(args):
            note(f"This is the sample life ({where(path)}). Begin your own with `orc init`.")
        yield wb


@contextmanager
def editing(args: Namespace) -> Iterator[Workbench]:
    """Open the person's own database to edit; raises OnlySample where there is only the sample."""
    path = readable(args)
    with Workbench.open(path) as wb:
        if wb.sample and not named(args):
            raise OnlySample(where(path))
        yield wb


def root(path: str) -> str:
    """Return the workbench folder of a database: what holds its `data/`, else the folder it is in."""
    folder = os.path.dirname(os.path.abspath(path))
    return os.path.dirname(folder) if os.path.basename(folder) == "data" else folder


def named(args: Namespace) -> bool:
    """Return whether the person names a database, by --db or ORC_DB."""
    return bool(args.db or os.environ.get("ORC_DB"))
