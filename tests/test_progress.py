import pytest
import torch
from torch import nn

import tssd
from tssd.errors import UsageError
from tssd.progress import set_progress


class Annealed(nn.Module):
    """Notes what it is told."""

    def __init__(self):
        super().__init__()
        self.told = []

    def set_progress(self, epoch, epochs):
        self.told.append((epoch, epochs))
        return {"width": 1 - epoch / epochs}


class Silent(nn.Module):
    def set_progress(self, epoch, epochs):
        self.epoch = epoch


def test_every_part_is_told_and_answers_by_its_name():
    net = nn.Sequential(nn.Linear(1, 1), nn.Sequential(Annealed()), Silent())
    assert set_progress(net, 2.5, 10) == {"1.0.width": 0.75}
    assert net[1][0].told == [(2.5, 10)]
    assert net[2].epoch == 2.5


def test_a_part_of_two_modules_is_told_once():
    shared = Annealed()
    first, second = nn.Sequential(shared), nn.ModuleDict({"terms": nn.Sequential(shared, Silent())})
    assert set_progress([first, second], 1, 4) == {"0.width": 0.75}
    assert len(shared.told) == 1


def test_a_module_itself_answers_by_the_name_alone():
    assert set_progress(Annealed(), 0, 4) == {"width": 1.0}


def test_in_a_loop_of_ones_own_it_is_one_line():
    net = tssd.vgg9(num_classes=3, image_size=16, width=1 / 64)
    criterion = tssd.tssd(1, 2).connect(net)
    criterion.terms["temporal"].ramp_epochs = 4.0
    x, y = torch.randn(2, 3, 16, 16), torch.tensor([0, 2])
    totals = []
    for epoch in (0, 2, 4):
        tssd.set_progress([net, criterion], epoch, 4)
        torch.manual_seed(0)
        loss = criterion.run(net, x, y)
        totals.append(loss.total.item())
        rest = sum(value.item() for name, value in loss.terms.items() if name != "temporal")
        expected = rest + epoch / 4 * loss.terms["temporal"].item()
        assert totals[-1] == pytest.approx(expected, rel=1e-6)
    assert totals[0] < totals[1] < totals[2]


@pytest.mark.parametrize("answer", [0.5, {"width": "wide"}, {"width": torch.zeros(2)}])
def test_an_answer_that_is_no_number_is_refused(answer):
    part = Silent()
    part.set_progress = lambda epoch, epochs: answer
    with pytest.raises(UsageError, match=r"^0: its set_progress returned .*expected numbers by na"):
        set_progress(nn.Sequential(part), 0, 1)


@pytest.mark.parametrize("epoch", [-1, float("nan")])
def test_an_epoch_before_the_first_is_refused(epoch):
    with pytest.raises(UsageError, match="^epoch: got .*, expected the epochs trained so far"):
        set_progress(Annealed(), epoch, 1)


@pytest.mark.parametrize("epochs", [0, -1, float("nan")])
def test_a_training_of_no_epochs_is_refused(epochs):
    with pytest.raises(UsageError, match="^epochs: got .*, expected those of the whole training"):
        set_progress(Annealed(), 0, epochs)
