import resource
import subprocess
import sys

import pytest
import torch

from tssd.training.needs import free_memory as module
from tssd.training.needs.free_memory import free_memory

CPU = torch.device("cpu")
GIB = 1 << 30


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A machine with 8 GiB free and 1 GiB of swap, in a container that may take 4 GiB."""
    texts = {
        "meminfo": f"MemTotal: 1 kB\nMemAvailable:   {8 << 20} kB\nSwapFree: {1 << 20} kB\n",
        "memory.max": f"{4 * GIB}\n",
        "memory.current": f"{3 * GIB}\n",
        "memory.stat": f"anon 5\ninactive_file {GIB}\nactive_file 7\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(module, "PROC", tmp_path)
    monkeypatch.setattr(module, "CGROUP", tmp_path)
    return tmp_path


def test_the_tightest_limit_counts(files):
    assert free_memory(CPU) == 2 * GIB
    (files / "memory.max").write_text("max\n")
    assert free_memory(CPU) == 9 * GIB
    (files / "memory.current").write_text(f"{5 * GIB}")
    (files / "memory.max").write_text(f"{3 * GIB}")
    assert free_memory(CPU) == 0


def test_where_little_is_told(files):
    for file in files.iterdir():
        file.unlink()
    assert free_memory(CPU) > 0  # what is built in
    assert free_memory(torch.device("meta")) is None


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_ulimit_counts():
    code = (
        "import resource\n"
        f"resource.setrlimit(resource.RLIMIT_AS, ({64 * GIB}, resource.RLIM_INFINITY))\n"
        "from tssd.training.needs.free_memory import _of_limit\n"
        "print(_of_limit())\n"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
    assert 32 * GIB < int(out) < 64 * GIB
    if resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY:
        assert module._of_limit() is None
