"""Memory that a runtime takes: the peak of a process that does nothing else."""

import sys
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path

from tssd.bench.inputs import take
from tssd.bench.runtimes import Opening, runtime
from tssd.processes import process_pool

MIB = 1 << 20
STATUS, PEAK = Path("/proc/self/status"), Path("/proc/self/clear_refs")
# A number of timesteps, and of samples.
Size = tuple[int, int]


def peaks(name: str, opening: Opening, inputs: Path, sizes: Sequence[Size]) -> dict[Size, float]:
    """MiB of resident memory at most, of a process of its own, libraries and weights included.

    Where the system can't forget a peak, it is the largest so far, of smaller sizes first.

    Args:
        name: of the runtime.
        opening: where it finds the network.
        inputs: an array file of samples.
        sizes: what is run.
    Raises: BrokenProcessPool: the process was ended, as by a system without memory left.
    """
    with process_pool(1, get_context("spawn")) as submit:
        return submit(_peaks, name, opening, inputs, sorted(sizes)).result()


def _peaks(name: str, opening: Opening, inputs: Path, sizes: Sequence[Size]) -> dict[Size, float]:
    import numpy as np

    call, x, found = runtime(name).open(opening), np.load(inputs, mmap_mode="r"), {}
    for timesteps, batch in sizes:
        samples = take(x, 0, batch)
        call(samples, timesteps)  # what is made at the first call, and goes again
        with suppress(OSError):
            PEAK.write_text("5")  # Linux: the peak is what there is now
        call(samples, timesteps)
        found[timesteps, batch] = peak_bytes() / MIB
    return found


def peak_bytes() -> int:
    """The most resident memory of this process so far, or since its peak was forgotten."""
    if STATUS.exists():  # its getrusage would start from the parent's peak
        lines = dict(line.split(":", 1) for line in STATUS.read_text().splitlines())
        return 1024 * int(lines["VmHWM"].split()[0])
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024)
