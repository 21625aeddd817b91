"""Which processor trains: the same command and seed give other digits on another one.

Sums of floating-point numbers depend on the order of their terms, which vector instructions and
the libraries that choose them set.
"""

import platform
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import torch

CPUINFO = Path("/proc/cpuinfo")
# Vector extensions that libraries choose their kernels by: of x86, then of ARM.
EXTENSIONS = (
    "avx", "avx2", "fma", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "amx_bf16",
    "asimd", "sve", "bf16",
)  # fmt: skip


def processor() -> dict[str, Any]:
    """Model, vector extensions, and the kind of kernels that torch chooses by them; never fails.

    Returns: model, a name or None; extensions, those of `EXTENSIONS` that it has; kernels, such as
        AVX512, or None.
    """
    model, flags = _linux() or _macos() or (None, set[str]())
    if model is None:
        model = platform.processor() or None
    return {
        "model": model,
        "extensions": " ".join(name for name in EXTENSIONS if name in flags),
        "kernels": _kernels(),
    }


def _linux() -> tuple[str | None, set[str]] | None:
    try:
        text = CPUINFO.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # `key : value`, of the first core that says it.
    said: dict[str, str] = {}
    for key, value in re.findall(r"^([^\n:]+?)\s*:[ \t]*(.*)$", text, re.MULTILINE):
        said.setdefault(key, value.strip())
    model = said.get("model name") or said.get("cpu model") or _arm(said)
    return model, set((said.get("flags") or said.get("Features") or "").split())


def _arm(said: dict[str, str]) -> str | None:
    """ARM has numbers in place of a name."""
    numbers = [said.get(f"CPU {name}") for name in ("implementer", "part", "revision")]
    return "ARM " + "/".join(n for n in numbers if n) if any(numbers) else None


def _macos() -> tuple[str | None, set[str]] | None:
    if sys.platform != "darwin":
        return None
    flags = _sysctl("machdep.cpu.features") + " " + _sysctl("machdep.cpu.leaf7_features")
    named = flags.lower().replace("avx1.0", "avx").split()
    arm = {"asimd"} if platform.machine() == "arm64" else set[str]()
    if _sysctl("hw.optional.arm.FEAT_BF16") == "1":
        arm.add("bf16")
    return _sysctl("machdep.cpu.brand_string") or None, {*named, *arm}


def _sysctl(name: str) -> str:
    try:
        found = subprocess.run(
            ["/usr/sbin/sysctl", "-n", name],
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return found.stdout.strip()


def _kernels() -> str | None:
    try:
        return torch.backends.cpu.get_cpu_capability()
    except (AttributeError, RuntimeError):  # a build without it
        return None
