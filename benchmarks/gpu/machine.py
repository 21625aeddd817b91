"""What machine this is, as JSON: `python -m benchmarks.gpu.machine FILE`."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import torch

from tssd.atomic import write_atomically
from tssd.training.environment import environment, version_of

PACKAGES = ("triton", "spikingjelly", "cupy-cuda12x", "cupy-cuda13x", "pytest")


def machine() -> dict[str, Any]:
    """The environment of a run, and what matters on CUDA besides."""
    return environment() | {
        "command": "make gpu",
        "driver": _driver(),
        "cuda_of_torch": torch.version.cuda,
        "cudnn": torch.backends.cudnn.version() if torch.cuda.is_available() else None,
        "others": {name: found for name in PACKAGES if (found := version_of(name))},
        "memory": torch.cuda.mem_get_info()[1] if torch.cuda.is_available() else None,
        "devices": torch.cuda.device_count(),
    }


def _driver() -> str | None:
    if not (program := shutil.which("nvidia-smi")):
        return None
    query = [program, "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        said = subprocess.run(query, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return next(iter(said.stdout.split()), None)


if __name__ == "__main__":
    text = json.dumps(machine(), indent=2)
    write_atomically(Path(sys.argv[1]), lambda path: path.write_text(text + "\n"))
