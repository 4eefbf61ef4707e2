"""What a log store does: transactions over accounts, devices and records, whatever it is made of.

A writing transaction that has locked an account is the only one that writes to it until it ends, and when it has ended
without an error everything in it is durable. A reading one sees one moment. The numbers of an account's records are
therefore given in the order in which they are committed: who has seen number 7 will never find a new 6.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from orc_lab.errors import NotOpened, OrcError, SchemaTooNew
from orc_lab.server.merge import Held

Key = tuple[str, str]  # a record's table, as it is named on the wire, and its id


class StoreFailed(OrcError):
    """The store didn't do what it was asked; nothing of the request was kept."""

    def __init__(self, why: str) -> None:
        super().__init__(f"The server's store failed ({why}). Nothing was kept of this request; try again later.")


class StoreNotOpened(NotOpened):
    """The store can't be opened."""

    def __init__(self, name: str, why: str) -> None:
        OrcError.__init__(
            self, f"The store {name} can't be opened: {why}. Check --store, and whether it may be written."
        )


class StoreTooNew(SchemaTooNew):
    """The store was written by a newer orc_lab."""

    def __init__(self, name: str, found: int, known: int) -> None:
        super().__init__(f"The store {name}", found, known)


@dataclass(slots=True, kw_only=True)
class Account:
    """An account as one transaction sees it; a changed one is written by `save`.

    `seq` is the last number that was given, `gc_seq` the highest that was removed, `digest` the sum of each table,
    `bundle` the version of its key bundle (0 for none), `bytes` what its records take.
    """

    id: int
    name: str
    epoch: str
    seq: int
    gc_seq: int
    digest: dict[str, int]
    bundle: int
    records: int
    bytes: int
    created: int


@dataclass(slots=True, kw_only=True)
class Device:
    """A device of an account: its last push, the number up to which it has everything, when it last came, and when it
    was revoked (both in seconds UTC)."""

    id: int
    account: int
    name: str
    batch: str | None
    passed: int
    seen: int | None
    revoked: int | None
    created: int


class Stored(NamedTuple):
    """A record in the store, and the bytes that it takes."""

    held: Held
    size: int


class Transaction(Protocol):
    """What can be done in one transaction; only a writing one may change anything."""

    # Accounts and devices

    def accounts(self) -> list[Account]:
        """Return all accounts by name."""

    def account(self, id: int) -> Account:
        """Return an account; a writing transaction has it for itself from now on. Raises StoreFailed if it is gone."""

    def add_account(self, name: str, *, epoch: str, now: int) -> bool:
        """Add an account; False where one has that name."""

    def remove_account(self, id: int) -> None:
        """Remove an account with everything in it."""

    def empty_account(self, account: Account) -> None:
        """Remove an account's records, its key bundle and who wrote what; its devices stay."""

    def save(self, account: Account) -> None:
        """Write what has changed of an account."""

    def devices(self, account: int) -> list[Device]:
        """Return the devices of an account, the oldest first."""

    def revoked(self, account: int) -> int:
        """Return how many devices of an account were revoked."""

    def device_of(self, key_hash: bytes) -> Device | None:
        """Return the device that has a key, revoked or not."""

    def add_device(self, account: int, name: str, key_hash: bytes, *, now: int) -> bool:
        """Add a device; False where one of the account has that name."""

    def save_device(self, device: Device) -> None:
        """Write what has changed of a device."""

    def forget_chains(self, account: int) -> None:
        """Forget the last pushes of an account's devices, and how far they have come."""

    def writers(self, account: int) -> Mapping[int, Sequence[str]]:
        """Return by device the replicas of which it pushed the newest cell."""

    def wrote(self, device: Device, clocks: Mapping[str, int]) -> None:
        """Note the newest clock of each replica in what a device pushed."""

    # Key bundles

    def bundle(self, account: int) -> tuple[int, bytes] | None:
        """Return the version and the bytes of an account's key bundle."""

    def put_bundle(self, account: Account, body: bytes) -> None:
        """Replace an account's key bundle; the account has the new version then."""

    # Records

    def records(self, account: int, keys: Collection[Key]) -> dict[Key, Stored]:
        """Return those of some records that are there."""

    def after(self, account: int, seq: int, *, upto: int) -> Iterator[Held]:
        """Return the records whose newest number is after one and not after another, in this order."""

    def keep(self, account: int, held: Iterable[Held]) -> int:
        """Write records in place of what is there of them, and return the bytes that they take.

        Raises Refused for a value that is no JSON.
        """

    def drop(self, account: int, keys: Collection[Key]) -> None:
        """Remove records."""

    def passed_by_all(self, account: int, *, since: int) -> int | None:
        """Return the number that every device has passed which isn't revoked and came since an instant; None if none
        did."""

    def collect(self, account: int, upto: int, *, limit: int) -> list[tuple[int, int]]:
        """Remove deleted records up to a number, the oldest first; return the number and the bytes of each."""


class LogStore(Protocol):
    """A store. Its methods may be called by several threads at once."""

    kind: str  # memory, sqlite or postgres
    secret: bytes  # with which its tokens are made

    def reading(self) -> AbstractContextManager[Transaction]:
        """Begin to read: everything that is read is of one moment. Raises StoreFailed."""

    def writing(self) -> AbstractContextManager[Transaction]:
        """Begin to write; when the block ends without an error everything is durable. Raises StoreFailed."""

    def close(self) -> None:
        """Close it; nothing may be asked of it then."""
