import pytest
import torch
from torch import nn

from tssd.errors import UsageError
from tssd.objectives import BlurredFeatureDistillation

from .teachers import Says, connected, output

# As in test_features.py: means 1, 0.5 and 0, 0.5.
SPIKES = torch.tensor([[[1.0, 0], [0, 0]], [[1, 1], [0, 1]]]).view(2, 2, 1, 1, 2)
TAUGHT = torch.tensor([[1.0, 1], [0, 4]]).view(2, 1, 1, 2)
TARGET = torch.tensor([0, 1])


def term(**options):
    teacher = Says(torch.zeros(2, 2), {0: TAUGHT})
    out = output(torch.zeros(2, 2, 2), {0: SPIKES})
    return with_generator(connected(BlurredFeatureDistillation(teacher, masked=0, **options), out))


def with_generator(made):
    """A term whose generator multiplies by 3."""
    first, _, second = made.generators[0]
    for layer, factor in ((first, 1.0), (second, 3.0)):
        nn.init.zeros_(layer.weight)
        nn.init.zeros_(layer.bias)
        with torch.no_grad():
            layer.weight[0, 0, 1, 1] = factor
    return made


@pytest.mark.parametrize(("rescaled", "expected"), [(True, 4.6875), (False, 5.25)])
def test_by_hand(rescaled, expected):
    # Restored 3, 1.5 and 0, 1.5; taught 1, 1 and 0, 4, times 1/4 if the maxima are to agree.
    value = term(rescaled=rescaled)(output(torch.zeros(2, 2, 2), {0: SPIKES}), TARGET)
    assert value.item() == pytest.approx(expected)


def test_nothing_to_learn_from_one_who_shows_the_same():
    out = output(torch.zeros(2, 2, 2), {0: SPIKES})
    teacher = Says(torch.zeros(2, 2), {0: 3 * SPIKES.mean(0)})
    spikes = SPIKES.clone().requires_grad_()
    made = with_generator(connected(BlurredFeatureDistillation(teacher, rescaled=False), out))
    value = made.eval()(output(torch.zeros(2, 2, 2), {0: spikes}), TARGET)
    value.backward()
    assert value.item() == 0 and not spikes.grad.any()


def test_the_maximum_passes_a_gradient_unless_it_is_detached():
    found = []
    for detach in (False, True):
        spikes = SPIKES.clone().requires_grad_()
        term(detach_maximum=detach)(output(torch.zeros(2, 2, 2), {0: spikes}), TARGET).backward()
        found.append(spikes.grad)
    # -2 (2.75/4 + 1.25/4 + 0.5) / 2 samples, over the two timesteps of the mean.
    expected = torch.zeros_like(SPIKES)
    expected[:, 0, 0, 0, 0] = -0.75
    torch.testing.assert_close(found[0] - found[1], expected)


def test_a_teacher_or_a_network_without_activity_is_no_division_by_zero():
    silent = output(torch.zeros(2, 2, 2), {0: torch.zeros_like(SPIKES)})
    assert term()(silent, TARGET).item() == 0
    nothing = Says(torch.zeros(2, 2), {0: torch.zeros_like(TAUGHT)})
    out = output(torch.zeros(2, 2, 2), {0: SPIKES})
    assert connected(BlurredFeatureDistillation(nothing), out)(out, TARGET).isfinite()


def test_whole_channels_of_single_samples_are_masked_in_training_alone():
    made = BlurredFeatureDistillation(Says(torch.zeros(2, 2)), masked=0.25)
    torch.manual_seed(0)
    features = torch.ones(50, 40, 2, 2)
    kept = made.mask(features)
    assert set(kept.mean((2, 3)).flatten().tolist()) == {0, 1}
    assert kept.mean().item() == pytest.approx(0.75, abs=0.03)
    assert torch.equal(made.eval().mask(features), features)


def test_what_is_masked_is_restored_from_nothing(monkeypatch):
    monkeypatch.setattr(torch, "rand", lambda shape, **_: torch.zeros(shape))
    made, out = term(rescaled=False), output(torch.zeros(2, 2, 2), {0: SPIKES})
    made.masked = 0.5  # of which every channel is
    assert made(out, TARGET).item() == (1 + 1 + 0 + 16) / 2
    assert made.eval()(out, TARGET).item() == 5.25  # see `test_by_hand`


def test_a_teacher_with_other_channels_says_how_many():
    out = output(torch.zeros(2, 2, 2), {0: SPIKES})
    wide = Says(torch.zeros(2, 2), {0: torch.ones(2, 3, 1, 2)})
    made = connected(BlurredFeatureDistillation(wide, channels=[3]), out)
    assert made(out, TARGET).isfinite() and made.aligned[0].weight.shape == (3, 1, 1, 1)
    with pytest.raises(UsageError, match=r"^teacher: .* \[3, 1, 2\], .* \[1, 1, 2\]; say how many"):
        connected(BlurredFeatureDistillation(wide), out)(out, TARGET)


def test_refused():
    with pytest.raises(UsageError, match="^masked: got 1, expected a share from 0 to less than 1$"):
        BlurredFeatureDistillation(Says(torch.zeros(2, 2)), masked=1)
