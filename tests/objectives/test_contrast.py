import math

import pytest
import torch
import torch.nn.functional as F

from tssd.objectives.contrast import info_nce, linear_cka


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_two_samples_by_hand():
    views = torch.eye(2)
    # Scores 1 on the diagonal and 0 beside it: -log(e / ((e + 1) / 2)).
    assert info_nce(views, views, 1.0).item() == pytest.approx(math.log((math.e + 1) / 2) - 1)
    assert info_nce(views, views.flip(0), 1.0).item() == pytest.approx(math.log((math.e + 1) / 2))
    # The length of a view says nothing.
    assert info_nce(5 * views, views, 0.5) == info_nce(views, 3 * views, 0.5)


def test_it_is_a_cross_entropy_of_cosines_less_log_n():
    student, teacher = drawn(6, 4).requires_grad_(), drawn(6, 4, seed=1)
    found = info_nce(student, teacher, 0.1)
    cosines = torch.stack([F.cosine_similarity(x[None], teacher) for x in student])
    expected = F.cross_entropy(cosines / 0.1, torch.arange(6))
    torch.testing.assert_close(found, expected - math.log(6))
    slopes = [torch.autograd.grad(value, student)[0] for value in (found, expected)]
    torch.testing.assert_close(*slopes)


def test_a_batch_and_itself_again_say_the_same():
    student, teacher = drawn(4, 3), drawn(4, 3, seed=1)
    twice = info_nce(student.repeat(2, 1), teacher.repeat(2, 1), 0.2)
    torch.testing.assert_close(twice, info_nce(student, teacher, 0.2))
    x, y = drawn(4, 3), drawn(4, 7, seed=1)
    torch.testing.assert_close(linear_cka(x.repeat(2, 1), y.repeat(2, 1)), linear_cka(x, y))


def test_one_sample_and_silent_ones_are_no_trouble():
    student = torch.zeros(1, 3, requires_grad=True)
    for rows in (student, student.expand(4, 3)):
        value = info_nce(rows, drawn(len(rows), 3), 0.1)
        (slope,) = torch.autograd.grad(value, student)
        assert value.item() == pytest.approx(0, abs=1e-6)
        assert slope.isfinite().all() and slope.abs().max() < 1e4
    assert linear_cka(torch.ones(4, 2), drawn(4, 3)).item() == 0


def test_alignment_is_that_of_the_covariances():
    x, y = drawn(8, 3), drawn(8, 5, seed=1)
    a, b = x - x.mean(0), y - y.mean(0)
    norms = [torch.linalg.matrix_norm(m) for m in (a.T @ a, b.T @ b)]
    expected = torch.linalg.matrix_norm(b.T @ a) ** 2 / (norms[0] * norms[1])
    torch.testing.assert_close(linear_cka(x, y), expected)
    turned = torch.linalg.qr(drawn(3, 3, seed=2)).Q
    torch.testing.assert_close(linear_cka(x, 7 * x @ turned + 3), torch.tensor(1.0))
    first, second = torch.tensor([[1.0], [-1], [0], [0]]), torch.tensor([[0.0], [0], [1], [-1]])
    assert linear_cka(first, second).item() == 0


def test_autocast_does_not_round_them():
    x, y = drawn(6, 20), drawn(6, 20, seed=1)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = info_nce(x, y, 0.1), linear_cka(x, y)
    assert mixed == (info_nce(x, y, 0.1), linear_cka(x, y))
