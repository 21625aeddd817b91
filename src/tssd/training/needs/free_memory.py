"""How much memory a process can still get."""

import os
import resource
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

PROC, CGROUP = Path("/proc"), Path("/sys/fs/cgroup")


def free_memory(device: "torch.device") -> int | None:
    """Bytes that can still be allocated on a device; None where nobody tells."""
    if device.type == "cuda":
        import torch

        free, _ = torch.cuda.mem_get_info(device)
        return free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    if device.type != "cpu":
        return None
    known = [_of_machine(), _of_group(), _of_limit()]
    return min((found for found in known if found is not None), default=None)


def _of_machine() -> int | None:
    with suppress(OSError, ValueError, KeyError):
        lines = (PROC / "meminfo").read_text().splitlines()
        kilobytes = {
            name: int(rest.split()[0]) for name, _, rest in (x.partition(":") for x in lines)
        }
        return (kilobytes["MemAvailable"] + kilobytes["SwapFree"]) * 1024
    with suppress(OSError, ValueError):  # all that is built in, where it is not told what is free
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None


def _of_group() -> int | None:
    """What a container may take."""
    with suppress(OSError, ValueError):  # "max" is no number
        used = int((CGROUP / "memory.current").read_text())
        lines = (CGROUP / "memory.stat").read_text().splitlines()
        cached = sum(int(line.split()[1]) for line in lines if line.startswith("inactive_file "))
        return max(0, int((CGROUP / "memory.max").read_text()) - used + cached)
    return None


def _of_limit() -> int | None:
    """What `ulimit -v` leaves."""
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    with suppress(OSError, ValueError):
        if limit != resource.RLIM_INFINITY:
            pages = int((PROC / "self" / "statm").read_text().split()[0])
            return max(0, limit - pages * os.sysconf("SC_PAGE_SIZE"))
    return None
