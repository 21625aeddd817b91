"""The check of surrogates passes our own and fails whatever breaks the contract."""

import pytest
import torch
from torch import nn

from tssd.surrogates import ATan, Rectangular, Sigmoid, Surrogate, Triangular, straight_through
from tssd.surrogates.spike import fire
from tssd.testing import check_surrogate


class Trained(nn.Module, Surrogate):
    """A sigmoid whose slope is trained; every class below breaks one thing of it."""

    def __init__(self):
        super().__init__()
        self.slope = nn.Parameter(torch.tensor(2.0))

    def primitive(self, s):
        return torch.sigmoid(self.slope * s)

    def derivative(self, s):
        q = torch.sigmoid(self.slope * s)
        return self.slope * q * (1 - q)


class Annealed(nn.Module, Surrogate):
    """A window that narrows; no parameter."""

    width = 2.0

    def set_progress(self, epoch, epochs):
        self.width = 2.0 - epoch / epochs
        return {"width": self.width}

    def primitive(self, s):
        return (s / self.width + 0.5).clamp(0, 1)

    def derivative(self, s):
        return (s.abs() < self.width / 2).to(s.dtype) / self.width


class Masked(Trained):
    """Shows the soft step at random in training, and spikes in eval mode."""

    def spike(self, s):
        if not (self.training and torch.is_grad_enabled()):
            return super().spike(s)
        soft = self.primitive(s)
        value = torch.where(torch.rand_like(s) < 0.5, fire(s.detach()), soft.detach())
        return straight_through(value, soft)


@pytest.mark.parametrize(
    "make",
    [
        Rectangular, Triangular, Sigmoid, ATan, Trained, Annealed, Masked,
        lambda: Rectangular(0.3), lambda: ATan(9.0), lambda: Trained().requires_grad_(False),
    ],
)  # fmt: skip
def test_surrogates_that_keep_the_contract_pass(make):
    check_surrogate(make)


class Twice(Trained):
    def derivative(self, s):
        return 2 * super().derivative(s)


class Flat(Trained):
    def derivative(self, s):
        return 0 * s


class Single(Annealed):
    def derivative(self, s):
        return (s.abs() < self.width / 2) / self.width


class Explodes(Trained):
    def derivative(self, s):
        return super().derivative(s) / (s > 0)


class Blind(Trained):
    """Its slope acts backward only, so that no gradient reaches it."""

    def primitive(self, s):
        return torch.sigmoid(self.slope.detach() * s)


class Above(Trained):
    def spike(self, s):
        return straight_through((s > 0).to(s.dtype) + 0 * s.detach(), self.primitive(s))


class Deaf(Trained):
    def spike(self, s):
        return straight_through((s >= 0).to(s.dtype), self.primitive(s))


class Soft(Trained):
    def spike(self, s):
        return self.primitive(s)


class OtherGradient(Trained):
    def spike(self, s):
        return straight_through(fire(s.detach()), 3 * self.primitive(s))


class Scales(Trained):
    def scale(self, grad, kept):
        return grad


class Late(Annealed):
    """Right at the beginning only."""

    def derivative(self, s):
        return (s.abs() < 1).to(s.dtype) / 2


class Says(Annealed):
    def set_progress(self, epoch, epochs):
        super().set_progress(epoch, epochs)
        return self.width


@pytest.mark.parametrize(
    ("kind", "match"),
    [
        (Twice, "derivative, and autograd of primitive"),
        (Flat, "its derivative is zero everywhere"),
        (Single, "derivative: got torch.float32 for torch.float64"),
        (Explodes, "its derivative has values that are not finite"),
        (Blind, "spike gives no gradient to slope"),
        (Above, r"spike: got \[0.0\] at s = \[0.0\], expected 1 where s >= 0"),
        (Deaf, "spike of NaN: got 0.0, expected NaN"),
        (Soft, "spike: got .*, expected 1 where s >= 0, else 0"),
        (OtherGradient, "gradient by s, of spike and of primitive"),
        (Scales, "scale from what compress kept, and grad \\* derivative"),
        (Late, "at epoch 5 of 10: derivative, and autograd of primitive"),
        (Says, r"set_progress\(10.0, 10\): got 1.0, expected a mapping"),
    ],
)
def test_a_surrogate_that_breaks_the_contract_fails_and_is_told_how(kind, match):
    with pytest.raises(AssertionError, match=f"^{kind.__name__}:? ?{match}"):
        check_surrogate(kind)


def test_what_is_no_surrogate_is_told():
    with pytest.raises(AssertionError, match="^Identity: got .*, expected a class that derives"):
        check_surrogate(nn.Identity)
