import pytest
import torch

from tssd.objectives import AttentionDistillation
from tssd.objectives.attention import attention

from .teachers import Says, connected, output

TARGET = torch.tensor([0])
# Two channels, of mean 1, 0 and 0, 2: squares 1, 4.
SPIKES = torch.tensor([[[2.0, 0], [0, 1]], [[0, 0], [0, 3]]]).view(2, 1, 2, 1, 2)


def value(spikes, taught):
    out = output(torch.zeros(2, 1, 2), {0: spikes})
    term = AttentionDistillation(Says(torch.zeros(1, 2), {0: taught}), taps=[0])
    return connected(term, out)(out, TARGET)


def test_by_hand_with_a_teacher_of_other_channels():
    taught = torch.tensor([0.0, 5.0]).view(1, 1, 1, 2)
    # sqrt((1/sqrt 17)^2 + (4/sqrt 17 - 1)^2)
    assert value(SPIKES, taught).item() == pytest.approx(0.2443664, rel=1e-5)


def test_samples_are_averaged_by_hand():
    # The second one is silent, and its distance 1.
    spikes = torch.cat([SPIKES, torch.zeros_like(SPIKES)], 1)
    taught = torch.tensor([0.0, 5.0]).expand(2, 1, 1, 2)
    assert value(spikes, taught).item() == pytest.approx((0.2443664 + 1) / 2, rel=1e-5)


def test_only_where_counts_and_not_how_much():
    spikes = SPIKES.clone().requires_grad_()
    found = value(spikes, 3 * SPIKES.mean(0))
    found.backward()
    assert found.item() == pytest.approx(0, abs=1e-6) and spikes.grad.isfinite().all()


def test_a_silent_sample_is_as_far_as_can_be_and_has_a_gradient():
    spikes = torch.zeros(2, 1, 2, 1, 2, requires_grad=True)
    found = value(spikes, SPIKES.mean(0))
    found.backward()
    assert found.item() == pytest.approx(1) and spikes.grad.isfinite().all()


def test_features_without_a_map():
    assert attention(torch.tensor([[1.0, 0], [1, 1]])).tolist() == [
        [1, 0], pytest.approx([0.70710678] * 2),
    ]  # fmt: skip
