import re

import torch
from safetensors.torch import load_file, save_file

from tssd.doctor import tiny_run
from tssd.runs.folder import RunFolder


def test_a_run_is_trained_and_resumed_and_a_difference_is_seen(tmp_path):
    straight, resumed = tmp_path / "straight", tmp_path / "resumed"
    found = tiny_run.training(straight)
    assert found.status == "ok", found
    assert re.search(r"2 epochs of digits in \d+\.\d s: loss \d.* to \d", found.text)
    found = tiny_run.resume(straight, resumed)
    assert found.line() == (
        "ok     resume        interrupted in its second epoch and continued, it ends with the same "
        "weights bit by bit"
    )
    # The smallest change that float32 can hold.
    weights = load_file(RunFolder(resumed).weights)
    name = next(name for name in weights if name.endswith("weight"))
    weights[name][0] = torch.nextafter(weights[name][0], torch.tensor(9.0))
    save_file(weights, RunFolder(resumed).weights)
    found = tiny_run.same_weights(straight, resumed)
    assert found.status == "fails"
    assert (
        f"1 of {len(weights) + len(load_file(RunFolder(resumed).exits))} tensors differ"
        in found.text
    )


def test_weights_that_do_not_learn_fail(tmp_path, monkeypatch):
    monkeypatch.setattr(tiny_run, "fit", lambda parts, folder: None)
    found = tiny_run.training(tmp_path / "run")
    assert found.status == "fails"
    assert re.fullmatch(r"net\.\S+ and \d+ more did not change in four steps", found.text)
