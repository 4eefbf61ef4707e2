"""The copy of an imported file that is kept beside the database, as the fallback."""

import os
import re
from datetime import date
from pathlib import Path

from orc_lab.backup import written
from orc_lab.errors import of_system
from orc_lab.store.database import Database

LARGEST = 50 * 1024 * 1024
NOT_KEPT = "The file is larger than 50 MB: no copy of it was made, so keep it yourself."


def keep(db: Database, name: str, data: bytes | str, day: date) -> str | None:
    """Keep what was imported under the day and its name, and return the path; a copy that is there is enough.

    None for what is larger than LARGEST. Nobody but the person can read it. Raises NotWritable or DiskFull.
    """
    if len(data) > LARGEST:
        return None
    content = data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass")
    folder = Path(db.path).absolute().parent / "imports"
    stem, ending = os.path.splitext(re.sub(r"[^\w.-]+", "-", Path(name).name).strip("-.")[-80:] or "import")
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        for again in range(1, 1000):
            path = folder / f"{day}-{stem}{f'-{again}' if again > 1 else ''}{ending}"
            if not path.exists():
                beside = path.with_name(path.name + ".part")
                _written(beside, content)
                beside.replace(path)
                written.note(path)
                return str(path)
            if path.read_bytes() == content:
                return str(path)
    except OSError as error:
        raise of_system(error) from None
    return None


def _written(path: Path, data: bytes) -> None:
    """Write a file that is to outlast a power loss, as the rows do."""
    with open(path, "wb", opener=_private) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
