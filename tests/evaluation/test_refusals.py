"""What `evaluate` can't evaluate, it refuses by name."""

import pytest
import torch
from torch import nn

import tssd
from tssd.errors import DataError, UsageError
from tssd.evaluation import evaluate
from tssd.models import NetOutput

from .nets import PencilNet, pencil_batches, pencil_images


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"timesteps": 0}, "timesteps: got 0"),
        ({"timesteps": 4, "report_at": 5}, "report_at: got 5, expected 1 to timesteps = 4"),
        ({"timesteps": 4, "report_at": 0}, "report_at: got 0"),
    ],
)
def test_timesteps_out_of_range_are_refused(options, message):
    with pytest.raises(UsageError, match=message):
        evaluate(PencilNet(), pencil_batches(2, 2), **options)


@pytest.mark.parametrize("batches", [[], [(torch.zeros(0, 1, 4, 4), torch.zeros(0).long())]])
def test_no_samples_are_an_error(batches):
    with pytest.raises(DataError, match="got no samples"):
        evaluate(PencilNet(), batches, 2)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (torch.tensor([0, 2]), r"class 2, but the network has num_classes = 2 and knows 0 to 1"),
        (torch.tensor([-1, 0]), "class -1"),
        (torch.tensor([0.0, 1.0]), "float32"),
        (torch.eye(2).long(), r"shape \[2, 2\]"),
    ],
)
def test_labels_that_are_no_classes_are_an_error(labels, message):
    with pytest.raises(DataError, match=message):
        evaluate(PencilNet(), [(pencil_images(2), labels)], 2)


def test_an_input_that_is_no_tensor_is_an_error():
    batches = [(pencil_images(2).numpy(), torch.tensor([0, 1]))]
    with pytest.raises(DataError, match=r"^input: got ndarray, expected a tensor; torch.as_tensor"):
        evaluate(PencilNet(), batches, 2)


def test_logits_that_are_not_finite_are_an_error():
    class Divides(PencilNet):
        def forward(self, x, taps=()):
            logits = super().forward(x).logits
            return NetOutput((logits - logits) / (logits - logits))

    with pytest.raises(DataError, match="logits: got NaN"):
        evaluate(Divides(), pencil_batches(2, 2), 2)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_and_statistics_that_are_not_finite_are_named_before_a_spike_hides_them(value):
    net = PencilNet()
    net.conv[0].weight.data[1, 0, 2, 2] = value
    with pytest.raises(DataError, match="^weights: conv.0.weight has NaN or infinity"):
        evaluate(net, pencil_batches(2, 2), 2)
    net = PencilNet()
    net.conv.append(nn.BatchNorm2d(2))
    net.conv[1].running_var[1] = value
    with pytest.raises(DataError, match="^weights: conv.1.running_var has NaN or infinity"):
        evaluate(net, pencil_batches(2, 2), 2)


def test_logits_of_another_shape_are_refused():
    class Wrong(PencilNet):
        num_classes = 3

    with pytest.raises(UsageError, match=r"shape \[2, 4, 2\], expected \[2, 4, 3\]"):
        evaluate(Wrong(), pencil_batches(4, 4), 2)


def test_a_network_that_is_no_module_is_refused():
    class Plain:
        num_classes = 2

        def __call__(self, x, taps=()):
            return NetOutput(x)

    with pytest.raises(UsageError, match="net: got Plain"):
        evaluate(Plain(), pencil_batches(2, 2), 2)


@pytest.mark.parametrize(
    ("batch", "found"),
    [
        ({"x": 0, "y": 0}, "a dict"),
        (pencil_images(2), "a Tensor"),
        ((pencil_images(2), torch.zeros(2).long(), None), "a tuple of 3"),
        ((pencil_images(2)[0], 1), "a single sample"),  # of a Dataset without a DataLoader
        ((pencil_images(2)[0], torch.tensor(1)), "a single sample"),
    ],
)
def test_batches_that_are_no_pairs_are_an_error(batch, found):
    with pytest.raises(DataError, match=rf"^batches: got {found} for a batch, expected \(x, y\)"):
        evaluate(PencilNet(), [batch], 2)


@pytest.mark.parametrize("timesteps", [2.0, "2"])
def test_timesteps_that_are_no_whole_number_are_refused(timesteps):
    with pytest.raises(UsageError, match=f"^timesteps: got {timesteps!r}, expected a whole"):
        evaluate(PencilNet(), pencil_batches(2, 2), timesteps)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"criterion": PencilNet()}, "^criterion: got a PencilNet, expected a tssd.SelfDistillati"),
        ({"energy": 4.6}, r"^energy: got a float, expected an EnergyModel\(mac_pj="),
        ({"batches": 5}, r"^batches: got a int, expected \(x, y\) in a list or DataLoader"),
    ],
)
def test_what_is_something_else_is_refused(options, message):
    with pytest.raises(UsageError, match=message):
        evaluate(PencilNet(), **{"batches": pencil_batches(2, 2), "timesteps": 2, **options})


def test_a_criterion_of_another_network_makes_no_early_exits():
    net, other = PencilNet(), PencilNet()
    other.num_classes = 3
    criterion = tssd.tssd(1, 2, tap=0)
    with pytest.raises(UsageError, match="^criterion: not connected"):
        evaluate(net, pencil_batches(2, 2), 2, criterion=criterion)
    with pytest.raises(UsageError, match="^criterion: is connected to a network of 3 classes"):
        evaluate(net, pencil_batches(2, 2), 2, criterion=criterion.connect(other))
