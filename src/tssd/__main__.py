"""`python -m tssd` is `tssd`."""

import os
import sys

if sys.path[:1] == [os.getcwd()]:
    # Python puts the current folder first; a file random.py there would be imported for its own.
    # A network of one's own beside the recipe is found all the same: see tssd.config.paths.
    del sys.path[0]

from tssd.cli import main  # noqa: E402 - from here on

if __name__ == "__main__":
    sys.exit(main())
