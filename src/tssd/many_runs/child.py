"""`python -P -m tssd.many_runs.child` is `tssd`, as a child that ends with its parent."""

import sys

from tssd.cli import main
from tssd.processes import follow_input

if __name__ == "__main__":
    follow_input()
    sys.exit(main())
