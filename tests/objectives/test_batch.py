"""What a batch must be; in `test_refusals` also what the whole loss makes of it."""

import math
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from tssd.errors import DataError, UsageError
from tssd.models import NetOutput
from tssd.objectives.batch import (
    are_probabilities,
    check_classes,
    check_labels,
    check_logits,
    check_num_classes,
    check_output,
    check_single,
    classes,
    labels,
)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int16, torch.int32, torch.int64, torch.bool])
def test_classes_may_be_of_any_integer_type(dtype):
    target, in_range = classes(torch.tensor([0, 1, 1]).to(dtype), 2)
    assert target.dtype == torch.int64 and target.tolist() == [0, 1, 1]
    assert in_range.item()


@pytest.mark.parametrize("wrong", [-1, -100, 3, 255])
def test_classes_out_of_range_are_marked_and_harmless(wrong):
    target, in_range = classes(torch.tensor([0, wrong]), 3)
    assert not in_range.item()
    assert target.min() >= 0 and target.max() < 3
    with pytest.raises(DataError, match=f"^labels: got class {wrong}, .* knows 0 to 2; number the"):
        check_classes(torch.tensor([0, wrong]), 3)


def test_classes_from_1_are_recognised():
    check_classes(torch.tensor([0, 2]), 3)
    with pytest.raises(DataError, match="got class 3, .*they seem to count from 1, so pass y - 1"):
        check_classes(torch.tensor([1, 3, 2]), 3)


@pytest.mark.parametrize(
    ("target", "found", "remedy"),
    [
        (torch.zeros(3, 1).long(), r"int64 of shape \[3, 1\]", r"y.squeeze\(1\).long\(\)"),
        (torch.zeros(3, 1), r"float32 of shape \[3, 1\]", r"y.squeeze\(1\).long\(\)"),
        (torch.eye(3), r"float32 of shape \[3, 3\]", r"y.argmax\(1\)"),
        (torch.eye(3).long(), r"int64 of shape \[3, 3\]", r"y.argmax\(1\)"),
        (torch.zeros(3), r"float32 of shape \[3\]", r"y.long\(\) .*regression"),
        (
            torch.zeros(3, dtype=torch.complex64),
            r"complex64 of shape \[3\]",
            "the class of every sample",
        ),
        (torch.tensor(1), r"int64 of shape \[\]", "the class of every sample"),
    ],
)
def test_targets_of_another_kind_are_refused_with_the_remedy(target, found, remedy):
    with pytest.raises(DataError, match=f"^labels: got {found}, expected one .*; .*{remedy}"):
        classes(target, 3)


def test_one_logit_is_refused():
    check_num_classes(SimpleNamespace(num_classes=2))
    with pytest.raises(UsageError, match="^net: has num_classes = 1, expected at least 2"):
        check_num_classes(SimpleNamespace(num_classes=1))


def test_logits_must_have_the_expected_shape():
    check_logits(torch.zeros(2, 3, 4), (2, 3, 4))
    with pytest.raises(UsageError, match=r"shape \[2, 3, 512\], expected \[2, 3, 4\]"):
        check_logits(torch.zeros(2, 3, 512), (2, 3, 4))
    with pytest.raises(UsageError, match=r"shape \[3, 4\], .*every timestep, not their"):
        check_logits(torch.zeros(3, 4), (2, 3, 4))


def test_a_network_returns_more_than_its_logits():
    check_output(NetOutput(torch.zeros(2, 3, 4)))
    with pytest.raises(UsageError, match=r"^net: returned a Tensor, .*NetOutput\(logits, taps"):
        check_output(torch.zeros(2, 3, 4))


def test_probabilities_are_told_from_logits():
    torch.manual_seed(0)
    logits = torch.randn(2, 3, 4)
    for scale in (1, 10):
        assert are_probabilities((scale * logits).softmax(-1)).item()
    assert are_probabilities(logits.bfloat16().softmax(-1).float()).item() is False  # rounded
    assert not are_probabilities(logits).item()
    assert not are_probabilities(logits.log_softmax(-1)).item()
    assert not are_probabilities(logits.sigmoid()).item()
    winner = nn.functional.one_hot(logits.argmax(-1), 4).float()  # one spike a step is no softmax
    assert not are_probabilities(winner).item()


def test_one_repeated_image_has_no_statistics():
    net = nn.Sequential(nn.Linear(6, 4), nn.BatchNorm1d(4))
    with pytest.raises(UsageError, match=r"^input: .* one image, which 1 \(BatchNorm1d"):
        check_single(torch.zeros(1, 6), net)
    with pytest.raises(UsageError, match="batch of one image"):
        check_single(torch.zeros(1, 1, 2, 3), nn.Sequential(nn.Flatten(), net))
    check_single(torch.zeros(2, 6), net)
    check_single(torch.zeros(4, 1, 6), net)  # a sequence differs in time
    check_single(torch.zeros(1, 6), net.eval())
    check_single(torch.zeros(1, 3, 8, 8), nn.BatchNorm2d(3))  # 64 values a channel


def test_a_network_that_was_not_adapted_is_refused_with_the_remedy():
    with pytest.raises(UsageError, match=r"^net: got Flatten, which .* tssd.adapt\(net"):
        check_num_classes(nn.Flatten())
    known = nn.Flatten()
    known.num_classes = 2
    average = torch.optim.swa_utils.AveragedModel(known)
    with pytest.raises(UsageError, match=r"got AveragedModel, .* pass the Flatten .* its \.module"):
        check_num_classes(average)


def test_labels_that_are_no_tensor_are_refused():
    with pytest.raises(DataError, match=r"^labels: got list, .*; torch.as_tensor\(y\)"):
        classes([0, 1], 3)


def test_shares_of_classes_are_labels_of_a_loss_and_no_classes():
    shares = torch.tensor([[0.25, 0.75, 0], [0, 0, 1]])
    for dtype in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
        found, sound = labels(shares.to(dtype), 3)
        assert torch.equal(found.double(), shares.double()) and sound
        assert found.dtype == torch.promote_types(dtype, torch.float32)
    assert labels(torch.tensor([0, 2]), 3).target.tolist() == [0, 2]
    with pytest.raises(DataError, match=r"shares of all classes, float32 \[N, 3\]$"):
        classes(shares, 3)
    with pytest.raises(DataError, match=r"float32 of shape \[2, 3\], .* float32 \[N, 4\]$"):
        labels(shares, 4)


@pytest.mark.parametrize("row", [[0.5, 0.4, 0], [1.5, -0.5, 0], [math.nan, 1, 0], [2.0, 0, 0]])
def test_shares_that_are_none_are_marked_and_told(row):
    wrong = torch.tensor([[1, 0, 0], row])
    assert not labels(wrong, 3).in_range
    with pytest.raises(DataError, match=r"^labels: got shares of classes of sample 1 from .*;"):
        check_labels(wrong, 3)
    check_labels(wrong[:1], 3)
