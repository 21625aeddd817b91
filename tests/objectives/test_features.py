import pytest
import torch
from torch import nn

from tssd.errors import UsageError
from tssd.objectives import FeatureDistillation

from .teachers import Says, connected, output

# Two samples of one channel and two pixels: means 1, 0.5 and 0, 0.5.
SPIKES = torch.tensor([[[1.0, 0], [0, 0]], [[1, 1], [0, 1]]]).view(2, 2, 1, 1, 2)
TAUGHT = torch.tensor([[1.0, 1], [0, 3]]).view(2, 1, 1, 2)
TARGET = torch.tensor([0, 1])


def term(taught=TAUGHT, **options):
    made = FeatureDistillation(Says(torch.zeros(2, 2), {0: taught}), **options)
    return connected(made, output(torch.zeros(2, 2, 2), {0: SPIKES}))


@pytest.mark.parametrize(("span", "expected"), [("teacher", 2.5), ("student", 5.5)])
def test_by_hand(span, expected):
    found = term(normed=False, span=span)
    (layer,) = found.aligned[0]
    nn.init.constant_(layer.weight, 2.0)
    nn.init.zeros_(layer.bias)
    # Of T = 2: (2 - 1)^2 + (1 - 1)^2, and 0^2 + (1 - 3)^2, over two samples.
    value = found(output(torch.zeros(2, 2, 2), {0: SPIKES}), TARGET)
    assert value.item() == pytest.approx(expected)


def test_by_hand_with_batch_norm():
    found = term()
    layer, _ = found.aligned[0]
    nn.init.constant_(layer.weight, 2.0)
    # 1, 1/2 and 0, 1/2 are sqrt 2, 0 and -sqrt 2, 0 by the norm, whatever the factor:
    # (sqrt 2 - 1)^2 + (0 - 1)^2, and (-sqrt 2 - 0)^2 + (0 - 3)^2, over two samples.
    value = found(output(torch.zeros(2, 2, 2), {0: SPIKES}), TARGET)
    assert value.item() == pytest.approx(6.0857864, rel=1e-4)


def test_nothing_to_learn_from_one_who_shows_the_same():
    found = term(SPIKES.mean(0), normed=False)
    nn.init.ones_(found.aligned[0][0].weight)
    nn.init.zeros_(found.aligned[0][0].bias)
    spikes = SPIKES.clone().requires_grad_()
    value = found(output(torch.zeros(2, 2, 2), {0: spikes}), TARGET)
    value.backward()
    assert value.item() == 0 and not spikes.grad.any()


def test_the_alignment_is_trained_and_the_teacher_is_not():
    found = term()
    spikes = SPIKES.clone().requires_grad_()
    found(output(torch.zeros(2, 2, 2), {0: spikes}), TARGET).backward()
    assert [name for name, _ in found.named_parameters()] == [
        "aligned.0.0.weight", "aligned.0.1.weight", "aligned.0.1.bias",
    ]  # fmt: skip
    assert found.aligned[0][1].weight.grad.any() and spikes.grad.any()
    assert found.teacher.module().logits.grad is None


def test_a_teacher_with_other_channels_says_how_many():
    wide = torch.ones(2, 3, 1, 2)
    out = output(torch.zeros(2, 2, 2), {0: SPIKES})
    for channels in ([3], 3):  # of a single place
        assert term(wide, channels=channels)(out, TARGET).isfinite()
    with pytest.raises(UsageError, match=r"^teacher: .* \[3, 1, 2\], .* \[1, 1, 2\]; say how many"):
        term(wide)(output(torch.zeros(2, 2, 2), {0: SPIKES}), TARGET)


@pytest.mark.parametrize(
    ("channels", "message"),
    [
        ([2.5], r"got \[2.5\], expected whole numbers >= 1, or null"),
        (0, r"got \[0\], expected whole numbers >= 1"),
        ([0], r"got \[0\], expected whole numbers >= 1"),
        ([1, 2], "one number for each of 1 places"),
    ],
)
def test_refused(channels, message):
    with pytest.raises(UsageError, match=f"^channels: .*{message}"):
        term(channels=channels)


def test_one_sample_that_its_norm_refuses_is_refused_in_one_line():
    taught, shown = torch.ones(1, 1, 1, 1), torch.ones(2, 1, 1, 1, 1)
    out = output(torch.zeros(2, 1, 2), {0: shown})
    made = connected(FeatureDistillation(Says(torch.zeros(1, 2), {0: taught})), out)
    with pytest.raises(UsageError, match="^input: got a batch of one sample"):
        made(out, TARGET[:1])
