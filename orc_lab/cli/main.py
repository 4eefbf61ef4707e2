"""Run one command of `orc`: help from the table, an error as one sentence, an exit code. Nothing heavy loads here."""

import gc
import os
import sys
from errno import EFBIG, EIO, ENOSPC

from orc_lab.cli import table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Sequence
    from types import ModuleType

# Each class of errors.py by name, so that help needs to load none; a subclass has its parent's code.
EXIT_CODES = {
    2: (
        "a wrong option or value",
        "InvalidValue UnknownField UnknownWeek FutureWeek AmbiguousId NeedsChoice InvalidQuery WeakPassphrase",
    ),
    3: ("there is no such thing", "NotFound NothingToUndo NothingToRedo NoSession NoBackup"),
    4: ("the database can't be used", "DatabaseMissing NotADatabase NotOpened DatabaseLocked SchemaTooNew OnlySample"),
    5: ("a file or folder can't be written", "NotWritable DiskFull NoRoomForBackup DiskFailed DatabaseExists"),
    6: ("a file can't be read", "UnreadableFile"),
    7: ("the review failed", "ReviewFailed"),
    8: (
        "something stands in the way, and you decide",
        "ChangedSince ChangedElsewhere SessionOpen LongSession AlreadyExists OutputExists NotConfirmed",
    ),
    9: ("something isn't installed", "MissingProgram"),
    10: (
        "sync can't go on",
        "SyncTrouble WrongPassphrase WrongRecoveryKey MistypedRecoveryKey NoMemory NoMoreKeys Unopenable Unreadable "
        "Halted KeyringFailed SecretsExposed NoPrivateFile UnreadableSecrets",
    ),
}
HELP = ("-h", "--help")
GARBAGE = 20_000  # imports make many objects and little garbage: to look for it less often saves a tenth of `orc add`
INTERRUPTED, PIPE_CLOSED = 130, 141  # as shells call a process that SIGINT or SIGPIPE ended


def main(argv: "Sequence[str] | None" = None) -> int:
    """Run the command that the words name (by default those of this process) and return its exit code."""
    if argv is None:  # a process of its own
        gc.set_threshold(GARBAGE)
    if not _open_streams():
        return 5
    try:
        code = _answer(list(sys.argv[1:] if argv is None else argv))
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _forget_output()
        return PIPE_CLOSED
    except Exception as error:  # noqa: BLE001 - what isn't an error of ours is raised again, with its traceback
        return _told(error)


def _open_streams() -> bool:
    """Return whether there is an output; where a shell has closed standard input or error (`<&-`), nothing is there.

    Without this, what belongs on standard error would be printed among the output.
    """
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115 - open as long as the process
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    if sys.stdout is None:
        print("orc: The output can't be written: it is closed. Nothing was done.", file=sys.stderr)
    return sys.stdout is not None


def _answer(words: "list[str]") -> int:
    db, words = _database_named(words)
    if words[:1] == ["help"]:
        words = [*words[1:], "--help"]
    name, rest = _command(words)
    if name:
        return _run(name, rest, db)
    if not words or words[0] in HELP:
        print(table.listing())
    elif words[0] == "--version":
        from orc_lab import __version__

        print(f"orc {__version__}")
    elif words[0] == "exit-codes":
        print(_exit_codes())
    elif words[0] in table.FAMILIES and words[1] in HELP:
        print(table.family(words[0]))
    else:
        return _unknown(" ".join(words[: 1 + (words[0] in table.FAMILIES)]))
    return 0


def _database_named(words: "list[str]") -> "tuple[str | None, list[str]]":
    """Return the --db that stands before the command, and the words after it."""
    if len(words) > 1 and words[0] == "--db":
        return words[1], words[2:]
    if words and words[0].startswith("--db="):
        return words[0][5:], words[1:]
    return None, words


def _command(words: "list[str]") -> "tuple[str, list[str]]":
    """Return the command that the words begin with ("" where there is none), and the words after its name."""
    two = " ".join(words[:2])
    if two in table.COMMANDS:
        return two, words[2:]
    if words and words[0] in table.COMMANDS:
        return words[0], words[1:]
    options = all(word.startswith("-") and word not in HELP for word in words[1:2])
    if words and words[0] in table.FAMILIES and options:
        return f"{words[0]} {table.ALONE.get(words[0], 'list')}", words[1:]
    return "", words


def _run(name: str, words: "list[str]", db: "str | None") -> int:
    from importlib import import_module

    module = import_module(f"orc_lab.cli.{table.COMMANDS[name][0]}")
    function = name.replace(" ", "_")
    try:
        parser = _parser(name, module, function, db)
        # Options may stand between ids; but only the plain way knows that after -- nothing is one.
        args = parser.parse_args(words) if "--" in words else parser.parse_intermixed_args(words)
    except SystemExit as end:  # argparse has printed help, or what is wrong
        return int(end.code or 0)
    if sys.stdout.errors == "strict" and hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")  # a title that this terminal can't print is no reason to stop
    return getattr(module, f"do_{function}")(args) or 0


def _parser(name: str, module: "ModuleType", function: str, db: "str | None") -> "ArgumentParser":
    from argparse import ArgumentParser, RawDescriptionHelpFormatter
    from inspect import cleandoc

    from orc_lab.cli.output import width

    columns = min(width() or 100, 120) - 2
    parser = ArgumentParser(
        prog=f"orc {name}",
        description=cleandoc(getattr(module, f"do_{function}").__doc__ or ""),
        # Without a width argparse would load shutil to learn it, at each option that is declared.
        formatter_class=lambda prog: RawDescriptionHelpFormatter(prog, width=columns),
        allow_abbrev=False,
    )
    getattr(module, f"args_{function}")(parser)
    parser.add_argument("--db", metavar="PATH", default=db, help="the database to use")
    return parser


def _unknown(word: str) -> int:
    from difflib import get_close_matches

    words = {*table.COMMANDS, *table.FAMILIES}
    near = get_close_matches(word, words, n=1)
    hint = f" Did you mean `orc {near[0]}`?" if near else ""
    print(f"orc: There is no command {word!r}.{hint} `orc --help` lists them.", file=sys.stderr)
    return 2


_FAULT = "   1  `orc doctor` found a problem; or, with its traceback, a mistake in orc_lab itself"


def _exit_codes() -> str:
    lines = [f"{code:4}  {meaning} ({errors.replace(' ', ', ')})" for code, (meaning, errors) in EXIT_CODES.items()]
    last = [f"{INTERRUPTED:4}  interrupted (Ctrl-C)", f"{PIPE_CLOSED:4}  the reader of the output went away"]
    return "\n".join(["   0  all went well", _FAULT, *lines, *last])


def exit_code(error: type[BaseException]) -> int:
    """Return the exit code of a class of errors; 1 for one that isn't ours."""
    named = {name: code for code, (_, names) in EXIT_CODES.items() for name in names.split()}
    return next((named[parent.__name__] for parent in error.__mro__ if parent.__name__ in named), 1)


def _told(error: Exception) -> int:
    """Print the sentence of an error of ours, or of the system's about a file, and return its code; else raise it."""
    from orc_lab.cli.output import clean
    from orc_lab.errors import OrcError, of_system

    if isinstance(error, OSError) and error.filename is None and error.errno in (ENOSPC, EFBIG, EIO):
        _forget_output()
        print(f"orc: The output can't be written: {error.strerror}.", file=sys.stderr)
        return 5
    ours = of_system(error) if isinstance(error, OSError) else error
    if not isinstance(ours, OrcError):
        raise error
    print(f"orc: {clean(str(ours))}", file=sys.stderr)
    return exit_code(type(ours))


def _forget_output() -> None:
    """Let what is still buffered go nowhere, else the interpreter complains of the closed pipe as it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
