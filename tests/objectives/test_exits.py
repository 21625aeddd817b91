import pytest
import torch
from torch import nn

from tssd.errors import UsageError
from tssd.neurons import IF, LIF
from tssd.objectives import ExitPlan, WeakClassifier

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
    weak = WeakClassifier(shape, K, channels=channels)
    logits = weak(spikes(*shape))
    assert logits.shape == (T, N, K)
    logits.square().sum().backward()
    assert all(p.grad is not None for p in weak.parameters())


def test_parameters_on_images():
    # 3x3 convolution, scale and shift, linear.
    assert count(WeakClassifier((4, 6, 6), K)) == 9 * 4 * 4 + 2 * 4 + (4 * K + K)
    assert count(WeakClassifier((4, 6, 6), K, channels=6)) == 9 * 4 * 6 + 2 * 6 + (6 * K + K)


def test_parameters_on_flat_features():
    assert count(WeakClassifier((5,), K)) == 5 * 5 + 2 * 5 + (5 * K + K)
    assert count(WeakClassifier((5,), K, channels=6)) == 5 * 6 + 2 * 6 + (6 * K + K)


def test_its_linear_layer_reads_mean_spikes():
    torch.manual_seed(0)
    weak = WeakClassifier((4, 6, 6), K)
    read = []
    linear = next(m for m in weak.head if isinstance(m, nn.Linear))
    linear.register_forward_hook(lambda _m, args, _y: read.append(args[0]))
    weak(spikes(4, 6, 6))
    assert read[0].shape == (T * N, 4)
    # A mean of 36 zeros and ones.
    torch.testing.assert_close(read[0] * 36, (read[0] * 36).round())
    assert 0 < read[0].mean() < 1


def test_its_neuron_is_the_papers_lif_unless_told():
    assert isinstance(WeakClassifier((5,), K).neuron, LIF)
    assert isinstance(WeakClassifier((5,), K, neuron=IF).neuron, IF)


@pytest.mark.parametrize("shape", [(4, 6, 6), (5,)])
def test_the_first_steps_do_not_depend_on_later_ones_in_eval(shape):
    torch.manual_seed(0)
    weak = WeakClassifier(shape, K)
    weak(spikes(*shape))
    weak.eval()
    torch.testing.assert_close(weak(spikes(*shape)[:2]), weak(spikes(*shape))[:2])


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


def test_a_plan_without_options_is_as_wide_as_the_tap():
    assert count(ExitPlan().build((4, 6, 6), K)) == count(WeakClassifier((4, 6, 6), K, channels=4))
