import pytest
import torch
import torch.nn.functional as F
from sklearn.metrics import confusion_matrix

from tssd.errors import DataError
from tssd.evaluation import ConfusionMatrix, TimestepAccuracy

T, N, K = 3, 40, 4


def random_scores(seed=0):
    generator = torch.Generator().manual_seed(seed)
    return (
        torch.randn(T, N, K, generator=generator, dtype=torch.double),
        torch.randint(0, K, (N,), generator=generator),
    )


def test_accuracy_and_nll_by_hand():
    metric = TimestepAccuracy(2)
    logits = torch.tensor([[[0.0, 0.0], [2.0, 0.0]], [[0.0, 3.0], [0.0, 1.0]]])
    metric.update(logits, torch.tensor([0, 1]))
    accuracy, nll = metric.result()
    assert accuracy == (0.5, 0.5)  # a tie goes to the first class
    # -log softmax: log 2 and log(1 + e^2), then log(1 + e^3) and log(1 + e^-1)
    assert nll == pytest.approx([(0.693147 + 2.126928) / 2, (3.048587 + 0.313262) / 2], abs=1e-6)


def test_batches_add_up_to_the_whole():
    logits, target = random_scores()
    metric = TimestepAccuracy(T)
    for part, y in zip(logits.split(7, dim=1), target.split(7), strict=True):
        metric.update(part, y)
    accuracy, nll = metric.result()
    for t in range(T):
        assert accuracy[t] == (logits[t].argmax(1) == target).sum().item() / N
        assert nll[t] == pytest.approx(F.cross_entropy(logits[t], target).item())


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_logits_that_are_not_finite_are_an_error(bad):
    logits, target = random_scores()
    logits[1, 3, 2] = bad
    metric = TimestepAccuracy(T)
    metric.update(logits, target)
    with pytest.raises(DataError, match="NaN or infinity"):
        metric.result()


def test_confusion_has_the_truth_in_its_rows():
    metric = ConfusionMatrix(3)
    metric.update(torch.eye(3)[[0, 2, 2, 1]], torch.tensor([0, 0, 2, 0]))
    metric.update(torch.eye(3)[[1]], torch.tensor([2]))
    assert metric.result() == ((1, 1, 1), (0, 0, 0), (0, 1, 1))


def test_confusion_equals_scikit_learns():
    logits, target = random_scores(2)
    metric = ConfusionMatrix(K)
    metric.update(logits[0], target)
    assert metric.result() == tuple(
        map(tuple, confusion_matrix(target, logits[0].argmax(1)).tolist())
    )
