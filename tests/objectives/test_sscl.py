import pytest
import torch
from torch import nn

from tssd.errors import UsageError
from tssd.models import NetOutput, vgg9
from tssd.objectives import ContrastiveDistillation, Frozen, SelfDistillation, Timesteps
from tssd.objectives.contrast import info_nce, linear_cka
from tssd.time import repeat_in_time

N, K = 4, 5
IMAGES = torch.randn(N, 3, 16, 16, generator=torch.Generator().manual_seed(0))
TARGET = torch.arange(N)


def net_of(width=1 / 16, **options):
    torch.manual_seed(0)
    return vgg9(num_classes=K, image_size=16, width=width, **options)


@pytest.fixture(scope="module")
def ann():
    return net_of(neuron=nn.ReLU)


def term(teacher, **options):
    return ContrastiveDistillation(teacher, **options).connect(net_of(), Timesteps(1, 2))


def output(features):
    return NetOutput(torch.zeros(2, N, K), features, input=repeat_in_time(IMAGES, 2))


def test_places_are_weighted_by_how_alike_they_are(ann):
    taught = Frozen(ann).features(repeat_in_time(IMAGES, 1), (0, 3))
    own = {tap: torch.rand(2, N, *taught[tap].shape[1:]) for tap in (0, 3)}
    found = term(ann, taps=[0, 3], temperature=0.2)(output(own), TARGET)
    by_hand = torch.zeros(())
    for tap, features in own.items():
        f, a = features.mean(0).flatten(1), taught[tap].flatten(1)
        by_hand += linear_cka(f, a) * info_nce(f, a, 0.2)
    torch.testing.assert_close(found, by_hand)
    first = term(ann, taps=[0, 3], span="student")(output(own), TARGET)
    ones = {tap: features[:1].repeat(2, 1, 1, 1, 1) for tap, features in own.items()}
    torch.testing.assert_close(first, term(ann, taps=[0, 3])(output(ones), TARGET))


def test_who_sees_as_the_teacher_does_has_weights_of_one_and_tells_samples_apart(ann):
    taught = Frozen(ann).features(repeat_in_time(IMAGES, 1), range(4))
    own = {tap: features.expand(2, *features.shape) for tap, features in taught.items()}
    alike = sum(info_nce(f.flatten(1), f.flatten(1), 0.1) for f in taught.values())
    found = term(ann)(output(own), TARGET)
    torch.testing.assert_close(found, alike)
    assert found < 0


def test_the_weights_and_the_teacher_pass_no_gradient(ann):
    net = net_of()
    terms = {"sscl": ContrastiveDistillation(ann)}
    criterion = SelfDistillation(terms, Timesteps(1, 2)).connect(net)
    assert (criterion.kept, criterion.taps) == ((0, 1, 2, 3), ())
    criterion.run(net, IMAGES, TARGET).total.backward()
    assert all(p.grad is None for p in ann.parameters())
    assert [*criterion.parameters()] == [] and [*criterion.teachers] == ["sscl.teacher"]
    reached = {name for name, p in net.named_parameters() if p.grad is not None and p.grad.any()}
    assert {name for name, _ in net.named_parameters() if "head" not in name} == reached


def test_how_alike_they_are_is_a_number_to_the_gradient(ann):
    taught = Frozen(ann).features(repeat_in_time(IMAGES, 1), (3,))[3]
    own = torch.rand(2, N, *taught.shape[1:]).requires_grad_()
    term(ann, taps=[3], temperature=0.2)(output({3: own}), TARGET).backward()
    copy = own.detach().clone().requires_grad_()
    f, a = copy.mean(0).flatten(1), taught.flatten(1)
    (linear_cka(f.detach(), a) * info_nce(f, a, 0.2)).backward()
    torch.testing.assert_close(own.grad, copy.grad)


def test_other_features_are_refused(ann):
    wide = net_of(width=1 / 8, neuron=nn.ReLU)
    criterion = SelfDistillation({"sscl": ContrastiveDistillation(wide)}, Timesteps(1, 2))
    net = net_of()
    told = r"^teacher: its features at 0 are \[16, 16, 16\], but the network's are \[8, 16, 16\]"
    with pytest.raises(UsageError, match=told):
        criterion.connect(net).run(net, IMAGES, TARGET)
    plain = nn.Sequential(nn.Flatten(), nn.Linear(768, K))
    with pytest.raises(UsageError, match="^teacher: Sequential shows no features, expected a"):
        term(plain, taps=[0])(output({0: torch.zeros(2, N, 8, 16, 16)}), TARGET)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"temperature": 0}, "^temperature: got 0, expected a finite number > 0$"),
        ({"span": "both"}, "^span: got 'both', expected student or teacher$"),
        ({"taps": []}, "^taps: got none, expected at least one place"),
    ],
)
def test_refused(ann, options, message):
    with pytest.raises(UsageError, match=message):
        ContrastiveDistillation(ann, **options)
