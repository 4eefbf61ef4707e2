"""How much one reply has: a page of records, and of the conflicts that it tells of as many as stay small."""

from itertools import accumulate

from orc_lab.server.log_store.contract import Key
from orc_lab.sync.wire import MAX_RECORDS, Conflict, Record, size

PAGE_BYTES = 1 << 20  # about so much of a reply's records
PAGE_CELLS = 2_000
_CONFLICT_BYTES = 256 << 10  # of a reply; they come as changes too


class Page:
    """The records of one reply, about as many as one may have."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.purged: list[Key] = []
        self._bytes = self._cells = 0

    def add(self, record: Record | None, purged: Key | None) -> bool:
        """Add what one number stands for; False where it has no room. The first always has."""
        if purged is not None:
            if len(self.purged) >= MAX_RECORDS:
                return False
            self.purged.append(purged)
        elif record is not None:
            taken = sum(size(cell) for some in record.groups.values() for cell in some)
            count = sum(map(len, record.groups.values()))
            if self.records and (self._bytes + taken > PAGE_BYTES or self._cells + count > PAGE_CELLS):
                return False
            self._bytes += taken
            self._cells += count
            self.records.append(record)
        return True


def limited(found: list[Conflict]) -> list[Conflict]:
    """Return as many conflicts as a reply may have."""
    sizes = accumulate(size(one.winner) + size(one.loser) for one in found)
    return [one for one, size in zip(found, sizes, strict=True) if size <= _CONFLICT_BYTES]
