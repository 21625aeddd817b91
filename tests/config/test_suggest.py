import pytest

from tssd.config.suggest import nearest

OPTIONS = ["trainer.epochs", "optimizer.lr", "net.neuron.tau", "exits.neuron.tau", "seed"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("trainer.epoch", "did you mean trainer.epochs?"),
        ("sed", "did you mean seed?"),
        ("epochs", "did you mean trainer.epochs?"),  # the same last part
        ("lr", "did you mean optimizer.lr?"),
        ("net.neurons.tau", "did you mean net.neuron.tau?"),
        ("exit.neuron.tau", "did you mean exits.neuron.tau?"),
    ],
)
def test_nearest_names_the_nearest(name, expected):
    assert nearest(name, OPTIONS) == expected


def test_nearest_lists_what_is_valid_when_nothing_is_near():
    assert nearest("qqqqq", ["a.b", "c"], prefix="--") == "valid are --a.b, --c"
    assert nearest("qqqqq", map(str, range(20)), shown=3) == "valid are 0, 1, 2, ..."
    assert nearest("qqqqq", []) == "none is valid here"
