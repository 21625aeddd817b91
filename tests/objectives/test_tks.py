import math

import pytest
import torch

from tssd.errors import UsageError
from tssd.models import NetOutput, vgg9
from tssd.objectives import TaskCrossEntropy, TemporalKnowledgeSharing, Timesteps

NET = vgg9(num_classes=2, width=1 / 64)
RIGHT, WRONG = torch.tensor([0]), torch.tensor([1])
LN3 = math.log(3)
# Shares (27/28, 1/28) and (1/4, 3/4). At temperature 3 the first has (3/4, 1/4).
Z = torch.tensor([[[3 * LN3, 0.0]], [[0.0, LN3]]])


def made(steps=2, **options):
    return TemporalKnowledgeSharing(**options).connect(NET, Timesteps(steps, steps))


def shared(z, target=RIGHT, **options):
    """The part that timesteps share: all of it where no mean is labelled."""
    return made(len(z), sharing=1.0, **options)(NetOutput(z), target)


def crossed(q):
    """Mean over both timesteps of -sum q log softmax(z), by the share of the first class."""
    return -(q * math.log(27 / 28 / 4) + (1 - q) * math.log(1 / 28 * 3 / 4)) / 2


def test_literal_value():
    assert shared(Z).item() == pytest.approx(9 * crossed(0.75))
    # Right about the other class is the other timestep, with 3^(1/3) to 1 at temperature 3.
    assert shared(Z, WRONG).item() == pytest.approx(9 * crossed(1 / (1 + 3 ** (1 / 3))))
    assert shared(Z, temperature=1.0).item() == pytest.approx(crossed(27 / 28))


def test_what_right_timesteps_say_is_added_up():
    twice = Z[:1].repeat(2, 1, 1)
    q, p = 0.9, 27 / 28
    assert shared(twice).item() == pytest.approx(-9 * (q * math.log(p) + (1 - q) * math.log(1 - p)))


def test_without_a_right_timestep_all_classes_are_alike():
    assert shared(Z[:1].repeat(2, 1, 1), WRONG).item() == pytest.approx(
        -9 * (math.log(27 / 28) + math.log(1 / 28)) / 2
    )


def test_every_sample_has_right_timesteps_of_its_own():
    z = torch.cat([Z, Z.flip(0)], 1)
    both = shared(z, torch.tensor([0, 1]))
    assert both.item() == pytest.approx((shared(Z).item() + shared(Z, WRONG).item()) / 2)


def test_all_timesteps_share_whatever_the_span():
    term = TemporalKnowledgeSharing("student", sharing=1.0).connect(NET, Timesteps(1, 2))
    assert term(NetOutput(Z), RIGHT) == shared(Z)
    longer = torch.cat([Z, -Z])
    assert term(NetOutput(longer), RIGHT) == shared(Z)


@pytest.mark.parametrize("detach", [True, False])
def test_the_teacher_passes_a_gradient_unless_detached(detach):
    z = Z.clone().requires_grad_()
    shared(z, detach_teacher=detach).backward()
    q, each = torch.tensor([0.75, 0.25]), Z[:, 0].softmax(-1)
    expected = 9 / 2 * (each - q)
    if not detach:
        # Through the softmax of the one that is right: q (s - sum q s) / k, s what it multiplies.
        s = -9 / 2 * Z[:, 0].log_softmax(-1).sum(0)
        expected[0] += q * (s - (q * s).sum()) / 3
    torch.testing.assert_close(z.grad[:, 0], expected)


@pytest.mark.parametrize(("epoch", "share"), [(0.0, 0.0), (5.0, 0.35), (10.0, 0.7), (12.0, 0.7)])
def test_it_shares_more_from_epoch_to_epoch(epoch, share):
    term = made(label_smoothing=0.1)
    assert term.current_sharing == 0.7  # of a loop that says nothing of progress
    term.set_progress(epoch, 10)
    plain = TaskCrossEntropy(label_smoothing=0.1).connect(NET, Timesteps(2, 2))
    labelled = plain(NetOutput(Z), RIGHT).item()
    expected = (1 - share) * labelled + share * shared(Z).item()
    assert term(NetOutput(Z), RIGHT).item() == pytest.approx(expected)


def test_shares_of_classes_are_labels_too():
    shares = torch.tensor([[0.7, 0.3]], dtype=torch.float64)
    assert shared(Z, shares) == shared(Z)
    assert made()(NetOutput(Z), shares).dtype == torch.float32


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sharing": 1.1}, "^sharing: got 1.1, expected a share from 0 to 1$"),
        ({"temperature": 0.0}, "^temperature: got 0.0"),
        ({"span": "all"}, "^span: got 'all'"),
    ],
)
def test_refused(options, message):
    with pytest.raises(UsageError, match=message):
        TemporalKnowledgeSharing(**options)
