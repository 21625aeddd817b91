"""Commands in processes of their own, to be killed: forks, which need not import torch again."""

import os
import sys
from collections.abc import Callable, Mapping
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import torch

from tssd.cli import main

from .runs import RECIPE


def train(
    folder: Path, options: Mapping[str, Any], *, sabotage: Callable[[], object] = lambda: None
) -> BaseProcess:
    """Start `tssd train --resume`; its output goes to FOLDER.log."""
    command = ["train", RECIPE, f"--output={folder}", "--resume"]
    command += [f"--{name}={value}" for name, value in options.items()]
    process = get_context("fork").Process(target=_run, args=(command, folder, sabotage))
    process.start()
    return process


def _run(command: list[str], folder: Path, sabotage: Callable[[], object]) -> None:
    output = folder.with_suffix(".log").open("w", buffering=1)
    os.dup2(output.fileno(), 1)
    os.dup2(output.fileno(), 2)
    sys.stdout = sys.stderr = output
    # A fork does not get the threads that arithmetic may already have started here.
    torch.set_num_threads(1)
    sabotage()
    sys.exit(main(command))


def output(folder: Path) -> str:
    """What the last command on a run has printed."""
    return folder.with_suffix(".log").read_text()
