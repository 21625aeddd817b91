import pytest

from tssd.config import build, load_recipe
from tssd.dry_run.shapes import data_shape, stand_in_options, work_key
from tssd.reproduce.plan import Variant
from tssd.reproduce.runs import read


@pytest.fixture(autouse=True)
def no_data(monkeypatch):
    monkeypatch.delenv("TSSD_DATA", raising=False)


@pytest.mark.parametrize(
    ("recipe", "expected"),
    [
        # Of the published samples, a tenth of the training part is for validation.
        ("cifar10/vgg9_tssd", (3, 32, 10, False, {"train": 45000, "val": 5000, "test": 10000})),
        ("cifar100/vgg9_tssd", (3, 32, 100, False, {"train": 45000, "val": 5000, "test": 10000})),
        ("cifar10dvs/vgg9_tssd", (2, 48, 10, True, {"train": 8100, "val": 900, "test": 1000})),
        ("dvsgesture/vgg9_tssd", (2, 32, 11, True, {"train": 1058, "val": 118, "test": 288})),
        ("cifar10_jpeg/scarce/tssd", (3, 16, 10, False, None)),
    ],
)
def test_what_is_known_without_the_files(recipe, expected):
    found = data_shape(load_recipe(recipe))
    assert (found.channels, found.size, found.classes, found.events, found.sizes) == expected
    assert "no data root given" in found.absent


def test_data_that_is_there_is_asked():
    found = data_shape(load_recipe("digits/tssd"))
    assert found.absent == ""
    assert found.sizes is not None
    assert (found.sizes["train"], found.sizes["test"]) == (200, 359)


def test_a_network_is_built_on_random_data_of_the_same_shape():
    config = load_recipe("dvsgesture/small/tssd")
    options = stand_in_options(data_shape(config))
    parts = build(load_recipe("dvsgesture/small/tssd", [*options, ("data.batch_size", "2")]))
    assert parts.net.num_classes == 11
    assert parts.data.batch()[0].shape == (10, 2, 2, 16, 16)


def key(*options, recipe="cifar10/vgg9_tssd"):
    config = read(Variant(recipe, options))
    return work_key(config, data_shape(config))


def test_weights_and_epochs_are_the_same_work_and_timesteps_are_not():
    assert key() == key(("objectives.temporal.weight", "0.5"))
    assert key() == key(("trainer.epochs", "3"))
    assert key() != key(("timesteps.teacher", "6"))
    assert key() != key(("net.width", "0.5"))
    assert key() != key(("data.batch_size", "8"))
    assert key() != key(recipe="cifar10/vgg9_extension")
    assert key() != key(recipe="cifar10/vgg9_tsd")
