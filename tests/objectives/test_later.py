"""Checks that are asked for later: the first wrong step is found, however many follow it."""

import math

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

import tssd
from tssd.errors import DataError, UsageError
from tssd.objectives import DivergedError
from tssd.objectives.later import INPUT, LABELS, LOGITS, TOTAL, WEIGHTS, LaterChecks, Wrong


def taken(*steps, first=1):
    """Checks after steps of the answers (a, b)."""
    later = LaterChecks()
    for number, (a, b) in enumerate(steps, first):
        later.note("a", torch.tensor(a))
        later.note("b", torch.tensor(b))
        later.end_step(number)
    return later


def test_the_first_wrong_step_is_found_among_sound_and_wrong_ones():
    good, bad = (True, True), (False, False)
    assert taken().look() is None
    assert taken(good, good).look() is None
    assert taken(good, (True, False), bad, good, first=7).look() == Wrong(8, ("b",))
    assert taken(bad, good).look() == Wrong(1, ("a", "b"))
    assert taken(good, good, (False, True)).look() == Wrong(3, ("a",))


def test_after_a_look_it_begins_anew():
    later = taken((True, False))
    assert later.look() == Wrong(1, ("b",))
    assert later.look() is None
    later.note("c", torch.tensor(False))
    later.end_step(40)
    assert later.look() == Wrong(40, ("c",))


@pytest.mark.parametrize(
    ("what", "kind", "words"),
    [
        ((INPUT, WEIGHTS, TOTAL), DataError, "^input: a value of the batch in step 3 "),
        ((WEIGHTS, "task", TOTAL), DivergedError, "^weights became infinite or nan"),
        ((LABELS, LOGITS), DataError, "^labels: a class of the batch in step 3 is not in 0 to "),
        ((LOGITS,), UsageError, "^net: returned probabilities in step 3"),
        (("task", "spatial", TOTAL), DivergedError, "^loss: task, spatial became infinite or nan"),
        ((TOTAL,), DivergedError, "^loss: the weighted sum became infinite or nan"),
    ],
)
def test_what_was_wrong_is_told_by_its_cause(what, kind, words):
    assert isinstance(Wrong(3, what).error(), kind)
    with pytest.raises(kind, match=words):
        raise Wrong(3, what).error()


def spiking(*, device="cpu", neuron=tssd.LIF):
    with torch.device(device):
        net = tssd.vgg9(width=1 / 32, image_size=16, neuron=neuron)
        return net, tssd.tssd(student=1, teacher=2).connect(net)


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (lambda net, x, y: x[1, 0, 0, 0].fill_(math.nan), INPUT),
        (lambda net, x, y: next(net.parameters()).data[0].fill_(math.inf), WEIGHTS),
        (lambda net, x, y: y[2].fill_(10), LABELS),
    ],
)
def test_a_loss_notes_what_it_would_raise(spoil, what):
    torch.manual_seed(0)
    net, criterion = spiking()
    x, y = torch.rand(4, 3, 16, 16), torch.arange(4)
    later = LaterChecks()
    loss = criterion.run(net, x, y, later=later)
    later.end_step(1)
    assert later.look() is None
    net, criterion = spiking()
    spoil(net, x, y)
    with pytest.raises(tssd.TssdError):
        criterion.run(net, x, y)
    criterion.run(net, x, y, later=later)
    later.end_step(2)
    assert loss.total.isfinite()
    assert later.look().step == 2
    criterion.run(net, x, y, later=later)
    later.end_step(3)
    assert what in later.look().what


@pytest.mark.parametrize(("device", "neuron"), [("cpu", tssd.LIF), ("cuda", torch.nn.ReLU)])
def test_a_step_asks_the_device_for_nothing(monkeypatch, device, neuron):
    # Parameters without numbers can't be moved, and are where they belong.
    monkeypatch.setattr(torch.nn.Module, "to", lambda self, *_: self)
    # Tensors without numbers, on a device that need not be there: whoever asks for one fails.
    with FakeTensorMode():
        net, criterion = spiking(device=device, neuron=neuron)
        x = torch.rand(4, 3, 16, 16, device=device)
        y = torch.zeros(4, dtype=torch.int64, device=device)
        later = LaterChecks()
        for step in (1, 2):
            loss = criterion.run(net, x, y, later=later).total
            if device == "cpu":  # which the backward pass does need
                loss.backward()
            later.end_step(step)
        assert loss.device.type == device
        with pytest.raises(Exception, match="item|local_scalar_dense|nonzero"):
            criterion.run(net, x, y)
