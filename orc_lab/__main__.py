"""`python -m orc_lab` is `orc`."""

import sys

from orc_lab.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
