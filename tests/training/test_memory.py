import platform
import subprocess
import sys

import pytest

from tssd.training.memory import memory_kept

# Pages that steps, each of four blocks of 16 MiB, are given by the system anew, within and after.
# In a process of its own, since what a heap holds already decides where a block goes.
STEPS = """
import resource
import torch
from tssd.training.memory import memory_kept

def faults_of_a_step():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(4):
        torch.ones(2**22)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

torch.ones(1)
with memory_kept():
    for _ in range(6):  # until the heap has grown to what a step needs
        within = faults_of_a_step()
print(within, faults_of_a_step())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="keeps memory of glibc alone")
def test_freed_memory_is_used_again_within_and_goes_back_to_the_system_after():
    pages = 16 * 1024 // 4  # of one block, 4 KiB each; larger pages make fewer faults
    found = subprocess.run(
        [sys.executable, "-c", STEPS], capture_output=True, text=True, check=True
    )
    within, after = map(int, found.stdout.split())
    assert within < pages / 100
    assert after > 10 * max(within, 1)


def test_another_c_library_trains_as_well(monkeypatch):
    monkeypatch.setattr("ctypes.CDLL", lambda name: object())
    with memory_kept():
        pass
