"""Our objectives pass; whatever one may get wrong is told, each by an objective that does."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tssd.objectives import (
    ExitCrossEntropy,
    Frozen,
    Objective,
    SpatialDistillation,
    TaskCrossEntropy,
    TeacherDistillation,
    TemporalDistillation,
)
from tssd.testing import check_objective


class Ann(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 5)

    def forward(self, x):
        return self.layer(x.mean((2, 3)))


def taught():
    torch.manual_seed(1)
    return TeacherDistillation(Ann(), ramp_epochs=5)


@pytest.mark.parametrize(
    "make",
    [
        TaskCrossEntropy,
        ExitCrossEntropy,
        TemporalDistillation,
        SpatialDistillation,
        taught,
        lambda: TemporalDistillation(detach_teacher=True, ramp_epochs=3, weight=0.5),
        lambda: SpatialDistillation("teacher", detach_teacher=True),
        lambda: TaskCrossEntropy(weight=0.0),
    ],
)
def test_our_own_pass(make):
    check_objective(make)


class Right(Objective):
    """A correct objective, for others to spoil."""

    def forward(self, out, target):
        return F.cross_entropy(out.logits.mean(0), target)


class PerSample(Right):
    def forward(self, out, target):
        return F.cross_entropy(out.logits.mean(0), target, reduction="none")


class Number(Right):
    def forward(self, out, target):
        return super().forward(out, target).item()


class Infinite(Right):
    def forward(self, out, target):
        return super().forward(out, target) + (0 * out.logits).log().mean()


class Weighted(Right):
    def forward(self, out, target):
        return self.weight * super().forward(out, target)


class Summed(Right):
    def forward(self, out, target):
        return F.cross_entropy(out.logits.mean(0), target, reduction="sum")


class Detached(Right):
    def forward(self, out, target):
        return F.cross_entropy(out.logits.mean(0).detach(), target)


class Rounded(Right):
    def forward(self, out, target):
        return (out.logits.round()).mean() + 0 * super().forward(out, target)


class ReadsExits(Right):
    def forward(self, out, target):
        return super().forward(out, target) + sum(x.mean() for x in out.exits.values())


class ReadsNothing(Right):
    needs_input = True


class Counts(Right):
    calls = 0

    def forward(self, out, target):
        self.calls += 1
        return super().forward(out, target) * self.calls


class InPlace(Right):
    def forward(self, out, target):
        out.logits.data.mul_(2)
        return super().forward(out, target)


class Registered(Right):
    needs_input = True

    def __init__(self):
        super().__init__()
        self.teacher = Ann()

    def forward(self, out, target):
        with torch.no_grad():
            taught = self.teacher(out.input[0])
        return F.mse_loss(out.logits.mean(0), taught)


class Trains(Right):
    needs_input = True

    def __init__(self):
        super().__init__()
        self.teacher = Frozen(Ann())

    def forward(self, out, target):
        return F.mse_loss(out.logits.mean(0), self.teacher.module()(out.input[0]))


class Idle(Right):
    def __init__(self):
        super().__init__()
        self.factor = nn.Parameter(torch.ones(()))


class Half(Right):
    def forward(self, out, target):
        return super().forward(out, target).bfloat16()


class FourSteps(Right):
    def forward(self, out, target):
        return F.cross_entropy(out.logits[3], target)


class NeverConnected(Right):
    def connect(self, net, timesteps):
        return self


class ReadsTaps(Right):
    needs_exits = True

    def forward(self, out, target):
        exits = sum(x.mean() for x in out.exits.values())
        return super().forward(out, target) + exits + sum(x.mean() for x in out.taps.values())


class TooMuch(Right):
    def share(self, epoch, epochs):
        return 2 * epoch / epochs


class NoRamp(Right):
    def __init__(self):
        super().__init__(ramp_epochs=4)

    def set_progress(self, epoch, epochs):
        self.epoch = epoch


class Odd(Right):
    def set_progress(self, epoch, epochs):
        super().set_progress(epoch, epochs)
        return {"epoch": "soon"}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (PerSample, r"returned shape \[3\], expected a scalar"),
        (Number, "returned float, expected a tensor"),
        (Infinite, "returned -inf, expected a finite number"),
        (Weighted, "depends on its weight"),
        (Summed, "expected the same: a mean over samples"),
        (Detached, "no gradient reaches anything"),
        (Rounded, "its gradient is zero everywhere"),
        (ReadsExits, "reads out.exits, expected the class attribute needs_exits = True"),
        (ReadsNothing, "has needs_input = True, but never reads out.input"),
        (Counts, "keeps something from one call to the next"),
        (InPlace, "changed out.logits, expected it left as it was"),
        (
            Registered,
            r"parameter teacher.layer.weight gets no gradient; a teacher goes into Frozen",
        ),
        (Trains, "gradients reach its teacher"),
        (Idle, "its parameter factor gets no gradient"),
        (Half, "is torch.bfloat16 in mixed precision, expected float32"),
        (FourSteps, "fails at T_s = 1, T_t = 1 with IndexError"),
        (NeverConnected, r"its connect does not call super\(\).connect"),
        (ReadsTaps, "reads out.taps, expected the class attribute needs_taps = True"),
        (TooMuch, r"its weight goes \[0.0, .*, 2.0\] over training, expected 0 to 1.0; its share"),
        (NoRamp, r"its weight goes \[4?.*\] over training, expected 0.0 to 1.0"),
        (Odd, r"set_progress\(.*got \{'epoch': 'soon'\}"),
        (nn.Identity, "got a Identity, expected a tssd.objectives.Objective"),
    ],
)
def test_what_is_wrong_is_told(wrong, message):
    with pytest.raises(AssertionError, match=message) as caught:
        check_objective(wrong)
    assert str(caught.value).startswith(f"{wrong.__name__}: ")
