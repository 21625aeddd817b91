from functools import partial

import torch

from tssd.data import Digits
from tssd.fitting.nodes import import_path, maker_node, object_node
from tssd.training.schedule import Cosine

from .own import Mlp


def test_paths_are_the_shortest_by_which_anybody_imports():
    assert import_path(torch.optim.AdamW) == "torch.optim.AdamW"
    assert import_path(Mlp) == f"{Mlp.__module__}.Mlp"
    assert import_path(lambda: 0) is None
    assert import_path(Mlp()) is None

    class Inner:
        pass

    assert import_path(Inner) is None


def test_scripts_and_notebooks_are_no_home(monkeypatch):
    monkeypatch.setattr(Mlp, "__module__", "__main__")
    assert import_path(Mlp) is None


def test_makers_are_written_out_with_plain_options():
    made = partial(torch.optim.AdamW, lr=0.1, betas=(0.9, 0.95))
    expected = {"class_path": "torch.optim.AdamW", "init_args": {"lr": 0.1, "betas": [0.9, 0.95]}}
    assert maker_node(made) == expected
    assert maker_node(partial(torch.optim.AdamW, lr=torch.ones(()))) is None
    assert maker_node(partial(Mlp, 3)) is None


def test_objects_of_dataclasses_are_written_out_by_their_fields():
    node = object_node(Cosine(warmup_epochs=2))
    assert node["class_path"] == "tssd.training.schedule.Cosine"
    assert node["init_args"] == {"final": 0.0, "warmup_epochs": 2, "length": None}
    node = object_node(Digits(batch_size=5))
    assert node["class_path"] == "tssd.data.Digits"
    assert node["init_args"]["batch_size"] == 5 and "root" not in node["init_args"]
    assert object_node(object()) is None
    assert object_node(3) is None
