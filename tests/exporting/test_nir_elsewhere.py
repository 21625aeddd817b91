"""What snnTorch and SpikingJelly make of our files: the table of docs/nir.md, and its remedies."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tssd.exporting import nir
from tssd.exporting.nir_reading import load
from tssd.exporting.request import Request

from .nir_networks import frames, neuron, vgg

pytest.importorskip("nir", reason="needs the extra: pip install tssd[nir]")
snntorch = pytest.importorskip("snntorch", reason="needs the extra: pip install tssd[interop]")
exchange = pytest.importorskip("spikingjelly.activation_based.nir_exchange")

RECORDED = Request(4, "float32", None, soft_reset="recorded")


def in_snntorch(path):
    from snntorch.import_nir import import_from_nir

    return import_from_nir(load(path))


READERS = {"snntorch": in_snntorch, "spikingjelly": exchange.import_from_nir}
# Options of the neurons -> what each does: equal, other spikes without a word, or its complaint.
FOUND = {
    "reset to 0": ({}, "equal", "equal"),
    "slow leak": ({"decay": 0.9, "threshold": 0.3}, "equal", "equal"),
    "fires above": ({"fires": "above"}, "equal", "equal"),
    "input decays": ({"input_scale": 0.5}, "equal", "equal"),
    "reset elsewhere": (
        {"offset": -0.25, "reset_value": -0.5, "initial": -0.5},
        "v_leak not supported",
        "equal",
    ),
    "reset elsewhere, leak to 0": ({"reset_value": -0.5}, "other", "v_leak must equal v_reset"),
    "other scale": ({"input_scale": 0.3}, "equal", "r must equal 1 or tau"),
    "begins elsewhere": ({"initial": 0.5}, "other", "other"),
    "no leak": ({"decay": 1.0}, "r != 1 not supported", "equal"),
    "soft reset": ({"reset": "soft"}, "other", "other"),
}
CASES = [
    (who, options, told[index])
    for options, *told in FOUND.values()
    for index, who in enumerate(READERS)
]


def logits(net, x):
    state, found = None, []
    with torch.no_grad():
        for x_t in x:
            out, state = net(x_t) if state is None else net(x_t, state)
            found.append(out)
    return torch.stack(found)


def written(tmp_path, **options):
    """The file, and the logits that it stands for."""
    nir.write(tmp_path, vgg(**options), {}, RECORDED)
    return tmp_path / nir.FILE, nir.run(tmp_path, frames().numpy(), RECORDED).logits


@pytest.mark.parametrize(
    ("who", "options", "told"), CASES, ids=[f"{name}-{who}" for name in FOUND for who in READERS]
)
def test_what_readers_make_of_a_neuron(who, options, told, tmp_path):
    path, expected = written(tmp_path, **options)
    if told not in ("equal", "other"):
        with pytest.raises((AssertionError, ValueError), match=told):
            READERS[who](path)
        return
    found = logits(READERS[who](path), frames()).numpy()
    assert (np.abs(found - expected).max() < 1e-6) == (told == "equal")


def test_constants_by_channel_are_refused(tmp_path):
    graph = vgg()
    first = neuron("stages.0.2", "stages.0.0", (4, 8, 8), arrays={"threshold": [0.9, 1, 1.1, 1.2]})
    nodes = (graph.nodes[0], first, *graph.nodes[2:])
    nir.write(tmp_path, replace(graph, nodes=nodes), {}, RECORDED)
    for read in READERS.values():
        with pytest.raises((AssertionError, ValueError), match="v_threshold must be"):
            read(tmp_path / nir.FILE)


def test_the_soft_reset_that_is_recorded_can_be_set_in_spikingjelly(tmp_path):
    path, expected = written(tmp_path, reset="soft")
    net = exchange.import_from_nir(path)
    for part in net.modules():
        if hasattr(part, "v_reset"):
            part.v_reset = None
    # The threshold that it subtracts is the number before ours.
    np.testing.assert_allclose(logits(net, frames()).numpy(), expected, rtol=0, atol=1e-5)


def test_the_soft_reset_of_snntorch_is_another(tmp_path):
    path, expected = written(tmp_path, reset="soft")
    net = in_snntorch(path)
    for part in net.modules():
        if isinstance(part, snntorch.Leaky):
            part.reset_mechanism, part.state_function = "subtract", part._base_sub
    # A membrane that is above its threshold after the reset is reset once more.
    assert np.abs(logits(net, frames()).numpy() - expected).max() > 0.1


def test_snntorch_goes_on_from_the_batch_before(tmp_path):
    from snntorch.utils import reset

    path, expected = written(tmp_path)
    net = in_snntorch(path)
    logits(net, frames())
    assert np.abs(logits(net, frames()).numpy() - expected).max() > 0.1
    reset(net)
    assert np.abs(logits(net, frames()).numpy() - expected).max() < 1e-6


def test_nirtorch_forgets_biases(tmp_path):
    import nir as library
    from nirtorch import nir_to_torch

    content = load(written(tmp_path)[0])
    net = nir_to_torch(content, {library.LIF: lambda _: torch.nn.Identity()})
    assert not np.array_equal(
        net.get_submodule("head_1").bias.detach(), content.nodes["head.1"].bias
    )
