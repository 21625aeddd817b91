"""`python -m tssd` is `tssd`."""

import sys

from tssd.cli import main

if __name__ == "__main__":
    sys.exit(main())
