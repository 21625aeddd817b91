import json
import subprocess
import sys

import pytest
import torch

from tssd.training import environment as module
from tssd.training.environment import environment


def test_environment_is_plain_and_complete():
    found = environment()
    assert found == json.loads(json.dumps(found))
    assert torch.__version__.startswith(found["packages"]["torch"])
    assert set(found) == {
        "command", "packages", "python", "platform", "processor", "cpu", "threads", "cuda",
        "commit",
    }  # fmt: skip


@pytest.mark.parametrize("program", ["/somewhere/bin/tssd", "C/tssd.exe", "/src/tssd/__main__.py"])
def test_command_is_what_a_shell_takes(monkeypatch, program):
    monkeypatch.setattr(sys, "argv", [program, "train", "my recipe.yaml", "--seed=1"])
    assert environment()["command"] == "tssd train 'my recipe.yaml' --seed=1"


@pytest.mark.parametrize("program", ["", "my.py", "/src/other/__main__.py"])
def test_another_program_is_no_command(monkeypatch, program):
    monkeypatch.setattr(sys, "argv", [program, "train"])
    assert environment()["command"] is None


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A repository with a copy of this package's place, and its git command."""
    package = tmp_path / "src" / "tssd" / "training"
    package.mkdir(parents=True)
    monkeypatch.setattr(module, "__file__", str(package / "environment.py"))
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "tssd"\n')
    return tmp_path, ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b.c"]


def test_commit_of_a_checkout(checkout):
    root, git = checkout
    assert environment()["commit"] is None, "no repository"
    subprocess.run([*git, "init", "-q"], check=True)
    assert environment()["commit"] is None, "a repository without a commit"
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "first"], check=True)
    commit = environment()["commit"]
    head = (root / ".git" / "HEAD").read_text().split()[-1]
    assert (root / ".git" / head).read_text().startswith(commit)
    subprocess.run([*git, "add", "."], check=True)
    assert environment()["commit"] == f"{commit}-dirty"


def test_a_repository_that_only_encloses_the_package_is_not_asked(checkout, monkeypatch):
    root, git = checkout
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "first"], check=True)
    installed = root / "venv" / "lib" / "tssd" / "training" / "environment.py"
    with monkeypatch.context() as patched:
        patched.setattr(module, "__file__", str(installed))
        assert environment()["commit"] is None
    for text in ('[project]\nname = "another"\n', "not toml", None):
        (root / "pyproject.toml").unlink()
        if text is not None:
            (root / "pyproject.toml").write_text(text)
        assert environment()["commit"] is None
        (root / "pyproject.toml").touch()


def test_asking_runs_nothing_that_a_repository_names(checkout, monkeypatch):
    root, git = checkout
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "first"], check=True)
    ran = root / "ran"
    program = root / ".git" / "program"
    program.write_text(f"#!/bin/sh\ntouch {ran}\n")
    program.chmod(0o755)
    hook = root / ".git" / "hooks" / "post-index-change"
    hook.parent.mkdir(exist_ok=True)
    hook.write_bytes(program.read_bytes())
    hook.chmod(0o755)
    subprocess.run([*git, "config", "core.fsmonitor", str(program)], check=True)
    expected = environment()["commit"]
    (root / "pyproject.toml").touch()  # so that the index has to be looked at
    monkeypatch.setenv("GIT_DIR", str(root / "elsewhere"))
    monkeypatch.setenv("GIT_WORK_TREE", str(root))
    assert environment()["commit"] == expected is not None
    assert not ran.exists()
