"""What a result depends on besides its configuration."""

import os
import platform
import shlex
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from tssd.training.processor import processor

PACKAGES = ("tssd", "torch", "torchvision", "lightning", "numpy", "jsonargparse")


def environment() -> dict[str, Any]:
    """Command, versions, commit and machine."""
    return {
        "command": command(),
        "packages": {name: version_of(name) for name in PACKAGES},
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": platform.processor() or platform.machine(),
        "cpu": processor(),
        "threads": torch.get_num_threads(),
        "cuda": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "commit": _commit(),
    }


def command() -> str | None:
    """The `tssd` command line of this process, as a shell takes it; None in another program."""
    program, *words = sys.argv
    # `python -m tssd` shows the package's file, and so do the children that train many runs.
    files = (("tssd", "__main__.py"), ("many_runs", "child.py"))
    if Path(program).parts[-2:] not in files and Path(program).stem != "tssd":
        return None
    return shlex.join(["tssd", *words])


def version_of(package: str) -> str | None:
    """Version of an installed package; None where it is not."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _commit() -> str | None:
    """Commit of the checkout of tssd that this runs from; None for an installed package.

    A repository that only happens to enclose the package, as one with a virtual environment in it
    does, says nothing about it; and to ask a repository can run the programs that it names.
    """
    root = Path(__file__).resolve().parents[3]  # of src/tssd/training/environment.py
    git = shutil.which("git")
    if not _is_checkout(root) or git is None or not os.path.isabs(git):
        return None
    command = [git, "-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}"]
    command += ["-C", str(root), "describe", "--always", "--dirty", "--abbrev=12"]
    # Inside a hook of another repository GIT_DIR would name that one.
    surroundings = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    try:
        found = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
            stdin=subprocess.DEVNULL,
            env=surroundings | {"GIT_OPTIONAL_LOCKS": "0"},
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip() or None


def _is_checkout(root: Path) -> bool:
    """Whether a folder is the root of a repository that is tssd's and holds this very file."""
    if not (root / ".git").exists() or Path(__file__).resolve().parents[1] != root / "src" / "tssd":
        return False
    try:
        project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return project.get("project", {}).get("name") == "tssd"
