"""`python -m skreg`: the command line."""

import sys

from skreg.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
