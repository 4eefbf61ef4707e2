"""What can stand between a device and its server, each with its sentence: what happened, and the next step.

Whatever it is, nothing that waits to be sent is lost, and edits go on.
"""

from orc_lab.errors import OrcError

_WAITS = "What you write is kept and goes out with a later sync."


class SyncTrouble(OrcError):
    """Sync can't go on for now. `passing` says whether to try again by itself makes sense."""

    passing = False


class Halted(OrcError):
    """What ends a sync rather than refuse one record: nothing of the page is applied, so that it comes again."""


class NotEnabled(SyncTrouble):
    """Sync was asked for where it isn't enabled."""

    def __init__(self) -> None:
        super().__init__("Sync is not enabled. Enable it with `orc sync enable --endpoint URL`.")


class NoEndpoint(SyncTrouble):
    """Nobody named a server, and there is no default."""

    def __init__(self) -> None:
        super().__init__("Which server? Name it with --endpoint URL or ORC_SYNC_ENDPOINT; there is no default one.")


class BadEndpoint(SyncTrouble):
    """An address that no sync server can have, or that would send everything readable over a network."""

    def __init__(self, endpoint: str, why: str) -> None:
        super().__init__(f"{endpoint!r} can't be the server's address: {why}. Nothing was sent.")


class BadKey(SyncTrouble):
    """A text that can't be a device key."""

    def __init__(self) -> None:
        super().__init__(
            "That is no device key: it is one line of printable ASCII characters, as `orc serve devices add` prints it."
        )


class Unreachable(SyncTrouble):
    """No connection: offline, another address, nothing runs there."""

    passing = True

    def __init__(self, endpoint: str, why: str) -> None:
        super().__init__(f"{endpoint} can't be reached ({why}). {_WAITS}")


class NotTrusted(SyncTrouble):
    """The server's certificate isn't one that this computer trusts."""

    def __init__(self, endpoint: str, why: str) -> None:
        super().__init__(
            f"{endpoint} has no certificate that this computer trusts ({why}), so nothing was sent. Where it is your "
            "own, name the file of its authority in SSL_CERT_FILE."
        )


class Hung(SyncTrouble):
    """The server took the connection and didn't answer, or not to the end, in time."""

    passing = True

    def __init__(self, endpoint: str, seconds: float) -> None:
        super().__init__(f"{endpoint} didn't answer within {seconds:g} s. {_WAITS}")


class Truncated(SyncTrouble):
    """The connection ended before the reply did."""

    passing = True

    def __init__(self, endpoint: str, why: str) -> None:
        super().__init__(f"{endpoint} broke off in the middle ({why}). {_WAITS}")


class NotOurs(SyncTrouble):
    """What came back is no reply of a sync server: a login page of the network, or another service."""

    def __init__(self, endpoint: str, what: str) -> None:
        super().__init__(
            f"{endpoint} answered with {what}, as no sync server does. Where the network wants you to log in first, do "
            f"it in a browser; else check the address. {_WAITS}"
        )


class TooMuch(SyncTrouble):
    """A reply larger than any of the protocol, maybe only once it is decompressed."""

    def __init__(self, endpoint: str, most: int) -> None:
        super().__init__(f"{endpoint} answered with more than {most >> 20} MiB, which was not read. {_WAITS}")


class WrongEndpoint(SyncTrouble):
    """There is a server, and no sync at that path."""

    def __init__(self, endpoint: str, why: str) -> None:
        super().__init__(
            f"{endpoint} is no sync server ({why}). Check the address with whoever runs it: `orc serve` prints it."
        )


class WrongKey(SyncTrouble):
    """The server doesn't know this device's key, or has revoked it."""

    def __init__(self, endpoint: str) -> None:
        super().__init__(
            f"{endpoint} doesn't take this device's key: it is wrong or was revoked. Give a new one with `orc sync "
            f"enable --device-key`. {_WAITS}"
        )


class ServerTooOld(SyncTrouble):
    """The server speaks an earlier protocol than this orc_lab."""

    def __init__(self, endpoint: str, theirs: object, ours: int) -> None:
        super().__init__(
            f"{endpoint} speaks version {theirs} of the protocol, this orc_lab {ours}. Upgrade the server. {_WAITS}"
        )


class ServerTooNew(SyncTrouble):
    """The server speaks a later protocol than this orc_lab."""

    def __init__(self, endpoint: str, theirs: object, ours: int) -> None:
        super().__init__(
            f"{endpoint} speaks version {theirs} of the protocol, this orc_lab only {ours}. Upgrade orc_lab. {_WAITS}"
        )


class ServerBusy(SyncTrouble):
    """The server asks for patience; `wait` is for how many seconds."""

    passing = True

    def __init__(self, endpoint: str, wait: float) -> None:
        self.wait = wait
        super().__init__(f"{endpoint} asks to wait {wait:,.0f} s before the next try. {_WAITS}")


class ServerFailed(SyncTrouble):
    """The server failed by itself."""

    passing = True

    def __init__(self, endpoint: str, status: int) -> None:
        super().__init__(f"{endpoint} failed (HTTP {status}); its log tells why. {_WAITS}")


class RequestTooLarge(SyncTrouble):
    """The server takes less in one request than the protocol says."""

    def __init__(self, endpoint: str) -> None:
        super().__init__(
            f"{endpoint} doesn't take a request of 1 MiB: a proxy before it may have a smaller limit. {_WAITS}"
        )


class Unaccepted(SyncTrouble):
    """The server found a request wrong as a whole; `reason` is its word for it."""

    def __init__(self, endpoint: str, reason: str, detail: str) -> None:
        self.reason = reason
        super().__init__(f"{endpoint} didn't take the request ({reason}{': ' if detail else ''}{detail}). {_WAITS}")


class TokenRefused(Unaccepted):
    """The server didn't give this token to this device: it was set up anew, or the key is another device's."""


class KeysChanged(SyncTrouble):
    """Another device changed the account's keys at the same moment."""

    def __init__(self) -> None:
        super().__init__("Another device changed the account's keys at this moment. Nothing was changed; try again.")


class SyncBusy(SyncTrouble):
    """Another program syncs this database right now."""

    passing = True

    def __init__(self, holder: str) -> None:
        super().__init__(
            f"Another program syncs this database at this moment ({holder}). `orc sync status` shows what it has done."
        )
