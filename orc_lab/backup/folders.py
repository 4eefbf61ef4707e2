"""Folders that another program synchronises, or that lie on another computer: no place for a database in use.

Such a program copies the database and its log at different moments, or brings an older one back; a network file system
may not keep the locks. Either loses edits, and neither says so.
"""

import os
import re
from collections.abc import Sequence

# The name of a folder on the way to the database, as the synchronising programs call theirs.
_NAMES = (
    (re.compile(r"dropbox( \(.+\))?", re.IGNORECASE), "Dropbox"),
    (re.compile(r"onedrive( - .+|-.+)?", re.IGNORECASE), "OneDrive"),
    (re.compile(r"mobile documents|com~apple~clouddocs|icloud ?drive", re.IGNORECASE), "iCloud"),
    (re.compile(r"google ?drive|googledrive-.+|my drive", re.IGNORECASE), "Google Drive"),
    (re.compile(r"nextcloud|owncloud", re.IGNORECASE), "Nextcloud"),
    (re.compile(r"pcloud ?drive|pclouddrive", re.IGNORECASE), "pCloud"),
    (re.compile(r"cloudstorage", re.IGNORECASE), "a cloud provider"),
)
# What the programs leave in the topmost folder that they synchronise.
_MARKS = ((".stfolder", "Syncthing"), (".dropbox", "Dropbox"), (".owncloudsync.log", "Nextcloud"))
_NETWORK = re.compile(
    r"nfs\d?|cifs|smb\d?|smbfs|afs|afpfs|ceph|glusterfs|9p|davfs|lustre"
    r"|fuse\.(sshfs|rclone|s3fs|davfs2?|gvfsd-fuse|glusterfs|google-drive-ocamlfuse|onedriver|.*rclone.*)"
)
MOUNTS = "/proc/self/mountinfo"


def synchronised(path: str) -> str | None:
    """Return the name of the program that seems to synchronise the folder of a path; None where none does."""
    folders = _upwards(os.path.realpath(path)) + _upwards(os.path.abspath(path))
    for folder in folders:
        for mark, name in _MARKS:
            if os.path.exists(os.path.join(folder, mark)):
                return name
        for pattern, name in _NAMES:
            if pattern.fullmatch(os.path.basename(folder)):
                return name
    return None


def network(path: str, mounts: str | None = None) -> str | None:
    """Return the type of the network file system that a path lies on, such as `nfs4`; None where it lies on none.

    `mounts` is what the system says of its mounts (Linux's mountinfo); where it says nothing, nothing is known.
    """
    real = os.path.realpath(path)
    if real.startswith(("\\\\", "//")):
        return "a network share"
    kind = max(((len(point), kind) for point, kind in _mounted(mounts) if _below(real, point)), default=(0, ""))[1]
    return kind if _NETWORK.fullmatch(kind) else None


def _mounted(mounts: str | None) -> Sequence[tuple[str, str]]:
    if mounts is None:
        try:
            with open(MOUNTS, encoding="utf-8", errors="surrogateescape") as file:
                mounts = file.read()
        except OSError:
            return ()
    lines = (line.partition(" - ") for line in mounts.splitlines())
    return [(_plain(mount.split()[4]), rest.split()[0]) for mount, _, rest in lines if rest and len(mount.split()) > 4]


def _plain(point: str) -> str:
    return re.sub(r"\\(\d{3})", lambda found: chr(int(found[1], 8)), point)  # a blank is \040 there


def _below(path: str, point: str) -> bool:
    return path == point or path.startswith(point.rstrip("/") + "/")


def _upwards(path: str) -> list[str]:
    found = []
    while (above := os.path.dirname(path)) != path:
        found.append(above)
        path = above
    return found
