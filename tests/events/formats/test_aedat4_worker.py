import json
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tssd.events.formats import aedat4_worker
from tssd.events.formats.aedat4_worker import packets
from tssd.processes import lifeline

from .aedat4_files import header, packet, stream
from .recordings import recording


def run(path, begin, *, memory=2**29, seconds=20):
    command = [sys.executable, "-P", aedat4_worker.__file__, path, begin, memory, seconds]
    with lifeline() as end:
        done = subprocess.run(list(map(str, command)), stdin=end, capture_output=True, check=False)
    line, _, body = done.stdout.partition(b"\n")
    return done.returncode, json.loads(line) if line else None, body


def test_the_output_is_a_line_and_four_arrays(tmp_path):
    pytest.importorskip("aedat", reason="needs the extra aedat4")
    events = recording(100, side=30)
    start = header([stream(3, width=40, height=30)])
    (tmp_path / "a").write_bytes(start + packet(events, stream=3))
    code, head, body = run(tmp_path / "a", len(start))
    assert (code, head) == (0, {"size": [30, 40], "clauses": [], "count": 100})
    expected = b"".join(getattr(events, key).tobytes() for key in "txyp")
    assert body == expected


def test_it_needs_nothing_of_ours():
    lines = Path(aedat4_worker.__file__).read_text(encoding="utf-8").splitlines()
    starts = [line.split()[:2] for line in lines if line.startswith(("import ", "from "))]
    imported = {module.split(".")[0] for _, module in starts}
    assert imported == {"collections", "json", "os", "struct", "sys", "threading", "typing"}


@pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")
def test_memory_and_time_are_limited(tmp_path, monkeypatch):
    code = (
        "from tssd.events.formats.aedat4_worker import limit\nlimit(2**26, 7)\n"
        "import resource; print(resource.getrlimit(resource.RLIMIT_CPU))\nbytearray(2**27)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "(7, 7)\n"
    assert done.stderr.endswith("MemoryError\n")
    assert resource.getrlimit(resource.RLIMIT_CPU) != (7, 7)


def test_packets_of_another_stream_are_left_out():
    given = [{"stream_id": k, "events": {"t": np.array([k])}} for k in (1, 0, 1)]
    parts, clauses = packets(iter(given), 1, b"", 0)
    assert [part["t"].tolist() for part in parts] == [[1], [1]]
    assert clauses == []


def test_it_ends_with_whoever_started_it(tmp_path):
    (tmp_path / "aedat.py").write_text("def Decoder(path):\n    while True: pass\n")
    (tmp_path / "a").touch()
    words = [str(tmp_path / "a"), "0", str(2**29), "99"]
    with lifeline() as end:
        worker = subprocess.Popen(
            [sys.executable, "-P", aedat4_worker.__file__, *words],
            stdin=end, stdout=subprocess.PIPE, env={"PYTHONPATH": str(tmp_path)},
        )  # fmt: skip
        with pytest.raises(subprocess.TimeoutExpired):
            worker.wait(timeout=1)
    assert worker.communicate(timeout=20) == (b"", None)
    assert worker.returncode == 1
