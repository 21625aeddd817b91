import copy

import pytest
import torch
from torch import nn

import tssd
from tssd.errors import UsageError
from tssd.models import vgg9
from tssd.models.base import NetOutput
from tssd.objectives import Frozen
from tssd.objectives.frozen import frozen
from tssd.time import repeat_in_time

N, K = 3, 5


class Ann(nn.Module):
    """A plain network of images, with layers that behave otherwise in training."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Dropout(0.5), nn.Flatten(), nn.LazyLinear(K)
        )
        self(images())

    def forward(self, x):
        return self.layers(x)


def images():
    return torch.randn(N, 3, 16, 16, generator=torch.Generator().manual_seed(0))


def snn():
    torch.manual_seed(0)
    return vgg9(num_classes=K, image_size=16, width=1 / 64)


def test_a_plain_module_is_called_once_on_images():
    ann = Ann()
    expected = copy.deepcopy(ann).eval()(images())
    for x in (repeat_in_time(images(), 4), images()[None].clone()):
        logits = Frozen(ann)(x)
        assert logits.shape == (1, N, K)
        torch.testing.assert_close(logits[0], expected)


def test_a_spiking_network_runs_for_its_own_time():
    net, x = snn(), images()
    expected = copy.deepcopy(net).eval()(repeat_in_time(x, 6)).logits
    assert torch.equal(Frozen(net, timesteps=6)(repeat_in_time(x, 2)), expected)
    assert torch.equal(Frozen(net)(repeat_in_time(x, 2)), expected[:2])
    frames = torch.randn(4, N, 3, 16, 16)
    assert torch.equal(Frozen(net, timesteps=3)(frames), Frozen(net)(frames)[:3])


def test_what_is_taught_is_the_mean_over_the_teachers_own_time():
    teacher, x = frozen(snn()), repeat_in_time(images(), 4)
    assert frozen(teacher) is teacher
    out = NetOutput(torch.zeros(2, N, K), input=x)
    assert torch.equal(teacher.taught(out), teacher(x).mean(0))
    with pytest.raises(UsageError, match=f"teacher: knows {K} classes, but the network has 4"):
        teacher.taught(NetOutput(torch.zeros(2, N, 4), input=x))


def test_features_are_means_over_the_teachers_own_time():
    net, x = snn(), images()
    expected = copy.deepcopy(net).eval()(repeat_in_time(x, 6), (0, 3)).taps
    found = Frozen(net, timesteps=6).features(repeat_in_time(x, 2), (0, 3))
    assert {tap: torch.equal(value, expected[tap].mean(0)) for tap, value in found.items()} == {
        0: True,
        3: True,
    }
    assert not any(value.requires_grad for value in found.values())


def test_it_never_learns_whatever_it_is_told():
    ann = Ann()
    before = copy.deepcopy(ann.state_dict())
    frozen = Frozen(ann)
    holder = nn.Sequential(frozen).train()
    assert [*holder.parameters()] == [] and holder.state_dict() == {}
    first = frozen(images()[None])
    assert not first.requires_grad
    assert torch.equal(frozen(images()[None]), first)  # no dropout
    assert all(torch.equal(v, before[k]) for k, v in ann.state_dict().items())  # no statistics
    assert ann.training and all(part.training for part in ann.modules())  # as it came
    assert all(p.requires_grad and p.grad is None for p in ann.parameters())


def test_it_takes_input_of_another_type_and_answers_precisely():
    ann = Ann()
    expected = Frozen(ann)(images()[None])
    found = Frozen(ann.double())(images()[None])
    assert found.dtype == torch.float64
    torch.testing.assert_close(found, expected.double(), rtol=1e-4, atol=1e-5)
    assert Frozen(ann.bfloat16())(images()[None]).dtype == torch.float32


def test_a_copy_is_the_same_teacher():
    frozen = Frozen(Ann())
    assert copy.deepcopy(frozen) is frozen


def test_the_fingerprint_is_that_of_weights_and_timesteps():
    ann = Ann()
    before = Frozen(ann).fingerprint()
    assert before == Frozen(copy.deepcopy(ann)).fingerprint()
    assert before != Frozen(ann, timesteps=2).fingerprint()
    with torch.no_grad():
        ann.layers[0].weight[0, 0, 0, 0] += 1
    assert before != Frozen(ann).fingerprint()


class Pair(nn.Module):
    def forward(self, x):
        return x, x


@pytest.mark.parametrize(
    ("teacher", "x", "message"),
    [
        (Pair(), images()[None], r"Pair returned tuple for 3 images, expected logits \[N, K\]"),
        (nn.Identity(), images()[None], r"Identity returned \[3, 3, 16, 16\] for 3 images"),
        (Pair(), torch.rand(2, N, 3, 16, 16), "Pair takes images, but the data are sequences"),
    ],
)
def test_what_does_not_fit_is_told(teacher, x, message):
    with pytest.raises(UsageError, match=f"^teacher: {message}"):
        Frozen(teacher)(x)


def test_recordings_that_are_too_short_are_refused():
    frames = torch.rand(2, N, 3, 16, 16)
    with pytest.raises(UsageError, match="^teacher: runs for 4 timesteps, but the data has 2; rai"):
        Frozen(snn(), timesteps=4)(frames)
    for wrong in (0, 2.5, "2"):
        with pytest.raises(UsageError, match=f"^timesteps: got {wrong!r}, expected a whole number"):
            Frozen(snn(), timesteps=wrong)


def test_an_adapted_network_is_one_of_sequences():
    layers = nn.Sequential(nn.Flatten(), nn.Linear(3 * 16 * 16, K), tssd.LIF(), nn.Linear(K, K))
    net = tssd.adapt(tssd.TimeFold(*layers[:2]), [], example=images())
    assert Frozen(net, timesteps=3)(repeat_in_time(images(), 2)).shape == (3, N, K)


class Rows(nn.Module):
    """Logits plus a row for each timestep."""

    def __init__(self):
        super().__init__()
        self.longest, self.rows = None, nn.Parameter(torch.zeros(1, 1))

    def build_for(self, timesteps):
        self.longest, self.rows = timesteps, nn.Parameter(torch.zeros(timesteps, 1))

    def forward(self, x):
        return x + self.rows[: len(x), :, None]


def test_a_teacher_with_a_row_for_each_timestep_runs_no_longer():
    layers = tssd.TimeFold(nn.Flatten(), nn.Linear(3 * 16 * 16, K))
    net = tssd.adapt(nn.Sequential(layers, Rows()), [], example=images())
    tssd.longest.build_for(net, 2)
    assert Frozen(net, timesteps=2)(images()[None]).shape == (2, N, K)
    with pytest.raises(UsageError, match="^teacher: is to run for 4 .* each, for 2; give it at m"):
        Frozen(net, timesteps=4)(images()[None])


def test_only_a_module_teaches():
    with pytest.raises(UsageError, match=r"^teacher: got 'runs/ann', expected a module; of a run"):
        Frozen("runs/ann")
    with pytest.raises(UsageError, match=r"^teacher: got None, expected a module; of a run"):
        Frozen(None)
