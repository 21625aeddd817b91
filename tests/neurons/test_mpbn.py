import pytest
import torch
from spikingjelly.activation_based import neuron as sj_neuron
from spikingjelly.activation_based import surrogate as sj_surrogate
from torch import nn

from tssd.errors import UsageError
from tssd.neurons import LIF, MPBNLIF, recording
from tssd.surrogates import ATan
from tssd.testing import check_neuron

T, N, C = 5, 4, 6
GAIN = torch.tensor([1.5, -1.2, 0.7, 0.0, -0.4, 1.0])
SHIFT = torch.tensor([0.2, 0.4, -0.3, 1.0, 0.3, 0.0])


def inputs(seed=0, drive=1.5):
    generator = torch.Generator().manual_seed(seed)
    return drive * torch.randn(T, N, C, 3, 2, generator=generator, dtype=torch.double) + 0.5


def drawn(norm, gain=GAIN):
    """A norm with values that no new one has."""
    with torch.no_grad():
        norm.weight.copy_(gain)
        norm.bias.copy_(SHIFT)
        norm.running_mean.copy_(torch.linspace(-0.5, 1, C))
        norm.running_var.copy_(torch.linspace(0.5, 3, C))


def neuron(gain=GAIN, **options):
    made = MPBNLIF(1.6, 0.8, **options).connect(C).double()
    drawn(made.norm, gain)
    return made


def spikingjellys(gain=GAIN, **options):
    node = sj_neuron.MPBNLIFNode(tau=1.6, v_threshold=0.8, out_channels=C, step_mode="m", **options)
    drawn(node.double().vbn, gain)
    return node


@pytest.mark.parametrize("options", [{}, {"v_reset": None, "foldable": False}])
def test_it_keeps_the_contract(options):
    check_neuron(lambda: MPBNLIF(**options))


def test_pencil_trace():
    made = MPBNLIF().connect(1).double().eval()
    with torch.no_grad():
        made.norm.running_mean.fill_(0.25)
        made.norm.running_var.fill_(0.25 - made.norm.eps)
        made.norm.weight.fill_(0.5)
    # H = 1, 1.75, 0.5, 1; norm(H) = H - 0.25 = 0.75, 1.5, 0.25, 0.75
    x = torch.tensor([1.0, 1.25, 0.5, 0.75], dtype=torch.double).view(4, 1, 1)
    with recording(made) as membranes:
        spikes = made(x)
    assert spikes.flatten().tolist() == [0, 1, 0, 0]
    assert membranes[""].flatten().tolist() == [1, 1.75, 0.5, 1]  # the reset is that of H


def test_at_the_threshold_it_fires_unless_strict():
    for strict in (False, True):
        made = MPBNLIF(strict=strict).connect(2).double().eval()
        with torch.no_grad():
            made.norm.running_var.fill_(1 - made.norm.eps)
            made.norm.weight.copy_(torch.tensor([1.0, -1.0]))
        x = torch.tensor([1.0, -1.0], dtype=torch.double).view(1, 1, 2)
        assert made(x).flatten().tolist() == made.folded()(x).flatten().tolist()
        assert made(x).tolist() == [[[1 - strict, 1 - strict]]]


def test_without_anything_to_normalise_it_is_a_lif_with_hard_reset():
    made, plain = MPBNLIF(1.6).connect(C).double().eval(), LIF(1.6, v_reset=0.0)
    made.norm.running_var.fill_(1 - made.norm.eps)
    x = inputs()
    assert 0.1 < plain(x).mean() < 0.9
    assert torch.equal(made(x), plain(x))


# SpikingJelly's keeps the normalised membrane from one timestep to the next, until its threshold is
# re-parameterised; the authors' code keeps the membrane itself, as ours does. So its node gives the
# spikes of one timestep here, and the membrane is charged and reset beside it.
def stepwise(node, x, v_reset, detach_reset):
    v, spikes = torch.full_like(x[0], v_reset), []
    for x_t in x:
        h = v + (x_t - (v - v_reset) / 1.6)
        node.reset()
        spikes.append(node(h))
        s = spikes[-1].detach() if detach_reset else spikes[-1]
        v = (1 - s) * h + s * v_reset
    return torch.stack(spikes), v


@pytest.mark.parametrize("detach_reset", [False, True])
@pytest.mark.parametrize("v_reset", [0.0, -0.3])
def test_it_equals_spikingjellys_in_values_gradients_and_statistics(v_reset, detach_reset):
    ours = neuron(surrogate=ATan(), v_reset=v_reset, detach_reset=detach_reset)
    theirs = spikingjellys(surrogate_function=sj_surrogate.ATan(alpha=2.0))
    theirs.step_mode = "s"

    def scan(x):
        spikes, state = ours.scan(x)
        return spikes, state.v

    def oracle(x):
        return stepwise(theirs, x, v_reset, detach_reset)

    for seed, training in enumerate((True, False)):
        found = []
        for run, node, norm in ((scan, ours, ours.norm), (oracle, theirs, theirs.vbn)):
            node.train(training)
            x = inputs(seed).requires_grad_()
            y, v = run(x)
            weights = torch.arange(y.numel(), dtype=y.dtype).cos().view(y.shape)
            loss = (y * weights).sum() + (v * weights[1]).sum()
            grads = torch.autograd.grad(loss, [x, norm.weight, norm.bias])
            found.append([y.detach(), v.detach(), norm.running_mean, norm.running_var, *grads])
        assert 0.1 < found[0][0].mean() < 0.9
        for a, b in zip(*found, strict=True):
            torch.testing.assert_close(a, b)
    assert ours.norm.num_batches_tracked == theirs.vbn.num_batches_tracked == T


def test_the_fold_equals_the_neuron_in_eval_mode():
    made = neuron().eval()
    folded = made.folded()
    for x in (inputs(), inputs(1)[..., 0, 0]):
        expected = made(x)
        rates = expected.transpose(0, 2).flatten(1).mean(1)
        # A channel without a scale always fires here: its shift is above the threshold.
        assert rates[3] == 1 and ((rates > 0.05) & (rates < 0.95)).sum() == 5
        assert torch.equal(folded(x), expected)
        assert torch.equal(folded.scan(x)[1].v, made.scan(x)[1].v)
    assert not any(isinstance(part, nn.modules.batchnorm._BatchNorm) for part in folded.modules())
    assert not folded.training and [*folded.parameters()] == []


def test_a_channel_without_a_scale_may_never_fire():
    made = neuron(gain=torch.zeros(C)).eval()
    spikes = made.folded()(inputs())
    assert torch.equal(spikes, made(inputs()))
    assert spikes.mean((0, 1, 3, 4)).tolist() == [0, 0, 0, 1, 0, 0]


def test_spikingjellys_threshold_is_ours_where_the_scale_is_positive_and_takes_no_sign():
    x = inputs(2)
    for gain in (GAIN.abs() + 0.1, -GAIN.abs() - 0.1):
        made, theirs = neuron(gain).eval(), spikingjellys(gain).eval()
        theirs.re_parameterize_v_threshold()
        assert torch.equal(made.folded()(x), made(x))
        assert torch.equal(theirs(x), made(x)) == bool((gain > 0).all())


def test_a_fold_takes_up_streams_and_trains_on_nothing():
    made = neuron().eval()
    folded, x = made.folded(), inputs(3)
    first, state = made.scan(x[:2])
    rest, _ = folded.scan(x[2:], state)
    assert torch.equal(torch.cat([first, rest]), made(x))
    copied = neuron(gain=torch.ones(C)).folded()
    copied.load_state_dict(folded.state_dict())
    assert torch.equal(copied(x), folded(x))


def test_a_soft_reset_does_not_fold_and_is_told_the_way_out():
    with pytest.raises(UsageError, match=r"^v_reset: got null, a soft reset, .* MPBN's .*foldable"):
        MPBNLIF(v_reset=None)
    made = neuron(v_reset=None, foldable=False)
    assert made(inputs()).any()
    with pytest.raises(UsageError, match="^v_reset: got a soft reset, .* hard reset"):
        made.folded()


def test_unconnected_it_takes_all_channels_for_one():
    x = inputs()
    alone, one = MPBNLIF().double(), MPBNLIF().connect(1).double()
    assert torch.equal(alone(x), one(x.flatten(2).unsqueeze(2)).view_as(x))
    torch.testing.assert_close(alone.norm.running_mean, one.norm.running_mean)


def test_what_it_cannot_normalise_is_refused():
    with pytest.raises(UsageError, match="^input: got 6 channels, but the neuron was connected to"):
        MPBNLIF().connect(4)(inputs().float())
    with pytest.raises(UsageError, match="^input: got one value a channel"):
        MPBNLIF().connect(4)(torch.zeros(2, 1, 4))
    with pytest.raises(UsageError, match="^state: got a membrane"):
        MPBNLIF().scan(torch.zeros(2, 3, 1), MPBNLIF().initial_state(torch.zeros(2, 1)))


def test_in_half_precision_the_membrane_is_not():
    x = inputs().bfloat16()
    spikes, state = MPBNLIF().connect(C).bfloat16().scan(x)
    assert (spikes.dtype, state.v.dtype) == (torch.bfloat16, torch.float32)
