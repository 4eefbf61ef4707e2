"""Erase everything that orc has written on this computer, then look again; never what it didn't write."""

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from orc_lab.backup import copies_by_hand, folders
from orc_lab.backup.places import LOCAL, Place, beside, is_ours, regular
from orc_lab.errors import DatabaseLocked, DatabaseMissing, NotADatabase
from orc_lab.store import copies, database, examine
from orc_lab.store.copies import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What erasing a database's workbench would remove, by place, and what in the same folders would stay.

    `stays` are the person's own files, and those in places that another database there shares; `copies` are exports and
    databases that the person made of the same data, in the folder of the workbench: they stay too. `beyond` says in
    sentences what can't be reached from here.
    """

    path: str
    removes: Sequence[tuple[str, Sequence[str]]]
    stays: Sequence[str]
    copies: Sequence[str]
    beyond: Sequence[str]

    @property
    def files(self) -> list[str]:
        """Every file that goes, in order."""
        return [file for _, files in self.removes for file in files]


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What is gone, and what is still there although it should be, found by looking again."""

    plan: Plan
    removed: Sequence[str]
    remaining: Sequence[str]


def plan(path: str, places: Sequence[Place] = LOCAL) -> Plan:
    """Return what would go; nothing is changed.

    Raises DatabaseMissing where nothing of orc's is found, and NotADatabase where the path holds something else.
    """
    others = _others(path)
    counted = [place for place in places if not (place.shared and others)]
    removes = [(place.name, sorted(set(place.own(path)))) for place in counted]
    removes = [(name, files) for name, files in removes if files]
    if not removes:
        if os.path.isfile(path):
            raise NotADatabase(path, "it can't be told from a file of another program")
        raise DatabaseMissing(path)
    going = {file for _, files in removes for file in files}
    looked = dict.fromkeys(folder for place in places for folder in place.folders(path))
    copies = [file for file in copies_by_hand.found(path) if file not in going]
    known = {*going, *looked, *copies}
    stays = [file for folder in looked for file in _entries(folder) if file not in known]
    return Plan(path=path, removes=removes, stays=stays, copies=copies, beyond=_beyond(path, others))


def check_alone(plan: Plan) -> None:
    """Raises DatabaseLocked while any other program has the database open."""
    if os.path.isfile(plan.path) and copies.state(plan.path)[0] is State.WHOLE and not examine.alone(plan.path):
        raise DatabaseLocked(plan.path, database.BUSY_SECONDS)


def erase(plan: Plan, places: Sequence[Place] = LOCAL) -> Erased:
    """Remove what a plan says and the folders that are empty then; look again and tell what is left of it.

    Raises DatabaseLocked, with nothing removed, while any other program has the database open.
    """
    check_alone(plan)
    for file in plan.files:
        with suppress(OSError):  # what can't be removed is found below
            os.remove(file)
    for folder in dict.fromkeys(folder for place in places for folder in place.made(plan.path)):
        with suppress(OSError):  # something of the person's stands in it
            os.rmdir(folder)
    remaining = [file for file in plan.files if os.path.lexists(file)]
    with suppress(DatabaseMissing, NotADatabase):
        remaining += _plan_again(plan.path, places)
    removed = [file for file in plan.files if not os.path.lexists(file)]
    return Erased(plan=plan, removed=removed, remaining=sorted(set(remaining)))


def _plan_again(path: str, places: Sequence[Place]) -> list[str]:
    return plan(path, places).files


def _entries(folder: str) -> list[str]:
    """Everything in a folder that a person might have put there: files, links, folders."""
    with suppress(OSError):
        return sorted(os.path.join(folder, name) for name in os.listdir(folder))
    return []


def _others(path: str) -> list[str]:
    """Return other databases of a person's in the same folder: they share what lies beside."""
    own = os.path.realpath(path)
    found = [file for file in regular(beside(path)) if file.endswith(".db") and os.path.realpath(file) != own]
    return [file for file in found if is_ours(file) and not _sample(file)]


def _sample(path: str) -> bool:
    held = copies.state(path)[1]
    return held is not None and held.sample


def _beyond(path: str, others: Sequence[str]) -> list[str]:
    found = [
        "Copies that you made elsewhere, such as backups by `orc backup --to`, exports and printed pages.",
        "Snapshots and backups of the whole disk (Time Machine, Btrfs, ZFS, File History), and what a deleted file "
        "leaves on a disk that isn't encrypted.",
        "The history of your shell, which may hold what you typed after `orc`.",
    ]
    if others:
        found.append(f"What {others[0]} shares with it stays: imported files and reports.")
    if name := folders.synchronised(path) or folders.network(path):
        found.append(f"{name} may hold copies and older versions of these files: delete them there too.")
    return found
