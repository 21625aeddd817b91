import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tssd.training import environment as module
from tssd.training.environment import environment


def test_environment_is_plain_and_complete():
    found = environment()
    assert found == json.loads(json.dumps(found))
    assert torch.__version__.startswith(found["packages"]["torch"])
    assert set(found) == {
        "command", "packages", "python", "platform", "processor", "threads", "cuda", "commit"
    }  # fmt: skip


@pytest.mark.parametrize("program", ["/somewhere/bin/tssd", "C/tssd.exe", "/src/tssd/__main__.py"])
def test_command_is_what_a_shell_takes(monkeypatch, program):
    monkeypatch.setattr(sys, "argv", [program, "train", "my recipe.yaml", "--seed=1"])
    assert environment()["command"] == "tssd train 'my recipe.yaml' --seed=1"


@pytest.mark.parametrize("program", ["", "my.py", "/src/other/__main__.py"])
def test_another_program_is_no_command(monkeypatch, program):
    monkeypatch.setattr(sys, "argv", [program, "train"])
    assert environment()["command"] is None


def test_commit_of_a_checkout(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "__file__", str(tmp_path / "tssd" / "environment.py"))
    assert environment()["commit"] is None, "an installed wheel has no commit"
    (tmp_path / "tssd").mkdir()
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b.c"]
    subprocess.run([*git, "init", "-q"], check=True)
    assert environment()["commit"] is None, "a repository without a commit"
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "first"], check=True)
    commit = environment()["commit"]
    head = (tmp_path / ".git" / "HEAD").read_text().split()[-1]
    assert (tmp_path / ".git" / head).read_text().startswith(commit)
    (Path(tmp_path) / "tssd" / "new.py").write_text("")
    subprocess.run([*git, "add", "."], check=True)
    assert environment()["commit"] == f"{commit}-dirty"
