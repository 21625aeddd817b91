import json
import subprocess

import pytest

from tssd.training import processor as module
from tssd.training.processor import processor

X86 = """processor\t: 0
model name\t: AMD EPYC 9R14
flags\t\t: fpu avx avx2 fma avx512f avx512_bf16

processor\t: 1
model name\t: another
flags\t\t: fpu
"""
ARM = """processor\t: 0
Features\t: fp asimd sve bf16
CPU implementer\t: 0x41
CPU part\t: 0xd40
CPU revision\t: 1
"""


@pytest.mark.parametrize(
    ("text", "model", "extensions"),
    [
        (X86, "AMD EPYC 9R14", "avx avx2 fma avx512f avx512_bf16"),
        (ARM, "ARM 0x41/0xd40/1", "asimd sve bf16"),
    ],
)
def test_linux_says_it_in_proc(tmp_path, monkeypatch, text, model, extensions):
    (tmp_path / "cpuinfo").write_text(text)
    monkeypatch.setattr(module, "CPUINFO", tmp_path / "cpuinfo")
    found = processor()
    assert (found["model"], found["extensions"]) == (model, extensions)


def test_macos_says_it_by_sysctl(tmp_path, monkeypatch):
    said = {"machdep.cpu.brand_string": "Apple M2", "hw.optional.arm.FEAT_BF16": "1"}

    def run(command, **_):
        if command[-1] not in said:
            raise subprocess.CalledProcessError(1, command)
        return subprocess.CompletedProcess(command, 0, said[command[-1]] + "\n", "")

    monkeypatch.setattr(module, "CPUINFO", tmp_path / "nothing")
    monkeypatch.setattr(module.sys, "platform", "darwin")
    monkeypatch.setattr(module.platform, "machine", lambda: "arm64")
    monkeypatch.setattr(module.subprocess, "run", run)
    assert processor()["model"] == "Apple M2"
    assert processor()["extensions"] == "asimd bf16"


def test_a_machine_that_says_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "CPUINFO", tmp_path)  # a folder
    monkeypatch.setattr(module.sys, "platform", "win32")
    monkeypatch.setattr(module.platform, "processor", lambda: "")
    found = processor()
    assert (found["model"], found["extensions"]) == (None, "")
    assert json.loads(json.dumps(found)) == found
    (tmp_path / "cpuinfo").write_bytes(b"\xff\xfe : \n: :\nmodel name")
    monkeypatch.setattr(module, "CPUINFO", tmp_path / "cpuinfo")
    assert processor()["model"] is None
