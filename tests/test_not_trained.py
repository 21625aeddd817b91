"""The names are those of the configurations that runs leave."""

import pytest

from tssd.config.assemble import resolve
from tssd.config.load import load_recipe
from tssd.not_trained import NOT_TRAINED
from tssd.report.same_options import FREE


def leaves(config, name=""):
    if not isinstance(config, dict):
        yield name
        return
    for key, value in config.items():
        yield from leaves(value, f"{name}.{key}".lstrip("."))


@pytest.fixture(scope="module", params=["image_folder/vgg9_tssd", "nmnist/vgg9_tssd"])
def names(request):
    return set(leaves(resolve(load_recipe(request.param, []))))


def test_every_name_is_an_option(names):
    assert set(NOT_TRAINED) <= names


def test_no_other_option_ends_like_one(names):
    """Two seeds are compared by the lines of their files, in which only the last part stands."""
    alike = {name for name in names if name.rpartition(".")[2] in FREE}
    assert alike == {*NOT_TRAINED, "seed", "data.init_args.seed", "description"}
