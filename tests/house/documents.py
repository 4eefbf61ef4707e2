"""Run a Markdown document as a reader would: `python documents.py README.md`, in a folder that starts empty.

Blocks run in the order of the page, in that folder:

- ```python  runs; a document's blocks share their names. With `>>>` prompts it is a doctest, and its output counts.
- ```console  each line after `$ ` runs in a shell and must succeed (a line that ends with a backslash goes on in the
  next). Lines below it, if any, are what it prints, on both streams; `…` stands for anything. `orc` is this package's.
  `cd` stays in force. Commands that a reader types before there is an `orc` (make, git, pip, pipx, uv) do not run,
  nor does a `cd` beside one of them.
- ```csv tasks.csv  (any language, then a file's name) is written to that file.
- ```sh, ```bash and ```shell are refused, so that no command hides from these rules. Everything else is shown only.
"""

import doctest
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

BEFORE_ORC = {"make", "git", "pip", "pipx", "uv"}
REFUSED = {"sh", "bash", "shell", "zsh"}
TIMEOUT = 240
FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>[\w+-]*) *(?P<file>\S*)[^\n]*\n(?P<text>.*?)^(?P=indent)```$", re.M | re.S
)


class Wrong(Exception):
    """A document says what is not so; the message tells the line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A fenced block: its language, the file it is written to ("" for none), the number of its first line, its text."""

    language: str
    file: str
    line: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command of a console block and the output shown below it ("" where none is)."""

    text: str
    output: str

    @property
    def program(self) -> str:
        return self.text.split(maxsplit=1)[0]


def blocks(document: str) -> Iterator[Block]:
    """The fenced blocks of a Markdown text."""
    for found in FENCE.finditer(document):
        yield Block(
            language=found["language"],
            file=found["file"],
            line=document.count("\n", 0, found.start("text")) + 1,
            text=dedent(found["text"]),
        )


def commands(text: str) -> list[Command]:
    """The commands of a console block; what stands before the first `$ ` is nobody's output and is left out."""
    pieces = re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]
    found = (re.fullmatch(r"((?:[^\n]*\\\n)*[^\n]*)\n?(.*)", piece, re.DOTALL) for piece in pieces)
    return [Command(text=command, output=output.strip()) for command, output in (f.groups() for f in found if f)]


def matches(shown: str, printed: str) -> bool:
    """Whether the output shown is the one printed, blanks at line ends aside; `…` stands for anything."""
    told, said = (re.sub(r"[ \t]+$", "", text.strip(), flags=re.MULTILINE) for text in (shown, printed))
    return re.fullmatch(".*?".join(map(re.escape, told.split("…"))), said, re.DOTALL) is not None


def run_python(block: Block, path: Path, names: dict[str, Any]) -> None:
    """Run a block as code, or as a doctest where it has prompts. Raises what the code raises, or Wrong."""
    if not block.text.lstrip().startswith(">>>"):
        exec(compile("\n" * (block.line - 1) + block.text, str(path), "exec"), names)  # a traceback tells its line
        return
    test = doctest.DocTestParser().get_doctest(block.text, names, path.name, str(path), block.line - 1)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    runner.run(test, clear_globs=False)
    names.update(test.globs)
    if runner.failures:
        raise Wrong(f"{path.name}:{block.line}: the output above is not the one shown")


def run_console(block: Block, path: Path) -> None:
    """Run a block's commands. Raises Wrong at the first that fails or prints something else."""
    listed = commands(block.text)
    skipped = {"cd", *BEFORE_ORC} if any(command.program in BEFORE_ORC for command in listed) else set()
    for command in listed:
        if command.program in skipped:
            continue
        where = f"{path.name}:{block.line}: $ {command.text}"
        if command.program == "cd":
            os.chdir(command.text.split(maxsplit=1)[1])
            continue
        code, printed = run_shell(command.text)
        if code:
            raise Wrong(f"{where}\nends with exit code {code}:\n{printed}")
        if command.output and not matches(command.output, printed):
            raise Wrong(f"{where}\nis shown to print\n{command.output}\nand prints\n{printed}")


def run_shell(command: str) -> tuple[int, str]:
    """The exit code and the output, both streams, of a shell command in which `orc` is this package's."""
    script = f'orc() {{ "{sys.executable}" -m orc_lab "$@"; }}\n{command}'
    done = subprocess.run(
        ["sh", "-c", script],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=TIMEOUT,
        check=False,
    )
    return done.returncode, done.stdout


def run(path: Path) -> None:
    """Run a whole document in the current folder. Raises Wrong, or what a python block raises."""
    names: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks(path.read_text(encoding="utf-8")):
        if block.language in REFUSED:
            raise Wrong(f"{path.name}:{block.line}: ```{block.language}: write ```console, or ```text if it can't run")
        if block.file:
            Path(block.file).write_text(block.text, encoding="utf-8")
        elif block.language == "python":
            run_python(block, path, names)
        elif block.language == "console":
            run_console(block, path)


if __name__ == "__main__":
    try:
        run(Path(sys.argv[1]))
    except Wrong as wrong:
        sys.exit(str(wrong))
