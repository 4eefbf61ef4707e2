"""Import mutated files of every format, as many as asked for: `make fuzz FORMAT=todoist-csv INPUTS=100000`.

Returns 1 where one failed; it is kept in a folder, and `--replay` imports it once more.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.importers.fuzz import campaign
from tests.importers.fuzz.subjects import subjects


def main() -> int:
    """Do what the arguments say."""
    parser = argparse.ArgumentParser(prog="fuzz", description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("formats", metavar="FORMAT", nargs="*", help=f"by default all: {', '.join(subjects())}")
    parser.add_argument("--inputs", type=int, default=1000, help="so many of each (default 1000)")
    parser.add_argument("--first", type=int, default=0, help="from which number on (default 0)")
    parser.add_argument("--seed", type=int, default=0, help="another one makes other inputs (default 0)")
    parser.add_argument("--jobs", type=int, default=1, help="processes (default 1)")
    parser.add_argument("--save", type=Path, default=Path(tempfile.gettempdir()) / "orc-fuzz", help="where failures go")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="import once more what failed")
    args = parser.parse_args()
    if args.replay is not None:
        found = campaign.replay(args.replay)
        sys.stdout.write(f"{found.told if isinstance(found, campaign.Failure) else found}\n")
        return int(isinstance(found, campaign.Failure))
    if unknown := set(args.formats) - subjects().keys():
        parser.error(f"no such format: {', '.join(unknown)}; there are {', '.join(subjects())}")
    failed = 0
    began = time.monotonic()
    for name in args.formats or subjects():
        tally = campaign.run(name, inputs=args.inputs, seed=args.seed, jobs=args.jobs, first=args.first, save=args.save)
        failed += len(tally.failures)
        sys.stdout.write("\n".join([*tally.lines(), ""]))
        sys.stdout.flush()
    sys.stdout.write(
        f"{time.monotonic() - began:,.0f} s in all" + (f"; failures are kept in {args.save}\n" if failed else "\n")
    )
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
