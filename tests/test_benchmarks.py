"""That the benchmarks compare like with like, and count right. Nothing is timed here."""

import pytest
import torch
import torch.nn.functional as F
from benchmarks import tables
from benchmarks.memory import Footprint, saved_bytes
from benchmarks.peers import build
from benchmarks.timesteps import one_pass, separate_passes
from benchmarks.timing import Samples, interleaved
from benchmarks.workloads import Workload, perceptron, vgg9_images
from torch import Tensor, nn

from tssd import vgg9
from tssd.norms import per_step_batch_norm
from tssd.time import PerStep

T, N = 3, 2
SURROGATES = ("rectangular", "sigmoid")


def calm(net: nn.Module) -> nn.Module:
    """Inputs of the neurons near 0.5, where snnTorch's neuron is the paper's.

    It takes a membrane that stays above the threshold after a reset for one that has still to be
    reset, and so fires less on strong inputs.
    """
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.weight.data.fill_(0.2)
            module.bias.data.fill_(0.5)
        elif isinstance(module, nn.Linear):
            module.weight.data.mul_(0.3)
            module.bias.data.fill_(0.5)
    return net


def logits_and_gradients(net: nn.Module, workload: Workload) -> list[Tensor]:
    x, y = workload.input()
    logits = net(x)
    loss = F.cross_entropy(logits.mean(0), y)
    return [logits.detach(), *torch.autograd.grad(loss, list(net.parameters()))]


def assert_same(ours: list[Tensor], theirs: list[Tensor]) -> None:
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-4)


def narrow(surrogate: str) -> Workload:
    return vgg9_images(1 / 16, N, timesteps=T, size=16, surrogate=surrogate)


@pytest.mark.parametrize("other", ["SpikingJelly", tables.STEPPED])
@pytest.mark.parametrize("surrogate", SURROGATES)
def test_the_neuron_as_a_step_and_spikingjelly_compute_the_same_vgg9(
    surrogate: str, other: str
) -> None:
    workload = narrow(surrogate)
    ours, theirs = (
        logits_and_gradients(build(peer, workload), workload) for peer in ("tssd", other)
    )
    assert ours[0].std() > 0.01  # spikes reach the output
    assert_same(ours, theirs)


@pytest.mark.parametrize("surrogate", SURROGATES)
def test_snntorch_folded_computes_the_same_vgg9(surrogate: str) -> None:
    workload = narrow(surrogate)
    ours, theirs = (
        logits_and_gradients(calm(build(peer, workload)), workload)
        for peer in ("tssd", "snnTorch folded")
    )
    assert ours[0].std() > 0.01
    assert_same(ours, theirs)


def test_snntorch_computes_the_same_vgg9_as_ours_with_norms_per_step() -> None:
    workload = narrow("rectangular")
    ours = build("tssd", workload)
    per_step = vgg9(image_size=16, width=1 / 16, norm=per_step_batch_norm)
    assert any(isinstance(m, PerStep) for m in per_step.modules())
    per_step.load_state_dict(ours.net.state_dict())
    ours.net = per_step
    theirs = calm(build("snnTorch", workload))
    assert_same(
        logits_and_gradients(calm(ours), workload),
        logits_and_gradients(theirs, workload),
    )


@pytest.mark.parametrize("peer", ["SpikingJelly", "snnTorch", "snnTorch folded"])
@pytest.mark.parametrize("surrogate", SURROGATES)
def test_peers_compute_the_same_perceptron(peer: str, surrogate: str) -> None:
    workload = perceptron(N, timesteps=5, hidden=32, surrogate=surrogate)
    ours, theirs = (
        logits_and_gradients(calm(build(name, workload)), workload) for name in ("tssd", peer)
    )
    assert ours[0].std() > 0.01
    assert_same(ours, theirs)


def test_floor_runs_all_timesteps() -> None:
    workload = narrow("rectangular")
    relu = build("ReLU", workload)
    seen: list[int] = []
    convolutions = [m for m in relu.modules() if isinstance(m, nn.Conv2d)]
    convolutions[1].register_forward_hook(lambda m, args, out: seen.append(args[0].shape[0]))
    relu(workload.input()[0])
    assert seen == [T * N]


def test_one_pass_is_what_separate_passes_say() -> None:
    workload = narrow("rectangular")
    net = build("tssd", workload)
    x, _ = workload.input()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0
    net(x)  # takes over the batch's statistics, without which deep layers would be silent
    net.eval()
    together = one_pass(net, x)
    assert together.shape == (T, N, 10)
    assert together.std() > 0.01
    torch.testing.assert_close(together, separate_passes(net, x), atol=1e-5, rtol=1e-4)


def test_saved_bytes_counts_shared_memory_once_and_no_parameters() -> None:
    class Product(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(torch.ones(10))

        def forward(self, x: Tensor) -> Tensor:
            a = x.exp() * self.scale  # keeps exp(x) and the parameter
            return a * a[:, :, :]  # keeps a, and a view of it

    x, y = torch.randn(3, 4, 10), torch.zeros(4, dtype=torch.long)
    sequence = 3 * 4 * 10 * 4
    loss = 4 * 10 * 4 + 4 * 8 + 4  # log-probabilities, targets, total weight
    # x needs no gradient, so that exp keeps nothing; exp(x) is kept by the product.
    assert saved_bytes(Product(), x, y) == 2 * sequence + loss


def test_interleaved_runs_rounds_in_order_and_drops_the_warm_up() -> None:
    calls: list[str] = []
    actions = {name: lambda name=name: calls.append(name) for name in "AB"}
    samples = interleaved(actions, rounds=2)
    assert calls == ["A", "B"] * 3
    assert {name: len(s.seconds) for name, s in samples.items()} == {"A": 2, "B": 2}


def test_ratio_is_of_medians_and_its_spread_of_rounds() -> None:
    ratio, least, most = Samples((2.0, 9.0, 3.0)).over(Samples((1.0, 2.0, 3.0)))
    assert (ratio, least, most) == (1.5, 1.0, 4.5)


def test_targets_tell_met_from_missed() -> None:
    def constant(seconds: float) -> Samples:
        return Samples((seconds,))

    peers = {
        "tssd": constant(2),
        tables.STEPPED: constant(2.4),
        "SpikingJelly": constant(4),
        "snnTorch": constant(2.8),
        "ReLU": constant(1),
    }
    memory = {"tssd": Footprint(5, 7), "SpikingJelly": Footprint(10, 10)}
    passes = {tables.ONE_PASS: constant(1), tables.SEPARATE: constant(2.5)}
    text = tables.targets({"perceptron": peers, "VGG-9": peers}, {"VGG-9": memory}, {"v": passes})
    verdicts = [[c.strip() for c in line.split("|")[1:-1]] for line in text.splitlines()[2:]]
    assert [row[1:] for row in verdicts] == [
        ["at least 1.5", "1.40 (1.40 to 1.40)", "**missed**"],
        ["at least 1", "1.40 (1.40 to 1.40)", "met"],
        ["at most 0.6", "0.50", "met"],
        ["at most 0.6", "0.70", "**missed**"],
        ["at least 2", "2.50 (2.50 to 2.50)", "met"],
    ]
    assert "faster than snnTorch" in verdicts[0][0]
