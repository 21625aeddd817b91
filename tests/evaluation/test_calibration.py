import pytest
import torch
from torchmetrics.functional.classification import multiclass_calibration_error

from tssd.evaluation import Calibration


def two_class_logits(*confidences):
    p = torch.tensor(confidences, dtype=torch.double)
    return torch.stack([p.log(), (1 - p).log()], dim=-1)


def test_one_bin_by_hand():
    # All four lie in (12/15, 13/15]; three are right: |3/4 - 0.83|.
    metric = Calibration(1)
    metric.update(two_class_logits(0.82, 0.83, 0.83, 0.84)[None], torch.tensor([0, 0, 0, 1]))
    assert metric.error() == pytest.approx([0.08])


def test_errors_of_opposite_sign_cancel_within_a_bin_only():
    target = torch.tensor([0, 1, 0, 1])
    same, apart = Calibration(1), Calibration(1)
    same.update(two_class_logits(0.62, 0.62, 0.62, 0.62)[None], target)
    apart.update(two_class_logits(0.62, 0.62, 0.95, 0.62)[None], target)
    assert same.error() == pytest.approx([0.12])
    assert apart.error() == pytest.approx([(3 * 0.62 - 1 + 0.05) / 4])


def test_the_last_bin_stands_on_its_own():
    metric = Calibration(1)
    metric.update(two_class_logits(0.9, 0.95)[None], torch.tensor([0, 1]))
    assert metric.error() == pytest.approx([(0.1 + 0.95) / 2])


def test_a_certain_right_answer_has_no_error_and_a_certain_wrong_one_has_all():
    metric = Calibration(2)
    logits = torch.tensor([[[1e4, 0.0]], [[0.0, 1e4]]])
    metric.update(logits, torch.tensor([0]))
    assert metric.error() == (0.0, 1.0)


@pytest.mark.parametrize("bins", [15, 4])
def test_batches_add_up_to_torchmetrics_at_every_timestep(bins):
    generator = torch.Generator().manual_seed(3)
    logits = 2 * torch.randn(3, 200, 5, generator=generator)
    # Labels that the first timestep half knows: bins err to both sides.
    target = torch.multinomial(logits[0].softmax(1), 1, generator=generator).squeeze(1)
    metric = Calibration(3, bins=bins)
    for part, y in zip(logits.split(64, dim=1), target.split(64), strict=True):
        metric.update(part, y)
    for t, error in enumerate(metric.error()):
        oracle = multiclass_calibration_error(logits[t], target, num_classes=5, n_bins=bins)
        assert error == pytest.approx(oracle.item(), abs=1e-6)
        assert error > 0.01


def test_the_bins_at_one_timestep_by_hand():
    metric = Calibration(2, bins=4)
    first = two_class_logits(0.6, 0.7, 0.9, 0.6)
    second = two_class_logits(0.9, 0.9, 0.9, 0.9)
    metric.update(torch.stack([first, second]), torch.tensor([0, 1, 0, 0]))
    bins = metric.reliability(1)
    assert bins.samples == (0, 0, 3, 1)
    assert bins.confidence[:2] == bins.accuracy[:2] == (None, None)
    assert bins.confidence[2:] == pytest.approx((1.9 / 3, 0.9))
    assert bins.accuracy[2:] == pytest.approx((2 / 3, 1))
    assert metric.reliability(2).samples == (0, 0, 0, 4)


def test_a_confidence_between_two_bins_is_in_the_lower_one():
    # Of a network that is silent: 1/2, of bins (1/4, 1/2] and (1/2, 3/4].
    metric = Calibration(1, bins=4)
    metric.update(torch.zeros(1, 1, 2), torch.tensor([0]))
    assert metric.reliability(1).samples == (0, 1, 0, 0)


def test_the_error_is_the_distance_of_the_bins_from_the_diagonal():
    generator = torch.Generator().manual_seed(3)
    metric = Calibration(1)
    metric.update(torch.randn(1, 300, 4, generator=generator), torch.arange(300) % 4)
    bins = metric.reliability(1)
    rows = zip(bins.samples, bins.confidence, bins.accuracy, strict=True)
    distance = sum(n * abs(a - c) for n, c, a in rows if n) / 300
    assert metric.error() == pytest.approx([distance])
