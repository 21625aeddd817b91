import pytest
import torch

from tssd.errors import UsageError
from tssd.neurons import LIF, MLF, recording
from tssd.surrogates import ATan, Sigmoid
from tssd.testing import check_neuron

from .test_peers import normal
from .test_plif import outcome


def run(neuron):
    """The membranes of all levels after one another stand for the last membrane."""

    def scanned(x):
        spikes, state = neuron.scan(x)
        levels = getattr(state, "levels", (state,))
        return spikes, torch.cat([level.v for level in levels])[: x.shape[1]]

    return scanned


@pytest.mark.parametrize("make", [MLF, lambda: MLF([0.5, 2.0], tau=2.0, surrogate=ATan())])
def test_it_keeps_the_contract(make):
    check_neuron(make, drive=1.5)


def test_pencil_trace():
    # Levels at 0.6, 1.6 and 2.6, decay 1/4: H = 2; then 0.5 + x = 1.5, 1.5, and 1 of the third.
    x = torch.tensor([2.0, 1.0, 3.0]).view(3, 1, 1)
    spikes, state = MLF().scan(x)
    assert spikes.flatten().tolist() == [2, 1, 3]
    assert [level.v.item() for level in state.levels] == [0, 0, 0]
    _, state = MLF().scan(x[:2])
    assert [level.v.item() for level in state.levels] == [0, 1.0, 1.5]
    # Exactly at a threshold nothing fires.
    assert MLF([0.5, 1.5])(torch.tensor([[[0.5, 1.5, 1.75]]])).flatten().tolist() == [0, 1, 2]


def test_it_is_the_loop_of_its_paper():
    class Window(torch.autograd.Function):
        @staticmethod
        def forward(ctx, s):
            ctx.save_for_backward(s)
            return (s > 0).to(s.dtype)

        @staticmethod
        def backward(ctx, *grads):
            return grads[0] * (ctx.saved_tensors[0].abs() < 0.5)

    def loop(x):
        thresholds = torch.tensor([0.6, 1.6, 2.6], dtype=x.dtype).view(3, 1, 1)
        u = o = torch.zeros(3, *x.shape[1:], dtype=x.dtype)
        spikes = []
        for x_t in x:
            u = 0.25 * u * (1 - o) + x_t
            o = Window.apply(u - thresholds)
            spikes.append(o.sum(0))
        return torch.stack(spikes), (u * (1 - o))[0]

    x = normal(0, torch.double, scale=1.5, shift=0.8)
    ours, theirs = outcome(run(MLF()), x), outcome(loop, x)
    assert theirs[0].unique().tolist() == [0, 1, 2, 3]
    assert torch.equal(ours[0], theirs[0])
    torch.testing.assert_close(ours[1:], theirs[1:])


@pytest.mark.parametrize("v_reset", [None, 0.0])
def test_with_one_level_it_is_a_lif_to_the_last_bit(v_reset):
    options = {"v_reset": v_reset, "strict": True}
    x = normal(0)
    ours = outcome(run(MLF([0.7], tau=4 / 3, v_reset=v_reset)), x)
    theirs = outcome(run(LIF(4 / 3, 0.7, **options)), x)
    assert 0.1 < theirs[0].mean() < 0.9
    assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


def test_options_reach_every_level():
    options = {"v_reset": -0.5, "detach_reset": True, "strict": False, "surrogate": Sigmoid(3.0)}
    levels = MLF([0.6, 1.6], tau=4.0, **options).levels
    expected = [LIF(4.0, threshold, **options) for threshold in (0.6, 1.6)]
    for name in ("dynamics", "surrogate"):
        found, wanted = ([getattr(unit, name) for unit in units] for units in (levels, expected))
        assert found == wanted


def test_its_windows_stand_side_by_side():
    x = torch.tensor([[[0.0, 0.2, 1.0, 2.0, 3.0, 3.2]]], requires_grad=True)
    (g,) = torch.autograd.grad(MLF()(x).sum(), x)
    assert g.flatten().tolist() == [0, 1, 1, 1, 1, 0]


def test_every_level_shows_its_membrane():
    neuron = MLF([0.6, 1.6])
    x = normal(0)
    with recording(neuron) as membranes:
        neuron(x)
    assert list(membranes) == ["levels.0", "levels.1"]
    assert all(h.shape == x.shape for h in membranes.values())
    assert not torch.equal(membranes["levels.0"], membranes["levels.1"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"thresholds": []}, r"thresholds: got \[\], expected potentials > 0"),
        ({"thresholds": [1.6, 0.6]}, r"thresholds: got \[1.6, 0.6\], .* each above the one before"),
        ({"thresholds": [0.0, 1.0]}, "thresholds: got"),
        ({"thresholds": 0.6}, "thresholds: got 0.6, expected potentials > 0"),
        ({"thresholds": torch.tensor([1.6, 0.5])}, r"thresholds: got \[1.6.*, 0.5\], .* before it"),
        ({"thresholds": [float("nan")]}, "v_threshold: got nan"),
        ({"tau": 1.0}, "tau: got 1.0"),
        ({"v_reset": 0.6}, "v_reset: got 0.6, expected less than v_threshold = 0.6"),
    ],
)
def test_values_out_of_range(options, message):
    with pytest.raises(UsageError, match=f"^{message}"):
        MLF(**options)
