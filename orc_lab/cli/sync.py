"""sync enable, disable, pause, resume, now, watch, status, devices, passphrase, verify: keep devices in step.

Secrets are asked for, or read from standard input, a line each; they are never words of a command.
"""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from orc_lab.cli import place
from orc_lab.cli.output import note, say, show_json, show_table
from orc_lab.errors import OrcError
from orc_lab.store import syncing
from orc_lab.sync.setup import Setup
from orc_lab.sync.status import SyncStatus, status
from orc_lab.sync.trouble import NotEnabled, SyncTrouble
from orc_lab.workbench.bench import Workbench

if TYPE_CHECKING:  # what speaks HTTP loads where it is used: `orc sync status` needs none of it
    from orc_lab.sync.device import Enabled
    from orc_lab.sync.exchange import Synced


class Differs(SyncTrouble):
    """Both sides don't hold the same."""

    def __init__(self, count: int) -> None:
        super().__init__(
            f"{count:,} records differ between this device and the server. `orc sync now` compares everything and "
            "sends what is missing; where they differ after that, keep both databases and report it."
        )


def do_sync_enable(args: Namespace) -> None:
    """Enable sync with a server, or join an account that another device has begun.

    It asks for the device key that `orc serve devices add` printed, and for a passphrase; or it reads them from
    standard input, a line each. The passphrase never leaves this device, and nobody can look it up: an account's first
    device prints a recovery key, once. Nothing is sent before all that, and the scope (--exclude), stand.
    """
    from orc_lab.sync import calls, device

    with place.editing(args) as wb:
        asks = args.device_key or args.recovery
        key = _ask(f"{device.DEVICE_KEY}: ") if asks else None
        if args.device_key and not key:
            raise device.NeedsSecret("device_key", device.DEVICE_KEY)
        done = calls.enable_sync(
            wb,
            args.endpoint,
            device_key=key,
            recovery_key=_ask("The recovery key: ") if args.recovery else None,
            join=args.join,
            paused=args.paused,
            exclude=args.exclude,
            background=False,
            ask=_ask,
        )
        paused = Setup.read(wb.db).paused  # maybe since before: who enables again, for a new key, didn't resume
        if not args.json:  # the recovery key is nowhere else: it is shown before anything can go wrong
            _tell_enabled(done)
            sys.stdout.flush()
        first = None
        try:
            first = None if paused else _first_sync(wb)
        finally:
            if args.json:
                show_json({"endpoint": done.endpoint, "first_device": done.first, "keys_in": done.where,
                           "recovery_key": done.recovery_key, "adopted": done.adopted, "switched_from": done.switched,
                           "waiting": done.waiting, "sync": first and _plain(first)})  # fmt: skip
    if args.json:
        return
    if first is None:
        say("It is paused: nothing leaves but on `orc sync now`, until `orc sync resume`.")
        return
    say(_done(first))
    say("`orc sync watch` keeps in step from now on, and so does every notebook that says sync_in_background(wb).")


def args_sync_enable(parser: ArgumentParser) -> None:
    """Declare the options of `orc sync enable`."""
    parser.add_argument("--endpoint", metavar="URL", help="the server (default: ORC_SYNC_ENDPOINT, or that of before)")
    parser.add_argument("--join", action="store_true", help="only join: fail where no device has begun the account")
    parser.add_argument("--recovery", action="store_true", help="join with the recovery key, not the passphrase")
    parser.add_argument("--device-key", action="store_true", help="ask for a new device key, not use the one of before")
    parser.add_argument("--exclude", action="append", default=[], metavar="WHAT",
                        help="keep here: project:TITLE, table:NAME, fields:TABLE.GROUP; repeatable")  # fmt: skip
    parser.add_argument("--paused", action="store_true", help="send nothing yet, only on `orc sync now`")
    parser.add_argument("--json", action="store_true", help="print JSON")


def do_sync_disable(args: Namespace) -> None:
    """Stop syncing. Everything stays on this device, also what waits to be sent; enabling again goes on from there.

    It asks whether this device's keys shall be removed too (--forget, --keep-keys). The server keeps what it has.
    """
    from orc_lab.sync import device

    with place.editing(args) as wb:
        if not (setup := Setup.read(wb.db)).enabled and not (args.forget and setup.place):
            raise NotEnabled
        forget = args.forget or (not args.keep_keys and _yes("Remove the keys of this device as well? [y/N] "))
        device.disable(wb.db, forget=forget)
        waiting = sum(_waiting(wb).values())
    if args.json:
        show_json({"enabled": False, "forgotten": forget, "waiting": waiting})
        return
    say("Sync is disabled. Everything is still here" + (", and the keys of this device are gone." if forget else "."))
    if waiting:
        say(f"{waiting:,} records were never sent; they go out when sync is enabled again.")


def args_sync_disable(parser: ArgumentParser) -> None:
    """Declare the options of `orc sync disable`."""
    parser.add_argument("--forget", action="store_true", help="remove this device's keys too; don't ask")
    parser.add_argument("--keep-keys", action="store_true", help="keep them, so that enabling again asks for nothing")
    parser.add_argument("--json", action="store_true", help="print JSON")


def do_sync_pause(args: Namespace) -> None:
    """Have nothing leave this device but on `orc sync now`."""
    _pause(args, paused=True)


def args_sync_pause(parser: ArgumentParser) -> None:
    """Declare the options of `orc sync pause`."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def do_sync_resume(args: Namespace) -> None:
    """Sync by itself again after `orc sync pause`."""
    _pause(args, paused=False)


def args_sync_resume(parser: ArgumentParser) -> None:
    """Declare the options of `orc sync resume`."""
    args_sync_pause(parser)


def do_sync_now(args: Namespace) -> None:
    """Sync now, also while it is paused, until both sides hold the same."""
    from orc_lab.sync import calls

    with place.editing(args) as wb:
        done = calls.force_sync_all(wb)
    if args.json:
        show_json(_plain(done))
        return
    say(_done(done))
    for (table, id), why in done.refused:
        note(f"{table} {id}: {why}")


def args_sync_now(parser: ArgumentParser) -> None:
    """Declare the options of `orc sync now`."""
    args_sync_pause(parser)


def do_sync_watch(args: Namespace) -> None:
    """Stay and sync: every 5 minutes, and 2 s after the last edit by any program. Ctrl-C ends it."""
    with place.editing(args) as wb:
        Setup.needed(wb.db)
        path = wb.db.file
    from orc_lab.sync.loop import Loop

    note("Syncing every 5 minutes and after each edit. Ctrl-C ends it.")
    Loop(path, told=lambda what: _tell_watched(what, as_json=args.json)).run()
    say("Sync was disabled.")


def args_sync_watch(parser: ArgumentParser) -> None:
    """Declare the options of `orc sync watch`."""
    parser.add_argument("--json", action="store_true", help="print a line of JSON for each sync")


def do_sync_status(args: Namespace) -> None:
    """Show how sync stands: what waits, what is undecided, refused or kept here, and what went wrong last."""
    with place.reading(args) as wb:
        found = status(wb.db)
    if args.json:
        show_json(found.as_dict())
        return
    if not found.enabled:
        say("Sync is not enabled: nothing leaves this device. `orc sync enable --endpoint URL` enables it.")
    else:
        rows = [(name, text) for name, text in _told(found) if text]
        width = max(len(name) for name, _ in rows)
        say("\n".join(f"{name:{width}}  {text}" for name, text in rows))
    for warning in found.warnings:
        say(f"Warning: {warning}")


def args_sync_status(parser: ArgumentParser) -> None:
    """Declare the options of `orc sync status`."""
    args_sync_pause(parser)


def do_sync_devices(args: Namespace) -> None:
    """List the account's devices as the server knows them. Whoever runs it adds and revokes them (`orc serve devices`).

    A device that was revoked is refused, and what is written from then on is sealed with a key that it never had.
    """
    with place.reading(args) as wb:
        Setup.needed(wb.db)
        path = wb.db.file
    from orc_lab.sync.syncer import Syncer

    with Syncer(path) as syncer:
        devices = syncer.devices()
    if args.json:
        show_json(devices)
        return
    rows = [
        (str(one["name"]), "this one" if one["self"] else "", _when(one["seen"]), "revoked" if one["revoked"] else "")
        for one in devices
    ]
    show_table(("device", "", "last seen", "state"), rows)


def args_sync_devices(parser: ArgumentParser) -> None:
    """Declare the options of `orc sync devices`."""
    args_sync_pause(parser)


def do_sync_passphrase(args: Namespace) -> None:
    """Change the account's passphrase; devices that have joined go on as they are.

    With --recovery make another recovery key instead. With --renew make new keys as well, when a device is lost whose
    copy of them may be read: each other device then needs the passphrase once more.
    """
    from orc_lab.sync.device import NEW_PASSPHRASE, Account

    with place.editing(args) as wb, Account(wb.db) as account:
        printed: str | None = None
        if args.recovery:
            printed = account.new_recovery()
        elif args.renew:
            printed = account.renew(_ask(f"{NEW_PASSPHRASE}: "))
        else:
            account.change_passphrase(_ask(f"{NEW_PASSPHRASE}: "))
    if args.json:
        show_json({"changed": True, "recovery_key": printed})
        return
    if args.renew:
        say("Done. Every other device needs the passphrase once more: `orc sync enable` there.")
    else:
        say("Done. Each device that joins from now on needs it; those that sync already go on as they are.")
    if printed:
        _tell_recovery(printed)


def args_sync_passphrase(parser: ArgumentParser) -> None:
    """Declare the options of `orc sync passphrase`."""
    parser.add_argument("--recovery", action="store_true", help="make another recovery key; the former one ends")
    parser.add_argument("--renew", action="store_true", help="make new keys, a new passphrase and a new recovery key")
    parser.add_argument("--json", action="store_true", help="print JSON")


def do_sync_verify(args: Namespace) -> None:
    """Fetch everything that the server holds, open it, and compare it with what is here; nothing is changed."""
    with place.reading(args) as wb:
        Setup.needed(wb.db)
        path = wb.db.file
    from orc_lab.sync.verify import verify

    report = verify(path)
    if args.json:
        show_json(report.as_dict())
    else:
        say(f"Compared {report.compared:,} records: {report.same:,} are the same on both sides.")
        if report.waiting:
            say(f"{report.waiting:,} differ because they wait to be sent or received (`orc sync now`) or")
            say("decided on (`orc sync conflicts`), or were refused (`orc sync status`).")
        for one in report.differing[:20]:
            say(f"  {one.table} {one.title or one.id}: {one.what}")
    if report.differing:
        raise Differs(len(report.differing))


def args_sync_verify(parser: ArgumentParser) -> None:
    """Declare the options of `orc sync verify`."""
    args_sync_pause(parser)


# What is asked


def _ask(question: str) -> str:
    """A secret: from a terminal without showing it, else the next line of standard input.

    A new passphrase is typed twice at a terminal: a slip in it would be found too late.
    """
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    from getpass import getpass

    from orc_lab.sync.device import NEW_PASSPHRASE

    typed = getpass(question, stream=sys.stderr)
    while question.startswith(NEW_PASSPHRASE) and getpass("Once more: ", stream=sys.stderr) != typed:
        note("They differ.")
        typed = getpass(question, stream=sys.stderr)
    return typed


def _yes(question: str) -> bool:
    if not sys.stdin.isatty():
        return False
    print(question, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


# What is told


def _tell_enabled(done: "Enabled") -> None:
    say(f"Sync with {done.endpoint} is enabled; the keys of this device are in {done.where}.")
    if done.switched:
        say(f"Before it was {done.switched}. Nothing of what is here was dropped: all of it goes to the new server, "
            "and the former one keeps what it has.")  # fmt: skip
    if done.adopted:
        say("This database belongs to the account now; what was in it stays and is joined with the other devices'.")
    if done.recovery_key:
        _tell_recovery(done.recovery_key)


def _tell_recovery(key: str) -> None:
    say(f"""
The recovery key, shown this once:

    {key}

Write it down and keep it away from this computer. Who forgets the passphrase and has neither it nor a device that
syncs can't read the account's data any more, and nobody else can.
""")


def _told(found: SyncStatus) -> Sequence[tuple[str, str]]:
    waits = ", ".join(f"{count:,} {table.replace('_', ' ')}" for table, count in found.pending.items())
    error = found.last_error
    return (
        ("server", found.endpoint + (" (paused: nothing leaves but on `orc sync now`)" if found.paused else "")),
        ("this device", found.device),
        ("last sync", _when(found.last_sync) or "never"),
        ("both sides", {True: "hold the same", False: "differ: see `orc sync verify`", None: ""}[found.same]),
        ("waiting", waits or "nothing"),
        ("conflicts", f"{found.conflicts:,}: see `orc sync conflicts`" if found.conflicts else "none"),
        ("refused", "\n             ".join(f"{one.title or one.id} ({one.table}): {one.reason}, {one.detail}"
                                           for one in found.rejected[:10])),
        ("kept here", ", ".join(found.kept_here)),
        ("taken back", f"{found.unshared:,} records, {found.by_peers:,} of them by another device"
                       if found.unshared else ""),
        ("clock", f"{found.clock_offset:+,g} s are added, as the server's time says" if found.clock_offset else ""),
        ("last error", f"{_when(int(error['at']))}: {error['text']}" if error else ""),
    )  # fmt: skip


def _done(done: "Synced") -> str:
    found = f"Synced: {done.sent:,} sent, {done.received:,} changed here"
    if done.conflicts:
        found += f", {len(done.conflicts):,} new {'conflict' if len(done.conflicts) == 1 else 'conflicts'}"
    if done.refused:
        found += f", {len(done.refused):,} refused"
    if done.later:
        return f"{found}. That isn't all: the next sync goes on."
    return f"{found}." + ("" if done.same else " Both sides still differ: see `orc sync verify`.")


def _plain(done: "Synced") -> dict[str, object]:
    return {
        "sent": done.sent, "received": done.received, "requests": done.requests, "same": done.same,
        "later": done.later,
        "conflicts": [{"table": table, "id": id, "group": group} for (table, id), group in done.conflicts],
        "refused": [{"table": table, "id": id, "why": why} for (table, id), why in done.refused],
    }  # fmt: skip


def _tell_watched(what: "Synced | OrcError", *, as_json: bool) -> None:
    if as_json:
        import json

        found = _plain(what) if not isinstance(what, OrcError) else {"error": type(what).__name__, "text": str(what)}
        print(json.dumps({"at": int(datetime.now().astimezone().timestamp()), **found}), flush=True)
    elif isinstance(what, OrcError):
        note(f"{datetime.now().astimezone():%H:%M:%S} {what}")
    elif what.sent or what.received:
        say(f"{datetime.now().astimezone():%H:%M:%S} {_done(what)}")
        sys.stdout.flush()


def _first_sync(wb: Workbench) -> "Synced":
    from orc_lab.sync import calls

    note("Syncing for the first time …")
    return calls.force_sync_all(wb)


def _pause(args: Namespace, *, paused: bool) -> None:
    from orc_lab.sync import device

    with place.editing(args) as wb:
        device.pause(wb.db, paused=paused)
    if args.json:
        show_json({"paused": paused})
    else:
        say("Paused: nothing leaves but on `orc sync now`." if paused else "Sync goes on by itself again.")


def _waiting(wb: Workbench) -> dict[str, int]:
    from orc_lab.sync.status import pending

    return pending(wb.db, syncing.state(wb.db))


def _when(at: int | None) -> str:
    return "" if at is None else f"{datetime.fromtimestamp(at).astimezone():%Y-%m-%d %H:%M}"
