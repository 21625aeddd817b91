import pytest
import torch
from torch import nn

from tssd.errors import UsageError
from tssd.models import NetOutput, resnet18, vgg9
from tssd.neurons import IF, LIF, Neuron
from tssd.norms import per_step_batch_norm, pooled_batch_norm
from tssd.objectives import Exit, ExitCrossEntropy, ExitPlan, SelfDistillation, Timesteps
from tssd.objectives.exits import EVERY_STAGE, places_of
from tssd.time import PerStep, TimeFold

T, N, K = 4, 3, 7


def spikes(*shape):
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 2, (T, N, *shape), generator=generator).float()


def count(module):
    return sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize("shape", [(4, 6, 6), (4, 1, 1), (4, 5, 9), (5,)])
@pytest.mark.parametrize("channels", [None, 6])
def test_features_of_any_shape_become_logits_at_every_step(shape, channels):
    torch.manual_seed(0)
    head = Exit(shape, K, channels=channels)
    logits = head(spikes(*shape))
    assert logits.shape == (T, N, K)
    logits.square().sum().backward()
    assert all(p.grad is not None for p in head.parameters())


def test_parameters_on_images():
    # 3x3 convolution, scale and shift, linear.
    assert count(Exit((4, 6, 6), K)) == 9 * 4 * 4 + 2 * 4 + (4 * K + K)
    assert count(Exit((4, 6, 6), K, channels=6)) == 9 * 4 * 6 + 2 * 6 + (6 * K + K)


def test_parameters_on_flat_features():
    assert count(Exit((5,), K)) == 5 * 5 + 2 * 5 + (5 * K + K)
    assert count(Exit((5,), K, channels=6)) == 5 * 6 + 2 * 6 + (6 * K + K)


def test_its_linear_layer_reads_mean_spikes():
    torch.manual_seed(0)
    head = Exit((4, 6, 6), K)
    read = []
    linear = next(m for m in head.head if isinstance(m, nn.Linear))
    linear.register_forward_hook(lambda _m, args, _y: read.append(args[0]))
    head(spikes(4, 6, 6))
    assert read[0].shape == (T * N, 4)
    # A mean of 36 zeros and ones.
    torch.testing.assert_close(read[0] * 36, (read[0] * 36).round())
    assert 0 < read[0].mean() < 1


def test_its_neuron_is_the_papers_lif_unless_told():
    assert isinstance(Exit((5,), K).neuron, LIF)
    assert isinstance(Exit((5,), K, neuron=IF).neuron, IF)


@pytest.mark.parametrize("shape", [(4, 6, 6), (5,)])
def test_the_first_steps_do_not_depend_on_later_ones_in_eval(shape):
    torch.manual_seed(0)
    head = Exit(shape, K)
    head(spikes(*shape))
    head.eval()
    torch.testing.assert_close(head(spikes(*shape)[:2]), head(spikes(*shape))[:2])


def test_a_plan_builds_a_new_classifier_each_time_as_it_was_told():
    plan = ExitPlan(channels=6, neuron=lambda: IF(2.0))
    first, second = plan.build((4, 6, 6), K), plan.build((5,), 2)
    assert count(first) == 9 * 4 * 6 + 2 * 6 + (6 * K + K)
    assert count(second) == 5 * 6 + 2 * 6 + (6 * 2 + 2)
    assert isinstance(first.neuron, IF)
    assert first.neuron.dynamics.threshold == 2
    assert first.neuron is not second.neuron


def test_a_plan_leaves_the_place_to_the_network_unless_told():
    assert ExitPlan().taps is None
    assert ExitPlan([-1, "layer.1"]).taps == (-1, "layer.1")


def test_a_plan_without_places_is_refused():
    with pytest.raises(UsageError, match=r"^exits.taps: got none, expected at least one place"):
        ExitPlan([])
    with pytest.raises(UsageError, match=r"^exits.channels: got 2.5, expected a whole number$"):
        ExitPlan(channels=2.5)


def test_a_plan_without_options_is_as_wide_as_the_tap():
    assert count(ExitPlan().build((4, 6, 6), K)) == count(Exit((4, 6, 6), K, channels=4))


class PerChannel(Neuron):
    """Fires above a threshold of each channel's own, which it learns."""

    def connect(self, channels):
        self.threshold = nn.Parameter(torch.full((channels,), 0.5))
        return self

    def initial_state(self, x_t):
        return ()

    def step(self, x_t, state):
        drive = x_t - self.threshold.view(-1, *[1] * (x_t.dim() - 2))
        return torch.sigmoid(9 * drive), state


def group_norm(channels: int) -> nn.Module:
    return TimeFold(nn.GroupNorm(1, channels))


class Own(nn.Module):
    """A network with a tap of any shape; says how it builds its parts if it is told."""

    num_classes = K

    def __init__(self, shape, **makes):
        super().__init__()
        self.shape = shape
        vars(self).update(makes)

    def resolve_tap(self, tap):
        return "tap"

    def tap_shape(self, tap):
        return self.shape

    def forward(self, x, taps=()):
        return NetOutput(torch.zeros(*x.shape[:2], K), dict.fromkeys(taps, x))


def head_of(net, **options):
    plan = ExitPlan(**options)
    terms = {"exit": ExitCrossEntropy()}
    criterion = SelfDistillation(terms, Timesteps(1, T), exits=plan).connect(net)
    (tap,) = criterion.taps
    return criterion.exit_at(tap)


@pytest.mark.parametrize("shape", [(4, 6, 6), (4, 6), (4,)])
@pytest.mark.parametrize("norm", [per_step_batch_norm, group_norm])
def test_it_takes_the_networks_own_neuron_and_norm(shape, norm):
    torch.manual_seed(0)
    head = head_of(Own(shape, make_neuron=PerChannel, make_norm=norm), channels=3)
    assert isinstance(head.neuron, PerChannel) and len(head.neuron.threshold) == 3
    kinds = {type(part) for part in head.modules()}
    assert (PerStep in kinds) == (norm is per_step_batch_norm)
    assert (nn.GroupNorm in kinds) == (norm is group_norm)
    logits = head(spikes(*shape))
    assert logits.shape == (T, N, K)
    logits.square().sum().backward()
    assert all(p.grad is not None and p.grad.any() for p in head.parameters())


@pytest.mark.parametrize("build", [vgg9, resnet18])
def test_our_networks_say_how_they_build_their_own(build):
    net = build(num_classes=K, image_size=16, width=1 / 64, neuron=IF, norm=per_step_batch_norm)
    head = head_of(net)
    assert isinstance(head.neuron, IF)
    assert any(isinstance(part, PerStep) for part in head.modules())
    assert not any(isinstance(part, LIF) for part in head.modules())


@pytest.mark.parametrize("shape", [(4, 6), (4,)])
def test_a_norm_of_maps_on_fewer_axes_is_batch_norm_of_one_dimension(shape):
    torch.manual_seed(0)
    own = Exit(shape, K, norm=lambda channels: TimeFold(nn.BatchNorm2d(channels)))
    plain = Exit(shape, K)
    assert isinstance(plain.features[1], nn.BatchNorm1d)
    own.features[0][0].load_state_dict(plain.features[0].state_dict())
    x = spikes(*shape)
    torch.testing.assert_close(own.features(x), plain.features(x))


def test_what_is_told_counts_more_than_what_the_network_has():
    net = Own((4, 6, 6), make_neuron=PerChannel, make_norm=group_norm)
    head = head_of(net, neuron=IF, norm=pooled_batch_norm)
    assert isinstance(head.neuron, IF) and isinstance(head.features[1], nn.BatchNorm2d)


def test_a_network_that_does_not_say_gets_lif_and_batch_norm_and_is_told(caplog):
    with caplog.at_level("INFO", "tssd"):
        head = head_of(Own((4,)))
    assert isinstance(head.neuron, LIF) and isinstance(head.features[1], nn.BatchNorm1d)
    (record,) = caplog.records
    assert record.message.startswith("exits: LIF neurons and batch norm, since the network does")


def test_weights_have_the_names_of_earlier_versions():
    names = [name.removeprefix("exits.") for name in head_of(vgg9(num_classes=K)).state_dict()]
    norm = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]
    expected = ["features.0.weight", *(f"features.1.{name}" for name in norm)]
    assert names == [*expected, "head.2.weight", "head.2.bias"]


def test_every_stage_but_the_last_is_a_place():
    net = vgg9(num_classes=K, image_size=16, width=1 / 32)
    assert [*places_of([EVERY_STAGE], net)] == [0, 1, 2]
    assert places_of(None, net) == [None] and places_of([2, -1], net) == [2, -1]
    criterion = SelfDistillation(
        {"exit_task": ExitCrossEntropy()}, Timesteps(1, 2), exits=ExitPlan(EVERY_STAGE)
    ).connect(net)
    assert criterion.taps == (0, 1, 2) and len(criterion.exits) == 3
    with pytest.raises(UsageError, match="^taps: got 'every stage', but Linear has no stages"):
        places_of([EVERY_STAGE], nn.Linear(1, 1))
