import pytest
import torch
from torchmetrics.functional.classification import multiclass_calibration_error

from tssd.evaluation import CalibrationError


def two_class_logits(*confidences):
    p = torch.tensor(confidences, dtype=torch.double)
    return torch.stack([p.log(), (1 - p).log()], dim=-1)


def test_one_bin_by_hand():
    # All four lie in (12/15, 13/15]; three are right: |3/4 - 0.83|.
    metric = CalibrationError(1)
    metric.update(two_class_logits(0.82, 0.83, 0.83, 0.84)[None], torch.tensor([0, 0, 0, 1]))
    assert metric.result() == pytest.approx([0.08])


def test_errors_of_opposite_sign_cancel_within_a_bin_only():
    target = torch.tensor([0, 1, 0, 1])
    same, apart = CalibrationError(1), CalibrationError(1)
    same.update(two_class_logits(0.62, 0.62, 0.62, 0.62)[None], target)
    apart.update(two_class_logits(0.62, 0.62, 0.95, 0.62)[None], target)
    assert same.result() == pytest.approx([0.12])
    assert apart.result() == pytest.approx([(3 * 0.62 - 1 + 0.05) / 4])


def test_the_last_bin_stands_on_its_own():
    metric = CalibrationError(1)
    metric.update(two_class_logits(0.9, 0.95)[None], torch.tensor([0, 1]))
    assert metric.result() == pytest.approx([(0.1 + 0.95) / 2])


def test_a_certain_right_answer_has_no_error_and_a_certain_wrong_one_has_all():
    metric = CalibrationError(2)
    logits = torch.tensor([[[1e4, 0.0]], [[0.0, 1e4]]])
    metric.update(logits, torch.tensor([0]))
    assert metric.result() == (0.0, 1.0)


@pytest.mark.parametrize("bins", [15, 4])
def test_batches_add_up_to_torchmetrics_at_every_timestep(bins):
    generator = torch.Generator().manual_seed(3)
    logits = 2 * torch.randn(3, 200, 5, generator=generator)
    # Labels that the first timestep half knows: bins err to both sides.
    target = torch.multinomial(logits[0].softmax(1), 1, generator=generator).squeeze(1)
    metric = CalibrationError(3, bins=bins)
    for part, y in zip(logits.split(64, dim=1), target.split(64), strict=True):
        metric.update(part, y)
    for t, error in enumerate(metric.result()):
        oracle = multiclass_calibration_error(logits[t], target, num_classes=5, n_bins=bins)
        assert error == pytest.approx(oracle.item(), abs=1e-6)
        assert error > 0.01
