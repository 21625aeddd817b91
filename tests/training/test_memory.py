import platform
import resource

import pytest
import torch

from tssd.training.memory import memory_kept

MIB = 1 << 18  # floats


def faults_of_a_step():
    """Pages that a step like a training step is given by the system anew."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(4):
        torch.ones(16 * MIB)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="keeps memory of glibc alone")
def test_freed_memory_is_used_again_within_and_goes_back_to_the_system_after():
    torch.ones(1)
    pages = 16 * 1024 // 4  # of one tensor, 4 KiB each; larger pages make fewer faults
    with memory_kept():
        faults_of_a_step()
        within = faults_of_a_step()
    after = faults_of_a_step()
    assert within < pages / 100
    assert after > 10 * max(within, 1)


def test_another_c_library_trains_as_well(monkeypatch):
    monkeypatch.setattr("ctypes.CDLL", lambda name: object())
    with memory_kept():
        pass
