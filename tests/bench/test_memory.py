import mmap

import numpy as np
import pytest

from tssd.bench import memory
from tssd.bench.runtimes import Opening, Runtime


def test_the_peak_is_that_of_what_was_run():
    try:
        memory.PEAK.write_text("5")  # other tests have left a higher one
    except OSError as error:
        pytest.skip(f"the system can't forget a peak: {error}")
    before = memory.peak_bytes()
    with mmap.mmap(-1, 64 << 20) as held:
        for page in range(0, len(held), mmap.PAGESIZE):
            held[page] = 1
    assert memory.peak_bytes() - before > 32 << 20


def test_each_size_is_run_twice_and_small_ones_first(monkeypatch, tmp_path):
    seen = []

    def opened(opening):
        return lambda x, timesteps: seen.append((timesteps, x.shape))

    stand_in = Runtime("stand-in", "float32", False, (), None, None, opened)
    monkeypatch.setattr(memory, "runtime", lambda name: stand_in)
    monkeypatch.setattr(memory, "PEAK", tmp_path / "clear_refs")
    monkeypatch.setattr(memory, "process_pool", lambda *_: Here())
    np.save(tmp_path / "inputs.npy", np.zeros((2, 1, 4, 4), np.float32))
    opening = Opening("run", None, (), tmp_path, 1)
    found = memory.peaks("stand-in", opening, tmp_path / "inputs.npy", [(4, 2), (1, 3)])
    assert seen == [(1, (3, 1, 4, 4))] * 2 + [(4, (2, 1, 4, 4))] * 2
    assert (tmp_path / "clear_refs").read_text() == "5"
    assert list(found) == [(1, 3), (4, 2)]
    assert all(
        mib == pytest.approx(memory.peak_bytes() / (1 << 20), rel=0.2) for mib in found.values()
    )


class Here:
    """A pool of this process."""

    def __enter__(self):
        def submit(work, *given):
            self.made = work(*given)
            return self

        return submit

    def __exit__(self, *_):
        pass

    def result(self):
        return self.made
