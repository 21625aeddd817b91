import numpy as np
import pytest
import torch
from torch import nn

from tssd.errors import DataError, UsageError
from tssd.models import NetOutput, SpikingNet, vgg9
from tssd.neurons import IF
from tssd.objectives import Timesteps, tssd
from tssd.time import repeat_in_time
from tssd.trained import FrameInput, ImageInput, TrainedNet

NAMES = ("a", "b", "c")


class Sums(nn.Module):
    """Logits that grow with time: the input's first pixel times (0, t, 2)."""

    num_classes = 3

    def __init__(self, factor=1.0):
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(factor))

    def forward(self, x):
        t = torch.arange(1, len(x) + 1).view(-1, 1, 1)
        pixel = self.factor * x[..., 0, 0, :1]
        return NetOutput(pixel * torch.cat([0 * t, t, 2 + 0 * t], dim=-1))


def trained(net, *, events=False, **options):
    shape = (2, 4, 4) if events else (1, 4, 4)
    transform = FrameInput(shape) if events else ImageInput(shape, (0.0,), (1.0,))
    steps = Timesteps(2, 4)
    return TrainedNet(net, transform, class_names=NAMES, timesteps=steps, **options)


def test_predict_by_hand():
    found = trained(Sums()).predict(torch.full((2, 4, 4), 255, dtype=torch.uint8), timesteps=4)
    # Mean of t over the first T: 1, 1.5, 2, 2.5; the last class has 2 at each T.
    assert found.classes.tolist() == [[2, 2], [2, 2], [1, 1], [1, 1]]
    assert found.names == [["c", "c"], ["c", "c"], ["b", "b"], ["b", "b"]]
    logits = torch.tensor([0.0, 2.5, 2.0]).double()
    assert found.confidences[3, 0].item() == pytest.approx(logits.softmax(0)[1].item())
    assert found.classes.shape == found.confidences.shape == (4, 2)


def test_the_teachers_timesteps_are_the_default():
    net = trained(Sums())
    assert len(net.predict(torch.zeros(1, 4, 4)).classes) == 4
    assert len(net.predict(torch.zeros(1, 4, 4), 7).classes) == 7


def test_it_is_the_plain_network_when_called():
    plain = vgg9(1, 3, 16, width=0.03).eval()
    shape = ImageInput((1, 16, 16), (0.3,), (0.3,))
    net = TrainedNet(plain, shape, class_names=NAMES, timesteps=Timesteps(1, 2)).eval()
    x = repeat_in_time(torch.rand(2, 1, 16, 16), 3)
    assert torch.equal(net(x).logits, plain(x).logits)
    assert isinstance(net, SpikingNet)
    assert net.resolve_tap(-1) == 3
    assert net.tap_shape(0) == plain.tap_shape(0)
    assert list(net(x, [1]).taps) == [1]
    assert net.device == torch.device("cpu")
    raw = torch.rand(5, 1, 16, 16)
    expected = plain(repeat_in_time(net.transform(raw), 2)).logits.mean(0).softmax(-1)
    torch.testing.assert_close(net.predict(raw).confidences[1], expected.max(-1).values.double())


@pytest.mark.parametrize("kind", [torch.float64, torch.bfloat16])
def test_images_have_the_type_of_the_weights(kind):
    plain = vgg9(1, 3, 16, width=0.03).eval()
    shape = ImageInput((1, 16, 16), (0.3,), (0.3,))
    net = TrainedNet(plain, shape, class_names=NAMES, timesteps=Timesteps(1, 2)).to(kind)
    raw = torch.rand(5, 1, 16, 16)
    x = repeat_in_time(net.transform(raw).to(kind), 2)
    expected = plain(x).logits.double().mean(0).softmax(-1).amax(-1)
    torch.testing.assert_close(net.predict(raw).confidences[1], expected)


def test_a_number_of_timesteps_may_be_numpy_s():
    net, x = trained(Sums()), torch.zeros(1, 4, 4)
    assert torch.equal(net.predict(x, np.int64(3)).confidences, net.predict(x, 3).confidences)


def test_batches_do_not_change_the_result(monkeypatch):
    net, images = trained(Sums()), torch.rand(9, 4, 4, generator=torch.Generator().manual_seed(0))
    whole = net.predict(images)
    monkeypatch.setattr("tssd.trained.net.FRAMES", 8)
    found = net.predict(images)
    assert torch.equal(found.classes, whole.classes)
    assert torch.equal(found.confidences, whole.confidences)
    found = net.predict(list(images))
    assert torch.equal(found.confidences, whole.confidences)


def test_predict_leaves_the_mode_as_it_was():
    net = trained(nn.Sequential(Sums(), nn.Identity()))
    net.net[1].eval()
    net.predict(torch.zeros(1, 4, 4))
    assert [net.training, net.net.training, net.net[1].training] == [True, True, False]


@pytest.mark.parametrize("steps", [0, -1, 1001, 10**9, 1.5, True, "4"])
def test_timesteps_out_of_range(steps):
    with pytest.raises(UsageError, match="timesteps: got .*, expected a whole number .* <= 1000"):
        trained(Sums()).predict(torch.zeros(1, 4, 4), steps)


@pytest.mark.parametrize("factor", [float("nan"), float("inf")])
def test_logits_that_are_no_numbers_are_refused(factor):
    with pytest.raises(DataError, match="logits: got NaN or infinity, expected finite numbers"):
        trained(Sums(factor)).predict(torch.ones(1, 4, 4))


def test_frames_of_events_are_taken_as_they_are(monkeypatch):
    net = trained(Sums(), events=True)
    frames = torch.ones(5, 3, 2, 4, 4)
    found = net.predict(frames)
    assert found.classes.shape == (4, 3)
    assert found.classes[:, 0].tolist() == [2, 2, 1, 1]
    monkeypatch.setattr("tssd.trained.net.FRAMES", 4)
    assert torch.equal(net.predict(frames).confidences, found.confidences)
    with pytest.raises(UsageError, match="timesteps: got 6, but the frames have 5"):
        net.predict(frames, 6)
    with pytest.raises(UsageError, match=r"expected frames \[T, N, 2, 4, 4\]"):
        net.predict(torch.ones(3, 2, 4, 4))


def test_recordings_are_read_once_per_number_of_timesteps(tmp_path):
    asked = []

    def reader(steps):
        return lambda path: asked.append((path.name, steps)) or torch.ones(steps + 1, 2, 4, 4)

    net = trained(Sums(), events=True, read_recording=reader)
    found = net.predict([tmp_path / "a.bin", str(tmp_path / "b.bin")], 3)
    assert asked == [("a.bin", 3), ("b.bin", 3)]
    assert found.classes.shape == (3, 2)
    assert net.predict("c.bin", 1).classes.shape == (1, 1)
    with pytest.raises(UsageError, match="no reader of recordings"):
        trained(Sums(), events=True).predict("c.bin")


def test_a_notebook_shows_what_it_is():
    text = repr(trained(Sums(), unfinished="epoch 3 of 40"))
    assert "classes=3" in text
    assert "unfinished: epoch 3 of 40" in text


def test_exits_on_it_have_the_neurons_of_its_network():
    plain = vgg9(1, 3, 16, width=0.03, neuron=IF)
    assert (trained(plain).make_neuron, trained(Sums()).make_norm) == (IF, None)
    criterion = tssd(1, 2).connect(trained(plain))
    (tap,) = criterion.taps
    assert any(isinstance(part, IF) for part in criterion.exit_at(tap).modules())
