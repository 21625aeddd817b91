import math
from functools import partial

import pytest
import torch
from spikingjelly.activation_based.neuron import DSRIFNode, DSRLIFNode

from tssd.errors import UsageError
from tssd.neurons import DSRIF, DSRLIF
from tssd.testing import check_neuron

T, N = 6, 5


def inputs(scale):
    generator = torch.Generator().manual_seed(0)
    return scale * torch.randn(T, N, 3, 2, generator=generator)


def run(neuron, x):
    """Spikes, and gradients by input and threshold."""
    x = x.clone().requires_grad_()
    y = neuron(x)
    weights = torch.linspace(-1, 2, y.numel()).view(y.shape)
    grads = torch.autograd.grad((y * weights).sum(), [x, neuron.v_threshold])
    return y.detach(), *grads


@pytest.mark.parametrize(
    ("make", "jelly", "options"),
    [
        (DSRIF, DSRIFNode, {}),
        (DSRIF, DSRIFNode, {"v_threshold": 2.0, "alpha": 0.9}),
        (DSRLIF, DSRLIFNode, {"tau": 1.0, "v_threshold": 0.3}),
        (DSRLIF, DSRLIFNode, {"tau": 0.4, "v_threshold": 0.5, "delta_t": 0.1, "alpha": 0.6}),
    ],
)
def test_values_and_gradients_are_spikingjellys(make, jelly, options):
    theirs = jelly(T=T, v_threshold_lower_bound=1e-3, **options)
    ours = make(**options, least_threshold=1e-3)
    found, expected = run(ours, inputs(10.0)), run(theirs, inputs(10.0))
    assert found[0].count_nonzero() > 10
    assert 0 < found[1].count_nonzero() < found[1].numel()
    assert found[2] != 0
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("train_threshold", [True, False])
@pytest.mark.parametrize(("make", "threshold"), [(DSRIF, 6), (DSRLIF, 1)])
def test_a_whole_threshold_is_that_number(make, threshold, train_threshold):
    kept = {"train_threshold": train_threshold}
    whole = make(v_threshold=threshold, **kept)
    point = make(v_threshold=float(threshold), **kept)
    assert whole.v_threshold.dtype == point.v_threshold.dtype
    assert torch.equal(whole(inputs(10.0)), point(inputs(10.0)))
    assert whole.v_threshold.requires_grad == train_threshold


def test_a_rate_by_hand():
    neuron = DSRIF(v_threshold=1.0, alpha=1.0).double()
    x = torch.tensor([[0.6, 3.0, -1.0], [0.6, 0.0, 0.5]], dtype=torch.double).requires_grad_()
    y = neuron(x)
    # 0.6, then 1.2 fires; 3 fires once a step, and 1 too many are left; -1 never.
    assert y.tolist() == [[0, 1, 0], [1, 1, 0]]
    (y * torch.tensor([[1.0], [2.0]])).sum().backward()
    # Rates 0.6, 1.5 and -0.25: only the first is between 0 and 1, the second trains the threshold.
    assert x.grad.tolist() == [[1.5, 0, 0]] * 2
    assert neuron.v_threshold.grad == 3


def test_late_timesteps_weigh_more():
    x = torch.full((3, 1, 1), 2.0, dtype=torch.double).requires_grad_()
    neuron = DSRLIF(tau=1.0, delta_t=1.0, v_threshold=4.0).double()
    by_step = [torch.autograd.grad(neuron(x)[t].sum(), x)[0].flatten().tolist() for t in range(3)]
    weights = [math.exp(t) for t in range(3)]
    for found, weight in zip(by_step, weights, strict=True):
        assert found == pytest.approx([weight / sum(weights)] * 3)


def test_a_threshold_that_falls_too_low_counts_as_the_least_and_may_rise_again():
    neuron = DSRIF(v_threshold=1.0, least_threshold=0.5)
    with torch.no_grad():
        neuron.v_threshold.fill_(-3.0)
    y, _, g = run(neuron, torch.ones(T, N, 1))
    assert y.unique().tolist() == [0.5]
    assert g != 0


@pytest.mark.parametrize("make", [DSRIF, DSRLIF])
def test_dsr_keeps_the_contract_of_neurons(make):
    check_neuron(make, drive=10.0, shows_membrane=False)
    assert make().parameter_options() == {"v_threshold": {"weight_decay": 0.0}}
    fixed = make(train_threshold=False)
    assert not [p for p in fixed.parameters() if p.requires_grad]
    assert fixed(inputs(10.0).requires_grad_()).requires_grad


@pytest.mark.parametrize("make", [DSRIF, DSRLIF])
def test_what_is_kept_does_not_grow_with_the_timesteps(make):
    sizes = []
    for steps in (2, 8):
        kept = []
        with torch.autograd.graph.saved_tensors_hooks(lambda t, k=kept: k.append(t), lambda t: t):
            make()(torch.ones(steps, N, 3).requires_grad_())
        sizes.append(sum(tensor.numel() for tensor in kept))
    assert sizes == [N * 3 + 1] * 2


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (partial(DSRIF, alpha=0.0), "alpha: got 0.0, expected"),
        (partial(DSRIF, alpha=1.1), "alpha: got 1.1, expected"),
        (partial(DSRIF, 0.001), "v_threshold: got 0.001, expected .* least_threshold = 0.01"),
        (partial(DSRLIF, v_threshold=math.inf), "v_threshold: got inf"),
        (partial(DSRLIF, least_threshold=0.0), "least_threshold: got 0.0"),
        (partial(DSRLIF, tau=0.0), "tau: got 0.0, expected a finite time > 0"),
        (partial(DSRLIF, delta_t=-1.0), "delta_t: got -1.0"),
    ],
)
def test_wrong_options_are_refused(make, said):
    with pytest.raises(UsageError, match=f"^{said}"):
        make()
