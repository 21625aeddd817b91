import pytest

from tssd.config import load_recipe
from tssd.errors import UsageError

MPBN = "digits+vgg9+mpbn+tssd"


@pytest.mark.parametrize(
    ("name", "overrides", "option"),
    [
        (MPBN, [("net.neuron.v_reset", "null")], "net.neuron.v_reset"),
        (
            "digits+vgg9+tssd",
            [("exits.neuron", "MPBNLIF"), ("exits.neuron.v_reset", "null")],
            "exits.neuron.v_reset",
        ),
    ],
)
def test_mpbn_with_a_soft_reset_is_refused_when_the_recipe_is_read(name, overrides, option):
    with pytest.raises(UsageError) as error:
        load_recipe(name, overrides)
    message = str(error.value)
    assert message.startswith(f"{option}: got null, a soft reset, behind which MPBN's norm does")
    assert "use a hard reset (the part hard_reset, v_reset 0.0), or foldable false" in message
    assert "\n" not in message


def test_one_that_need_not_fold_may_have_it_and_the_part_has_a_hard_one():
    soft = [("net.neuron.v_reset", "null"), ("net.neuron.foldable", "false")]
    assert load_recipe(MPBN, soft)["net"]["init_args"]["neuron"]["init_args"]["v_reset"] is None
    assert load_recipe(MPBN)["net"]["init_args"]["neuron"]["init_args"]["v_reset"] == 0
    assert load_recipe("digits+vgg9+mpbn+hard_reset")
