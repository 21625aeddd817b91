import pytest
import torch
from torch import Tensor, nn

import tssd
from tssd.adapters import adapt

from .nets import CLASSES, BatchFirst, Decay, LoopInside, Plain, Remembering, images, sequence


def on_flat(function) -> nn.Module:
    """A network from a function of pixels [T, N, 64] and a linear layer."""

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(64, CLASSES)

        def forward(self, x: Tensor) -> object:
            return function(self.linear, x.flatten(-3))

    return Net()


@pytest.mark.parametrize(
    ("function", "layout", "message"),
    [
        (
            lambda linear, x: linear(x).amax(0),
            "time_first",
            r"got shape \[3, 5\] in a run of T = 4, N = 3, expected \[T, N, K\]; return the logits "
            "of every timestep, not their mean",
        ),
        (lambda linear, x: linear(x).flatten(0, 1), "time_first", r"\[12, 5\].*unflatten\(0, \(T"),
        (lambda linear, x: linear(x).flatten(0, 1), "batch_first", r"\[12, 5\].*unflatten\(0, \(N"),
        (lambda linear, x: linear(x).transpose(0, 1), "time_first", "layout='batch_first'"),
        (lambda linear, x: linear(x).transpose(0, 1), "batch_first", "layout='time_first'"),
        (lambda linear, x: x.unflatten(2, (8, 8)), "time_first", r"\[4, 3, 8, 8\].*one logit a"),
        (lambda linear, x: linear(x)[None], "stepped", r"\[1, 3, 5\].*\[N, K\] at every timestep"),
        (lambda linear, x: {"y": linear(x)}, "time_first", "got dict, expected floating-point"),
        (lambda linear, x: linear(x) > 0, "stepped", "got torch.bool, expected floating-point"),
        (
            lambda linear, x: linear(x[..., 1:]),
            "time_first",
            r"Net failed on an input \[4, 3, 1, 8",
        ),
        (lambda linear, x: linear(x[..., 1:]), "batch_first", r"failed on an input \[3, 4, 1, 8"),
        (lambda linear, x: linear(x[..., 1:]), "stepped", r"on an input \[3, 1, 8.*RuntimeError"),
    ],
)
def test_an_output_that_does_not_fit_is_refused_with_the_likely_fix(function, layout, message):
    with pytest.raises(tssd.UsageError, match=message) as error:
        adapt(on_flat(function), example=images(4), layout=layout)
    assert "\n" not in str(error.value)


def test_of_a_tuple_the_first_entry_is_the_logits():
    net = adapt(on_flat(lambda linear, x: (linear(x), x)), example=images(4))
    x = sequence(2, 3)
    assert torch.equal(net(x).logits, net.module(x)[0])


def test_a_state_that_we_cannot_clear_is_refused():
    with pytest.raises(tssd.UsageError, match="keeps a state between calls.*reset=lambda net"):
        adapt(Remembering(), example=images(4), layout="stepped")


@pytest.mark.parametrize("where", [True, False])
def test_a_state_is_found_though_only_one_mode_keeps_it(where):
    class Streaming(Remembering):
        def forward(self, x_t: Tensor) -> Tensor:
            if self.training != where:
                self.clear()
            return super().forward(x_t)

    mode = "training" if where else "eval"
    with pytest.raises(tssd.UsageError, match=f"in {mode} mode differ.*keeps a state"):
        adapt(Streaming(), example=images(4), layout="stepped")


def test_a_state_is_found_in_a_buffer():
    class Buffered(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("membrane", torch.zeros(()))

        def forward(self, x_t: Tensor) -> Tensor:
            self.membrane = 0.5 * self.membrane + x_t.flatten(1)
            return self.membrane

    with pytest.raises(tssd.UsageError, match="keeps a state between calls"):
        adapt(Buffered(), example=images(4), layout="stepped")


def test_a_state_is_found_though_fresh_batch_norms_silence_eval_mode():
    class Spiking(Remembering):
        def forward(self, x_t: Tensor) -> Tensor:
            return (super().forward(x_t) > 1).float()

    quiet = nn.Linear(64, 64, bias=False)
    nn.init.normal_(quiet.weight, std=1e-3)
    module = nn.Sequential(nn.Flatten(), quiet, nn.BatchNorm1d(64), Spiking())
    assert module.eval()(images(4)).sum() == 0
    module[3].clear()
    with pytest.raises(tssd.UsageError, match="in training mode differ"):
        adapt(module, example=images(4), layout="stepped")


def test_what_torchs_own_layers_do_in_training_is_no_state():
    normed = torch.nn.utils.parametrizations.spectral_norm(nn.Linear(64, 16))
    module = nn.Sequential(
        nn.Flatten(2), normed, nn.Dropout(0.5), tssd.TimeFold(nn.BatchNorm1d(16)), nn.Linear(16, 3)
    )
    before = {name: value.clone() for name, value in module.state_dict().items()}
    assert adapt(module, ["3"], example=images(4)).num_classes == 3
    assert all(torch.equal(module.state_dict()[name], value) for name, value in before.items())


def test_the_users_reset_is_called_before_every_call():
    net = adapt(
        Remembering(), example=images(4), layout="stepped", reset=lambda module: module.clear()
    )
    assert net.module.membrane is None
    x = sequence(3, 2)
    first = net(x).logits
    assert torch.equal(net(x).logits, first)
    assert torch.equal(first[0], net.module.head(x[0].flatten(1)))
    torch.testing.assert_close(first[1], net.module.head(x[1].flatten(1)) + 0.5 * first[0])


def test_a_wrong_time_axis_is_refused_although_all_shapes_fit():
    mixing = nn.Sequential(nn.Flatten(2), Decay(dim=1), nn.Linear(64, CLASSES))
    with pytest.raises(tssd.UsageError, match="depend on the other samples.*'time_first' may be"):
        adapt(mixing, example=images(4))
    assert adapt(mixing, example=images(4), layout="batch_first").num_classes == CLASSES


def test_a_network_that_draws_random_numbers_is_no_reason_to_refuse():
    class Poisson(Plain):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(torch.bernoulli(x))

    net, rng = Poisson(), torch.get_rng_state()
    assert adapt(net, ["stem"], example=images(4)).num_classes == CLASSES
    assert torch.equal(torch.get_rng_state(), rng)


def test_the_dry_run_leaves_no_trace():
    class Counting(Plain):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("calls", torch.zeros(1))
            self.register_buffer("last", torch.zeros(1))
            self.recorded: list[bool] = []

        def forward(self, x: Tensor) -> Tensor:
            self.calls += 1
            self.last = x.sum((1, 2, 3, 4))
            self.recorded.append(torch.is_grad_enabled())
            return super().forward(x)

    net = Counting().train()
    net.stem[1].eval()
    net.head[2].weight.grad = torch.ones_like(net.head[2].weight)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    buffers = [id(buffer) for buffer in net.buffers()]
    modes = [part.training for part in net.modules()]
    rng = torch.get_rng_state()

    adapt(net, ["stem"], example=images(4))

    assert net.recorded
    assert not any(net.recorded)
    assert all(torch.equal(net.state_dict()[name], value) for name, value in before.items())
    assert [id(buffer) for buffer in net.buffers()] == buffers
    assert [part.training for part in net.modules()] == modes
    assert torch.equal(torch.get_rng_state(), rng)
    assert torch.equal(net.head[2].weight.grad, torch.ones_like(net.head[2].weight))
    assert all(p.grad is None for p in net.stem.parameters())
    assert not any(part._forward_hooks for part in net.modules())


def test_the_dry_run_restores_modes_when_it_fails():
    net = Remembering().train()
    with pytest.raises(tssd.UsageError):
        adapt(net, example=images(4), layout="stepped")
    assert all(part.training for part in net.modules())


def test_lazy_layers_are_filled_in_so_that_an_optimizer_can_take_them():
    lazy = tssd.TimeFold(nn.Flatten(1), nn.LazyLinear(7), nn.LazyBatchNorm1d(), nn.LazyLinear(3))
    net = adapt(lazy, ["2"], example=images(4))
    assert net.tap_shape("2") == (7,)
    assert sum(p.numel() for p in net.parameters()) == 65 * 7 + 14 + 8 * 3


@pytest.mark.parametrize("samples", [1, 2, 3, 4, 32])
@pytest.mark.parametrize("timesteps", [None, 2, 3, 8])
def test_any_batch_is_an_example(samples, timesteps):
    for net, layout in ((LoopInside(), "time_first"), (BatchFirst(), "batch_first")):
        adapted = adapt(net, ["conv"], example=images(samples), layout=layout, timesteps=timesteps)
        assert adapted.tap_shape("conv") == (6, 8, 8)
        assert adapted.num_classes == CLASSES
    plain = adapt(Plain(), ["stem"], example=images(samples), timesteps=timesteps).eval()
    x = sequence(2, 5)
    assert torch.equal(plain(x, ["stem"]).taps["stem"], plain.module.stem(x))


@pytest.mark.parametrize("shape", [(5, 2, 1, 8, 8), (2, 7, 1, 8, 8), (5, 2, 64), (2, 64)])
def test_sequences_and_features_are_examples(shape):
    net = nn.Sequential(nn.Flatten(2), nn.Linear(64, 6), nn.Linear(6, 3))
    assert adapt(net, ["1"], example=torch.rand(shape)).tap_shape("1") == (6,)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"example": [1, 2]}, "example: got list, expected images"),
        ({"example": torch.rand(8)}, r"example: got shape \[8\], expected images"),
        ({"example": torch.rand(0, 1, 8, 8)}, r"example: got shape \[0, 1, 8, 8\]"),
        ({"timesteps": 1}, "timesteps: got 1 for the dry run, expected at least 2"),
        ({"timesteps": 0}, "timesteps: got 0"),
        ({"timesteps": -1, "example": torch.rand(5, 2, 64)}, "timesteps: got -1"),
        ({"timesteps": 6, "example": torch.rand(5, 2, 1, 8, 8)}, "got 6, but the example has 5"),
        ({"layout": "batchfirst"}, "layout: got 'batchfirst', expected one of time_first, batch"),
        ({"reset": "yes"}, "reset: got 'yes', expected a function"),
        ({"module": "net"}, "module: got str, expected a torch.nn.Module"),
        ({"module": tssd.vgg9(1)}, "StagedNet needs no tssd.adapt"),
    ],
)
def test_a_wrong_argument_is_refused_by_name(options, message):
    arguments = {"module": Plain(), "example": images(4), **options}
    with pytest.raises(tssd.UsageError, match=message):
        adapt(arguments.pop("module"), **arguments)


@pytest.mark.parametrize("seed", [5, 18, 26, 31])
def test_random_numbers_are_no_reason_to_refuse_a_network_that_hardly_fires(seed):
    class Poisson(nn.Sequential):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(torch.bernoulli(x))

    torch.manual_seed(seed)
    wide = tssd.TimeFold(nn.Linear(20, 16), nn.BatchNorm1d(16))
    hidden = [wide, tssd.LIF(), tssd.TimeFold(nn.Linear(16, 16)), tssd.LIF()]
    net = Poisson(*hidden, tssd.TimeFold(nn.Linear(16, CLASSES)))
    x = torch.rand(6, 20, generator=torch.Generator().manual_seed(0))
    assert adapt(net, ["1"], example=x).num_classes == CLASSES
