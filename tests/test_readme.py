"""The README's Python runs as it stands, one block after the other, as a reader would paste it."""

import re
from pathlib import Path

import pytest
import torch

from tssd.cli import main

README = Path(__file__).parents[1] / "README.md"
BLOCKS = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
COMMANDS = re.findall(r"`tssd (\w+)", README.read_text())


def test_every_python_block_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    small = ["--net.width", "0.03125", "--data.train_samples", "20", "--trainer.epochs", "1"]
    assert main(["train", "digits+vgg9+quick+tssd", *small, "--trainer.progress", "false"]) == 0
    names: dict = {}
    for block in BLOCKS:
        exec(compile(block, str(README), "exec"), names)
    assert torch.isfinite(names["loss"])
    assert names["logits"].shape == (1797, 10)
    # predict and the network itself agree, on images as they come.
    assert torch.equal(names["logits"].argmax(-1), names["classes"])
    assert [int(name) for name in names["names"]] == names["classes"].tolist()


def test_every_command_that_is_named_exists(capsys: pytest.CaptureFixture[str]) -> None:
    assert COMMANDS
    for command in set(COMMANDS):
        assert main([command, "--help"]) == 0
        assert f"tssd {command}" in capsys.readouterr().out


def test_every_local_link_and_picture_exists() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)\)", README.read_text())
    missing = [link for link in links if not (README.parent / link).exists()]
    assert not missing
