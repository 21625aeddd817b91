"""What a result depends on besides its configuration."""

import platform
import shlex
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

PACKAGES = ("tssd", "torch", "torchvision", "lightning", "numpy", "jsonargparse")


def environment() -> dict[str, Any]:
    """Command, versions, commit and machine."""
    return {
        "command": command(),
        "packages": {name: _version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": platform.processor() or platform.machine(),
        "threads": torch.get_num_threads(),
        "cuda": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "commit": _commit(),
    }


def command() -> str | None:
    """The `tssd` command line of this process, as a shell takes it; None in another program."""
    program, *words = sys.argv
    # `python -m tssd` shows the package's file.
    if Path(program).parts[-2:] != ("tssd", "__main__.py") and Path(program).stem != "tssd":
        return None
    return shlex.join(["tssd", *words])


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _commit() -> str | None:
    """Commit of the checkout that this package runs from; None for an installed wheel."""
    here = Path(__file__).parent
    if not any((parent / ".git").exists() for parent in here.parents):
        return None
    try:
        found = subprocess.run(
            ["git", "-C", str(here), "describe", "--always", "--dirty", "--abbrev=12"],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip() or None
