"""Runs of a network with parameters for each timestep: trained, evaluated, rebuilt, read back."""

import pytest
import torch
from torch import nn

import tssd
from tssd.cli import main
from tssd.config import build, load_recipe
from tssd.errors import UsageError
from tssd.longest import longest
from tssd.reading import read_json
from tssd.runs.folder import RunFolder
from tssd.time import TimeFold
from tssd.training.fit import fit


class Scaled(nn.Module):
    """Batch norm, then a factor of each timestep's own."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fold = TimeFold(nn.BatchNorm2d(channels))
        self.longest: int | None = None

    def build_for(self, timesteps: int) -> None:
        self.scale = nn.Parameter(torch.ones(timesteps))
        self.longest = timesteps

    def forward(self, x):
        return self.fold(x) * self.scale[: len(x)].view(-1, 1, 1, 1, 1)


NORM = ("net.norm", f"{__name__}.Scaled")


@pytest.fixture(scope="module")
def scaled(tiny, tmp_path_factory):
    folder = tmp_path_factory.mktemp("longest") / "run"
    short = [("timesteps.teacher", "3"), NORM]
    fit(build(load_recipe("digits/tssd", [*tiny, *short])), folder)
    return folder


def test_it_is_trained_and_evaluated_for_as_long_as_it_can(scaled):
    # Without such parts it would be 4, for a table of T = 1, 2, 4.
    assert read_json(RunFolder(scaled).results)["best"]["timesteps"] == 3


def test_it_is_read_back_with_its_weights(scaled):
    net = tssd.load(scaled, trust=[__name__])
    assert longest(net) == 3
    scales = [part.scale for part in net.modules() if isinstance(part, Scaled)]
    assert len(scales) == 8 and not all(torch.equal(s, torch.ones(3)) for s in scales)
    images = torch.zeros(2, 1, 16, 16)
    assert net.predict(images).classes.shape == (3, 2)
    assert net.predict(images, 1).classes.shape == (1, 2)
    with pytest.raises(UsageError, match="^timesteps: got 5, .* for the 3 timesteps that they"):
        net.predict(images, 5)


@pytest.mark.parametrize(("steps", "code"), [("3", 0), ("8", 2)])
def test_it_is_evaluated_at_no_more(scaled, capsys, steps, code):
    words = ["evaluate", str(scaled), "--trust", __name__, "--timesteps", steps]
    assert main(words) == code
    told = capsys.readouterr().err.replace("\n", " ")
    assert ("timesteps: got 8, but parts of the network" in told) == (code == 2)


def test_a_run_that_could_not_be_evaluated_as_told_is_refused_before_it_is_trained(tiny):
    longer = ("trainer.evaluate_timesteps", "8")
    with pytest.raises(UsageError, match="^timesteps: got 8, but parts of the network have"):
        build(load_recipe("digits/tssd", [*tiny, NORM, longer]))
