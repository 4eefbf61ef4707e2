"""serve, serve accounts, serve devices: run a sync server of your own, and say who may use it."""

import logging
import os
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager

from orc_lab.cli.output import note, say, show_json, show_table
from orc_lab.errors import InvalidValue, NotConfirmed
from orc_lab.server import accounts, run
from orc_lab.server.accounts import Listed
from orc_lab.server.answer import QUOTA
from orc_lab.server.log_store.contract import Account, Device, LogStore
from orc_lab.server.log_store.opening import open_store

STORE = "orc-sync.db"


def do_serve(args: Namespace) -> None:
    """Run a sync server for devices that have a key; it listens on this computer only unless it has TLS.

    Everything it keeps is in one SQLite file, or with --store postgresql://… in a database that several such processes
    may share. Make an account with `orc serve accounts add NAME` and a key for each device with
    `orc serve devices add ACCOUNT NAME`. Stop it with Ctrl-C or SIGTERM. docs/serving.md tells all of it.
    """
    if args.behind_proxy and (args.tls_cert or args.tls_key):
        raise InvalidValue("--behind-proxy", "with --tls-cert", "one of the two")
    options = run.Options(
        host=args.host,
        port=args.port,
        cert=args.tls_cert,
        key=args.tls_key,
        proxy=args.proxy if args.behind_proxy else "",
        open_metrics=args.open_metrics,
        quota=args.quota << 20,
    )
    run.check(options)
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s", level=logging.WARNING)
    with _opened(args) as store:
        if not accounts.list_accounts(store):
            note("There is no account yet: `orc serve accounts add NAME`, in another terminal.")
        run.run(store, options, ready=_listening)


def args_serve(parser: ArgumentParser) -> None:
    """Declare the options of `orc serve`."""
    parser.add_argument("--host", default=run.HOST, help="the address to listen on (default 127.0.0.1)")
    parser.add_argument("--port", type=int, default=run.PORT, help=f"the port (default {run.PORT}; 0 takes a free one)")
    _args_store(parser)
    parser.add_argument("--tls-cert", metavar="FILE", help="a certificate with its chain (PEM)")
    parser.add_argument("--tls-key", metavar="FILE", help="its key (PEM)")
    parser.add_argument("--behind-proxy", action="store_true", help="a proxy before it has the certificate")
    parser.add_argument("--proxy", metavar="ADDRESS", default=run.HOST,
                        help="the proxy's address, which may say who the client is (default 127.0.0.1)")  # fmt: skip
    parser.add_argument("--open-metrics", action="store_true", help="answer /metrics off loopback too")
    parser.add_argument("--quota", metavar="MB", type=int, default=QUOTA >> 20,
                        help="what an account may take (default 4096)")  # fmt: skip


def do_serve_accounts(args: Namespace) -> None:
    """Add, list or remove accounts of the sync server: one for each person.

    It works while the server runs. Removing an account removes everything its devices sent; they keep what they have.
    """
    with _opened(args) as store:
        if args.what == "list":
            _list_accounts(accounts.list_accounts(store), json=args.json)
        elif args.what == "add":
            accounts.add_account(store, _given(args.name), now=int(time.time()))
            say(f"Added the account {args.name}. Give it a device: orc serve devices add {args.name} NAME")
        else:
            _confirm(args, f"Remove the account {_given(args.name)} with everything in it?", "The removal")
            gone = accounts.remove_account(store, args.name)
            say(f"Removed the account {args.name} with {gone.records:,} records.")


def args_serve_accounts(parser: ArgumentParser) -> None:
    """Declare the options of `orc serve accounts`."""
    parser.add_argument("what", nargs="?", default="list", choices=("add", "list", "remove"))
    parser.add_argument("name", nargs="?", metavar="NAME", help="the account's name")
    _args_store(parser)
    parser.add_argument("--yes", action="store_true", help="don't ask before a removal")
    parser.add_argument("--json", action="store_true", help="print the list as JSON")


def do_serve_devices(args: Namespace) -> None:
    """Add, list or revoke devices of an account. A new device's key is printed once and kept nowhere.

    It works while the server runs: a revoked device's next request is refused.
    """
    with _opened(args) as store:
        if args.what == "list":
            _list_devices(accounts.list_devices(store, args.account), json=args.json)
        elif args.what == "add":
            key = accounts.add_device(store, args.account, _given(args.name), now=int(time.time()))
            note(f"The key of {args.name}; it is shown this once. Give it to `orc sync enable` there:")
            say(key)
        else:
            first = accounts.revoke_device(store, args.account, _given(args.name), now=int(time.time()))
            say(f"{args.name} is refused from now on." if first else f"{args.name} was revoked before.")


def args_serve_devices(parser: ArgumentParser) -> None:
    """Declare the options of `orc serve devices`."""
    parser.add_argument("what", choices=("add", "list", "revoke"))
    parser.add_argument("account", metavar="ACCOUNT", help="the account's name")
    parser.add_argument("name", nargs="?", metavar="NAME", help="the device's name")
    _args_store(parser)
    parser.add_argument("--json", action="store_true", help="print the list as JSON")


def _args_store(parser: ArgumentParser) -> None:
    parser.add_argument("--store", metavar="STORE", default=os.environ.get("ORC_SERVE_STORE") or STORE,
                        help=f"a file, or postgresql://… (default: ORC_SERVE_STORE, else {STORE})")  # fmt: skip


@contextmanager
def _opened(args: Namespace) -> Iterator[LogStore]:
    store = open_store(args.store)
    try:
        yield store
    finally:
        store.close()


def _listening(address: str) -> None:
    say(f"Serving sync at {address}")
    sys.stdout.flush()


def _given(name: str | None) -> str:
    if not name:
        raise InvalidValue("the name", name or "", "a name")
    return name


def _confirm(args: Namespace, question: str, what: str) -> None:
    if args.yes:
        return
    answer = ""
    if sys.stdin.isatty():
        print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
        answer = sys.stdin.readline().strip().lower()
    if answer not in ("y", "yes"):
        raise NotConfirmed(what)


def _list_accounts(found: list[tuple[Account, list[Device]]], *, json: bool) -> None:
    if json:
        show_json(
            [
                {"name": one.name, "devices": len(devices), "records": one.records, "bytes": one.bytes,
                 "encrypted": one.bundle > 0, "last_seen": _newest(devices)}
                for one, devices in found
            ]
        )  # fmt: skip
    elif not found:
        say("There are no accounts. Add one: orc serve accounts add NAME")
    else:
        rows = [
            (one.name, f"{len(devices):,}", f"{one.records:,}", f"{one.bytes / 1e6:,.1f} MB",
             "yes" if one.bundle else "no", _when(_newest(devices)))
            for one, devices in found
        ]  # fmt: skip
        columns = ("account", "devices", "records", "size", "encrypted", "last seen")
        show_table(columns, rows, right=("devices", "records", "size"))


def _list_devices(found: list[Listed], *, json: bool) -> None:
    if json:
        show_json(
            [
                {"name": one.name, "added": one.created, "last_seen": one.seen, "revoked": one.revoked,
                 "replicas": list(replicas)}
                for one, replicas in found
            ]
        )  # fmt: skip
    elif not found:
        say("The account has no devices. Add one: orc serve devices add ACCOUNT NAME")
    else:
        rows = [(one.name, _when(one.created), _when(one.seen), _when(one.revoked)) for one, _ in found]
        show_table(("device", "added", "last seen", "revoked"), rows)


def _newest(devices: list[Device]) -> int | None:
    return max((one.seen for one in devices if one.seen is not None), default=None)


def _when(instant: int | None) -> str:
    return "" if instant is None else time.strftime("%Y-%m-%d %H:%M", time.localtime(instant))
