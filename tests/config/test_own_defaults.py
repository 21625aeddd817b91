import pytest

from tssd.config.assemble import resolve
from tssd.config.load import load_recipe
from tssd.config.make import build_net
from tssd.config.own_defaults import with_own_defaults
from tssd.neurons import LIF, PLIF, Neuron
from tssd.surrogates import ATan, Surrogate


class Mine(Neuron):
    """Shares some options with LIF, and begins with other values of them."""

    def __init__(
        self, tau: float = 5.0, *, v_reset: float | None = 0.0, surrogate: Surrogate | None = None
    ) -> None:
        super().__init__()
        self.told = (tau, v_reset, surrogate)


MINE = f"{__name__}.Mine"


def vgg9(**neuron):
    return {"class_path": "tssd.models.vgg9", "init_args": {"neuron": neuron, "width": 1 / 64}}


def neuron_of(net):
    return next(part for part in net.modules() if isinstance(part, Neuron))


def test_a_neuron_in_the_place_of_the_default_one_has_its_own_defaults():
    assert neuron_of(build_net(vgg9(class_path=MINE))).told == (5.0, 0.0, None)
    given = {"tau": 3.0, "surrogate": {"class_path": "tssd.surrogates.ATan"}}
    found = neuron_of(build_net(vgg9(class_path=MINE, init_args=given)))
    assert found.told == (3.0, 0.0, ATan())
    plif = neuron_of(build_net(vgg9(class_path="tssd.neurons.PLIF")))
    assert isinstance(plif, PLIF)
    assert (plif.v_reset, plif.decay_input, plif.detach_reset) == (0.0, True, True)


def test_a_run_is_written_with_what_it_has():
    written = resolve(load_recipe("digits+vgg9+plif"))["net"]["init_args"]["neuron"]["init_args"]
    assert (written["v_reset"], written["decay_input"], written["detach_reset"]) == (
        0.0,
        False,  # as the part says
        True,
    )


@pytest.mark.parametrize(
    "neuron",
    [
        {"class_path": "tssd.LIF"},
        {"class_path": "tssd.LIF", "init_args": {"tau": 3.0}},
        {"class_path": "tssd.neurons.LIF"},
    ],
)
def test_the_default_class_itself_stays_as_it_is_written(neuron):
    net = vgg9(**neuron)
    assert with_own_defaults({"net": net}, ["net"]) == {"net": net}
    assert type(neuron_of(build_net(net))) is LIF


def test_what_is_no_class_stays():
    config = {"seed": 3, "net": "torch.nn.ReLU", "timesteps": {"student": 1, "teacher": 2}}
    assert with_own_defaults(config, ["seed", "timesteps"]) == {
        "seed": 3,
        "timesteps": {"student": 1, "teacher": 2},
    }
    exits = {"class_path": "tssd.objectives.ExitPlan", "init_args": {"neuron": None, "taps": [1]}}
    assert with_own_defaults({"exits": exits}, ["exits"]) == {"exits": exits}
