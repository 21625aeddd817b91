"""Fine-tuning: weights of a run, a checkpoint or a file; what is told and refused."""

import logging
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from tssd.adapters.net import AdaptedNet
from tssd.errors import DataError, UsageError
from tssd.reading import read_json
from tssd.runs.folder import RunFolder
from tssd.runs.saved import load_checkpoint
from tssd.training.fit import fit
from tssd.training.initial_weights import InitialWeights

from .nets import two_stages
from .runs import is_same, small, stopped, weights


def put(source, parts):
    return InitialWeights(source).put_into(parts.net, parts.criterion)


def test_a_run_gives_network_and_exits_and_a_file_the_network(finished, tmp_path):
    parts = small()
    told = put(finished, parts)
    count = len(parts.net.state_dict())
    assert told == (
        f"init: {finished}: {count} of {count} tensors of the network are taken; "
        f"{len(parts.criterion.state_dict())} of its {len(parts.criterion.state_dict())} tensors "
        "into the exits"
    )
    own = parts.net.state_dict() | parts.criterion.state_dict()
    assert is_same(own, weights(finished))
    other = small()
    assert "exits" not in put(RunFolder(finished).weights, other)
    assert is_same(other.net.state_dict(), parts.net.state_dict())
    of_last = small()
    put(RunFolder(finished).last, of_last)
    assert is_same(
        {f"net.{name}": tensor for name, tensor in of_last.net.state_dict().items()},
        {
            name: tensor
            for name, tensor in load_checkpoint(RunFolder(finished).last)["state_dict"].items()
            if name.startswith("net.")
        },
    )


def test_other_classes_and_channels_are_told_and_the_rest_is_taken(finished):
    net = two_stages(3, 7, 8)
    built = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    told = InitialWeights(finished).put_into(net, torch.nn.Module())
    source = load_file(RunFolder(finished).weights)
    other = {name for name, tensor in built.items() if source[name].shape != tensor.shape}
    assert len(other) == 3
    for name, tensor in net.state_dict().items():
        assert torch.equal(tensor, built[name] if name in other else source[name])
    assert "([8, 1, 3, 3] there, [8, 3, 3, 3] here)" in told
    assert "head.1.bias ([10] there, [7] here)" in told or "bias ([10] there, [7] here)" in told


def test_an_adapted_network_takes_the_weights_of_its_module(tmp_path):
    module = torch.nn.Linear(3, 2)
    save_file(module.state_dict(), tmp_path / "plain.safetensors")
    net = AdaptedNet(torch.nn.Linear(3, 2), 2, places={}, call=None, sample_dims=1)
    InitialWeights(tmp_path / "plain.safetensors").put_into(net, torch.nn.Module())
    assert is_same(net.module.state_dict(), module.state_dict())


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "_orig_mod.module."])
def test_names_that_a_wrapper_has_prefixed_are_known(tmp_path, prefix):
    module = torch.nn.Linear(3, 2)
    wrapped = {f"{prefix}{name}": tensor for name, tensor in module.state_dict().items()}
    save_file(wrapped, tmp_path / "wrapped.safetensors")
    net = torch.nn.Linear(3, 2)
    told = InitialWeights(tmp_path / "wrapped.safetensors").put_into(net, torch.nn.Module())
    assert is_same(net.state_dict(), module.state_dict())
    assert told.endswith("2 of 2 tensors of the network are taken")


def test_another_network_is_refused_with_counts_and_the_first_key(finished, tmp_path):
    net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Linear(3, 2))
    with pytest.raises(UsageError, match=r"0 of the 4 tensors .* not: 0\.weight \(not there\)"):
        InitialWeights(finished).put_into(net, torch.nn.Module())
    for path, told in (
        (
            tmp_path / "nowhere",
            "no such file or folder; expected a run, or weights in .safetensors",
        ),
        (tmp_path, "not a run folder"),
        (finished / "config.yaml", "damaged or not safetensors"),
    ):
        with pytest.raises(DataError, match=rf"^init: .*{told}"):
            put(path, small())
    state = {name: tensor.clone() for name, tensor in small().net.state_dict().items()}
    next(iter(state.values())).view(-1)[0] = torch.nan
    save_file(state, tmp_path / "nan.safetensors")
    with pytest.raises(DataError, match=r"nan\.safetensors: stages\S+ holds NaN or infinity"):
        put(tmp_path / "nan.safetensors", small())


def test_a_run_notes_what_it_started_from_and_refuses_another_on_resuming(
    finished, tmp_path, caplog
):
    source = shutil.copytree(finished, tmp_path / "source")
    options = {"init": str(source), "timesteps": "{student: 1, teacher: 3}"}
    with caplog.at_level(logging.INFO, logger="tssd"), pytest.raises(KeyboardInterrupt):
        fit(stopped(small(options), step=3), tmp_path / "run")
    assert f"init: {source}: " in caplog.text
    noted = read_json(RunFolder(tmp_path / "run").environment)["init"]
    assert noted == {"weights": str(source), "fingerprint": InitialWeights(source).fingerprint()}
    RunFolder(source).results.unlink()
    RunFolder(source).weights.unlink()  # its last epoch is another than its best
    with pytest.raises(DataError, match=r"the weights that this run began with have changed: init"):
        fit(small(options), tmp_path / "run", resume=True)
    # Its own checkpoint is all that it needs.
    shutil.rmtree(source)
    fit(small(options), tmp_path / "run", resume=True)
    assert read_json(RunFolder(tmp_path / "run").environment)["init"] == noted
    source = shutil.copytree(finished, tmp_path / "source")
    fit(small(options), tmp_path / "whole")
    assert is_same(weights(tmp_path / "whole"), weights(tmp_path / "run"))
    with pytest.raises(DataError, match="^init: .*nowhere: no such file or folder"):
        fit(small({"init": str(tmp_path / "nowhere")}), tmp_path / "not")
    assert not (tmp_path / "not").exists()


def test_a_network_by_its_name_is_a_source():
    source = InitialWeights("hub:digits-vgg9")
    net, exits = source.read()
    assert net["stages.0.0.0.0.weight"].shape == (8, 1, 3, 3)
    assert exits
    with pytest.raises(UsageError, match=r"^init: hub:digits: no such network comes with tssd"):
        InitialWeights("hub:digits").read()
