import pytest
import torch

from tssd.errors import DataError
from tssd.evaluation import EarlyExitCurve


def logits(*confidences_of_class_0):
    p = torch.tensor(confidences_of_class_0, dtype=torch.double)
    return torch.stack([p.log(), (1 - p).log()], dim=-1)


def test_the_curve_by_hand():
    curve = EarlyExitCurve((0.0, 0.5, 0.7, 0.9, 1.0))
    # Class, confidence, truth: 0 at 0.95 right; 0 at 0.8 wrong; 1 at 0.6 right; 1 at 0.75 wrong.
    early = logits(0.95, 0.8, 0.4, 0.25)
    final = logits(0.1, 0.1, 0.9, 0.9)  # wrong, right, wrong, right
    curve.update(early[:3], final[:3], torch.tensor([0, 1, 1]))
    curve.update(early[3:], final[3:], torch.tensor([0]))
    result = curve.result()
    assert result.thresholds == (0.0, 0.5, 0.7, 0.9, 1.0)
    assert result.leaving == (1.0, 1.0, 0.75, 0.25, 0.0)
    assert result.accuracy == (0.5, 0.5, 0.25, 0.75, 0.5)


def test_confidence_must_exceed_the_threshold():
    curve = EarlyExitCurve((0.5,))
    curve.update(torch.zeros(1, 2), torch.zeros(1, 2), torch.tensor([0]))
    assert curve.result().leaving == (0.0,)


@pytest.mark.parametrize("dtype", [torch.float, torch.double])
def test_nobody_leaves_at_threshold_1_however_certain(dtype):
    curve = EarlyExitCurve()
    early, final = torch.tensor([[1e4, 0.0]], dtype=dtype), torch.tensor([[0.0, 1.0]], dtype=dtype)
    curve.update(early, final, torch.tensor([1]))
    result = curve.result()
    assert result.leaving == (1.0,) * (len(result.thresholds) - 1) + (0.0,)
    assert result.accuracy == (0.0,) * (len(result.thresholds) - 1) + (1.0,)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_an_exit_that_is_not_finite_is_no_unsure_one(value):
    curve = EarlyExitCurve((0.5,))
    early = torch.tensor([[value, 0.0], [0.0, 1.0]])
    curve.update(early, torch.zeros(2, 2), torch.tensor([0, 1]))
    curve.update(torch.zeros(1, 2), torch.zeros(1, 2), torch.tensor([0]))
    with pytest.raises(DataError, match="^exit: got logits that are NaN"):
        curve.result()
