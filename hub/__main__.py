"""`python -m hub` is `netsee`."""

import sys

from hub.cli import main

if __name__ == "__main__":
    sys.exit(main())
