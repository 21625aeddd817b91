"""No command runs code that a run folder names."""

import json
import shutil
import sys

import pytest
import yaml

from tssd.cli.parser import CommandParser, trusted_modules

CODE = """
from pathlib import Path
from tssd.neurons import LIF
Path(__file__).with_name("RAN").touch()
class Neuron(LIF):
    pass
"""
# A function of Python's, a module beside the run, and one inside of it.
NAMED = {
    "subprocess.getoutput": {"cmd": "touch RAN"},
    "builtins.exec": {"source": "open('RAN', 'w')"},
    "stranger.Neuron": {},
    "run.stranger.Neuron": {},
}
COMMANDS = [
    ["predict", "run", "digit.png"],
    ["evaluate", "run"],
    ["report", "run"],
    ["train", "run", "--resume"],
    ["train", "run/config.yaml", "--output", "new"],
    ["train", "run", "--help"],
    ["compare", "run", "--seeds", "0", "--jobs", "2"],
    ["data", "info", "run"],
    ["data", "prepare", "run"],
]


@pytest.fixture
def spoilt(trained, tmp_path, monkeypatch):
    """Makes a run folder that names something else in one place."""
    from PIL import Image

    shutil.copytree(trained, tmp_path / "run")
    for folder in (tmp_path, tmp_path / "run"):
        (folder / "stranger.py").write_text(CODE)
    Image.new("L", (16, 16)).save(tmp_path / "digit.png")
    (tmp_path / "run/environment.json").touch()

    def spoilt(path, place):
        node = {"class_path": path, "init_args": NAMED[path]}
        for file, read, write in (("config.yaml", yaml.safe_load, yaml.safe_dump),
                                  ("model.json", json.loads, json.dumps)):  # fmt: skip
            content = read((tmp_path / "run" / file).read_text())
            section, *below = place.split(".")
            if section in content:
                if below:
                    content[section]["init_args"][below[0]] = node
                else:
                    content[section] = node
            (tmp_path / "run" / file).write_text(write(content))

    yield spoilt
    for name in [name for name in sys.modules if "stranger" in name]:
        del sys.modules[name]


@pytest.mark.parametrize("place", ["net.neuron", "exits.neuron", "data"])
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_no_command_runs_code_of_a_run_folder(tssd, spoilt, tmp_path, words, place):
    for path in NAMED:
        spoilt(path, place)
        outcome = tssd(*words)
        ran = [*tmp_path.rglob("RAN")]
        assert not ran, path
        if words[0] == "report":  # which shows the rest of the run
            assert "--trust" in outcome.out
        elif (words[0], place) != ("predict", "data") and (words[0], place) != (
            "predict",
            "exits.neuron",
        ):
            assert outcome.code in (1, 2)
            assert f"--trust {path.rpartition('.')[0]} " in outcome.err


def test_what_the_user_trusts_is_used(tssd, spoilt, tmp_path):
    spoilt("stranger.Neuron", "net.neuron")
    outcome = tssd("predict", "run", "digit.png", "--trust", "stranger")
    assert (outcome.code, outcome.err) == (0, "")
    assert (tmp_path / "RAN").exists()


def test_trust_is_read_off_the_command_line():
    words = ["run", "--trust", "a", "--json", "--trust=b.c", "--trust"]
    assert trusted_modules(words) == ["a", "b.c"]
    parser = CommandParser("predict", usage="", epilog="")
    assert parser.parse(["--trust", "a", "--trust=b"]).trust == ["a", "b"]
