import pytest

from tssd.config.suggest import nearest

# Options of Lightning's trainer that ours does not have: nothing here is like them.
FAR = ["trainer.devices", "trainer.logger", "trainer.strategy"]

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
        ("trainr.epoch", "did you mean trainer.epochs?"),  # a misspelt section, too
        ("max_epochs", "did you mean trainer.epochs?"),
        ("trainer.lr", "did you mean optimizer.lr?"),
    ],
)
def test_nearest_names_the_nearest(name, expected):
    assert nearest(name, OPTIONS) == expected


def test_nearest_lists_what_is_valid_when_nothing_is_near():
    assert nearest("qqqqq", ["a.b", "c"], prefix="--") == "valid are --a.b, --c"
    assert nearest("qqqqq", map(str, range(20)), shown=3) == "valid are 0, 1, 2, ..."
    assert nearest("qqqqq", []) == "none is valid here"


@pytest.mark.parametrize("name", FAR)
def test_a_far_name_is_not_guessed_and_its_section_is_listed(name):
    settings = ["trainer.epochs", "trainer.progress", "trainer.precision", "trainer.threads"]
    valid = ["seed", "data.devises", *settings]
    assert nearest(name, valid, prefix="--") == f"valid are {', '.join('--' + s for s in settings)}"


def test_a_word_that_only_shares_letters_is_not_guessed():
    assert nearest("resume", ["seed", "net.neuron.v_reset"]) == "valid are seed, net.neuron.v_reset"


def test_an_empty_name_is_no_guess():
    assert nearest("", OPTIONS).startswith("valid are trainer.epochs, ")
    assert nearest("trainer.", OPTIONS) == "valid are trainer.epochs"
