import pytest
import torch

from tssd.errors import UsageError
from tssd.models import vgg9
from tssd.objectives import (
    EuclideanNorm,
    MeanSquare,
    Timesteps,
    control,
    control_exit,
    tssd,
    tssd_euclidean,
    tssd_paper,
    vanilla,
)

K, N = 4, 8


def batch():
    """Noise around one random image a class: easy to learn."""
    generator = torch.Generator().manual_seed(0)
    target = torch.arange(N) % K
    prototypes = torch.randn(K, 3, 16, 16, generator=generator)
    return prototypes[target] + 0.3 * torch.randn(N, 3, 16, 16, generator=generator), target


def tiny_vgg():
    torch.manual_seed(0)
    return vgg9(num_classes=K, image_size=16, width=1 / 16)


def described(criterion):
    return {name: (type(t).__name__, t.weight) for name, t in criterion.terms.items()}


def test_vanilla_is_cross_entropy_at_one_length():
    criterion = vanilla(3)
    assert described(criterion) == {"task": ("TaskCrossEntropy", 1.0)}
    assert criterion.timesteps == Timesteps(3, 3)
    assert criterion.connect(tiny_vgg()).taps == ()


def test_tssd_is_four_terms_of_weight_one():
    criterion = tssd()
    assert described(criterion) == {
        "task": ("TaskCrossEntropy", 1.0),
        "temporal": ("TemporalDistillation", 1.0),
        "spatial": ("SpatialDistillation", 1.0),
        "exit_task": ("ExitCrossEntropy", 1.0),
    }
    assert criterion.timesteps == Timesteps(2, 4)
    terms = criterion.terms
    assert terms["task"].span == terms["exit_task"].span == "both"
    assert terms["temporal"].distance == terms["spatial"].distance == MeanSquare()
    assert not terms["temporal"].detach_teacher and not terms["spatial"].detach_teacher
    assert criterion.connect(tiny_vgg()).taps == (1,)


def test_the_controls_are_the_labels_of_tssd_without_distillation():
    assert described(control()) == {"task": ("TaskCrossEntropy", 1.0)}
    assert described(control_exit(tap=-1)) == {
        "task": ("TaskCrossEntropy", 1.0),
        "exit_task": ("ExitCrossEntropy", 1.0),
    }
    for preset in (control, control_exit):
        criterion = preset(1, 6)
        assert criterion.timesteps == Timesteps(1, 6)
        assert {term.span for term in criterion.terms.values()} == {"both"}
    assert control().connect(tiny_vgg()).taps == ()
    assert control_exit(tap=-1).connect(tiny_vgg()).taps == (3,)


def test_the_control_s_gradient_is_that_of_tssd_with_both_weights_zero():
    net, (x, y) = tiny_vgg(), batch()
    found = []
    for criterion in (control_exit(), tssd(alpha=0.0, beta=0.0)):
        torch.manual_seed(1)  # the exit's weights
        net.zero_grad()
        criterion.connect(net).run(net, x, y).total.backward()
        found.append([parameter.grad.clone() for parameter in net.parameters()])
    assert all(torch.equal(*pair) for pair in zip(*found, strict=True))


@pytest.mark.parametrize(("detach", "span"), [(False, "student"), (True, "teacher")])
def test_the_paper_s_reading_has_the_labels_once_and_none_for_the_exit(detach, span):
    criterion = tssd_paper(detach=detach)
    assert described(criterion) == {
        "task": ("TaskCrossEntropy", 1.0),
        "temporal": ("TemporalDistillation", 1.0),
        "spatial": ("SpatialDistillation", 1.0),
    }
    assert criterion.timesteps == Timesteps(2, 4)
    terms = criterion.terms
    assert (terms["task"].span, terms["spatial"].span) == (span, "student")
    assert terms["temporal"].distance == terms["spatial"].distance == MeanSquare()
    assert {terms[name].detach_teacher for name in ("temporal", "spatial")} == {detach}


@pytest.mark.parametrize("detach", [False, True])
def test_every_step_of_the_paper_s_reading_gets_a_gradient(detach):
    net, (x, y) = tiny_vgg(), batch()
    criterion = tssd_paper(detach=detach).connect(net)
    out = net(x.expand(4, *x.shape), criterion.taps)
    out.logits.retain_grad()
    criterion(out, y).total.backward()
    assert all(g.any() for g in out.logits.grad)


def test_tssd_euclidean_is_one_reading_of_the_formulas():
    criterion = tssd_euclidean()
    assert described(criterion) == {
        "task": ("TaskCrossEntropy", 1.0),
        "temporal": ("TemporalDistillation", 1.0),
        "spatial": ("SpatialDistillation", 1.0),
    }
    assert criterion.timesteps == Timesteps(2, 4)
    terms = criterion.terms
    assert terms["task"].span == terms["spatial"].span == "student"
    assert terms["temporal"].distance == terms["spatial"].distance == EuclideanNorm()
    assert terms["temporal"].detach_teacher and terms["spatial"].detach_teacher


@pytest.mark.parametrize("preset", [tssd, tssd_paper, tssd_euclidean])
def test_options_reach_the_terms(preset):
    criterion = preset(1, 6, tap=-1, alpha=0.25, beta=0.5).connect(tiny_vgg())
    assert criterion.timesteps == Timesteps(1, 6)
    assert criterion.taps == (3,)
    weights = {name: weight for name, (_, weight) in described(criterion).items()}
    assert (weights["temporal"], weights["spatial"], weights["task"]) == (0.25, 0.5, 1)


@pytest.mark.parametrize("preset", [tssd, tssd_paper, tssd_euclidean])
def test_a_student_as_long_as_its_teacher_is_refused(preset):
    with pytest.raises(UsageError, match="needs student < teacher"):
        preset(4, 4).connect(tiny_vgg())


def test_steps_after_the_students_get_no_gradient_in_the_euclidean_reading():
    net, (x, y) = tiny_vgg(), batch()
    for preset, reached in [(tssd_euclidean, [True, True, False, False]), (tssd, [True] * 4)]:
        criterion = preset().connect(net)
        out = net(x.expand(4, *x.shape), criterion.taps)
        out.logits.retain_grad()
        criterion(out, y).total.backward()
        assert [bool(g.any()) for g in out.logits.grad] == reached


@pytest.mark.parametrize("preset", [tssd, lambda: vanilla(2)], ids=["tssd", "vanilla"])
def test_thirty_steps_learn_a_small_batch(preset):
    net, (x, y) = tiny_vgg(), batch()
    criterion = preset().connect(net)
    optimizer = torch.optim.SGD([*net.parameters(), *criterion.parameters()], 0.1, momentum=0.9)
    losses = []
    for _ in range(30):
        loss = criterion.run(net, x, y)
        optimizer.zero_grad()
        loss.total.backward()
        optimizer.step()
        losses.append({"total": loss.total.item(), "task": loss.terms["task"].item()})
    assert losses[-1]["total"] < losses[0]["total"] / 4
    assert losses[-1]["task"] < 0.2
