import pytest
import torch

from tssd.rules import Rule

from .nets import batch, loss_of, net


class Halved(Rule):
    def run(self, criterion, net, x, target, *, later=None):
        loss = criterion.run(net, x, target, later=later)
        return loss._replace(total=loss.total / 2)


def test_a_rule_takes_the_place_of_the_losss_own_run():
    made = net()
    criterion, rule = loss_of(made), Halved()
    rule.check(criterion, made, torch.zeros(1, 2, 4, 4))  # goes with everything
    assert rule.held(7) == 7
    found, expected = rule.run(criterion, made, *batch()), criterion.run(made, *batch())
    assert found.total.item() == pytest.approx(expected.total.item() / 2)


def test_a_rule_says_how_it_runs():
    made = net()
    with pytest.raises(NotImplementedError):
        Rule().run(loss_of(made), made, *batch())
