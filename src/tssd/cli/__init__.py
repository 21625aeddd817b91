"""The command `tssd`."""

from tssd.cli.main import main

__all__ = ["main"]
