import logging
import subprocess
import sys

import pytest

from tssd.doctor import data_sets, examine, machine, tiny_run
from tssd.doctor.finding import Finding


@pytest.fixture
def answered(monkeypatch):
    """Every heavy check gives a good answer at once."""

    def good(name):
        return lambda *_: Finding(name, "ok", "")

    monkeypatch.setattr(machine, "bfloat16", good("bfloat16"))
    monkeypatch.setattr(data_sets, "data_sets", good("data"))
    monkeypatch.setattr(tiny_run, "training", good("training"))
    monkeypatch.setattr(tiny_run, "resume", good("resume"))


def names(findings):
    return list(dict.fromkeys(f.check for f in findings if not f.check.startswith("[")))


def test_all_checks_in_their_order(answered):
    level = logging.getLogger("tssd").level
    found = list(examine.examine())
    assert names(found) == [
        "python", "tssd", "packages", "disk", "torch", "processor", "device", "bfloat16", "data",
        "training", "resume",
    ]  # fmt: skip
    assert logging.getLogger("tssd").level == level


def test_a_check_that_breaks_is_a_finding_and_the_others_run(answered, monkeypatch):
    def broken(folder):
        raise RuntimeError("no kernel\nfor this device")

    monkeypatch.setattr(tiny_run, "training", broken)
    *_, last = found = list(examine.examine())
    assert last == Finding("training", "fails", "RuntimeError: no kernel for this device")
    assert "resume" not in names(found)
    assert "data" in names(found)


def test_a_torch_that_cannot_be_imported_is_a_finding(monkeypatch):
    monkeypatch.setitem(sys.modules, "tssd.doctor.machine", None)
    monkeypatch.delattr("tssd.doctor.machine")
    *_, last = found = list(examine.examine())
    assert names(found) == ["python", "tssd", "packages", "disk", "torch"]
    assert last.status == "fails"
    assert last.remedy.endswith("-m pip install --force-reinstall torch torchvision lightning")


def test_what_needs_no_torch_is_told_before_it_is_imported():
    code = (
        "import sys; from tssd.doctor.examine import examine; found = examine();"
        "print(*[next(found).check for _ in range(3)], 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "python tssd packages False\n"
