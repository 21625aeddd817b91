import json

import pytest

from tssd.cli import doctor
from tssd.doctor.finding import Finding

FOUND = [Finding("python", "ok", "3.12"), Finding("[timm]", "note", "LAMB", "pip install timm")]


@pytest.fixture
def finds(monkeypatch):
    """Sets what the checks find; the roots that they were given."""
    roots = []

    def finds(*findings):
        def examine(root):
            roots.append(root)
            yield from findings

        monkeypatch.setattr(doctor, "examine", examine)
        return roots

    return finds


def test_a_line_a_check_and_a_verdict(tssd, finds):
    roots = finds(*FOUND)
    found = tssd("doctor")
    assert (found.code, found.err) == (0, "")
    first, second, verdict = found.out.splitlines()
    assert first == "ok     python        3.12"
    assert second == "note   [timm]        LAMB; pip install timm"
    assert verdict.startswith("tssd works here (1 note) (")
    assert tssd("doctor", "--data.root", "here").code == 0
    assert roots == [None, "here"]


def test_a_failure_is_exit_code_1(tssd, finds):
    finds(*FOUND, Finding("resume", "fails", "it ends elsewhere"))
    found = tssd("doctor")
    assert found.code == 1
    assert found.out.splitlines()[-1].startswith("tssd does not work here: resume fails (")


def test_json_is_all_that_is_printed(tssd, finds):
    finds(*FOUND)
    found = json.loads(tssd("doctor", "--json").out)
    assert found["ok"] is True
    assert found["verdict"] == "tssd works here (1 note)"
    assert found["seconds"] >= 0
    assert found["checks"][1] == {
        "check": "[timm]", "status": "note", "text": "LAMB", "remedy": "pip install timm"
    }  # fmt: skip
    finds(Finding("torch", "fails", ""))
    again = tssd("doctor", "--json")
    assert (again.code, json.loads(again.out)["ok"]) == (1, False)
