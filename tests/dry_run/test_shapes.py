import pytest

from tssd.config import build, load_recipe
from tssd.dry_run.shapes import data_shape, devices_of, with_stand_in
from tssd.dry_run.stand_in import StandIn


@pytest.fixture(autouse=True)
def no_data(monkeypatch):
    monkeypatch.delenv("TSSD_DATA", raising=False)


@pytest.mark.parametrize(
    ("recipe", "expected"),
    [
        # All published training samples train, as in the paper.
        ("cifar10/vgg9_tssd", (3, 32, 10, False, {"train": 50000, "val": 0, "test": 10000})),
        ("cifar100/vgg9_tssd", (3, 32, 100, False, {"train": 50000, "val": 0, "test": 10000})),
        ("cifar10dvs/vgg9_tssd", (2, 48, 10, True, {"train": 9000, "val": 0, "test": 1000})),
        ("dvsgesture/vgg9_tssd", (2, 32, 11, True, {"train": 1176, "val": 0, "test": 288})),
        ("shd+mlp", (140, 1, 20, True, {"train": 7340, "val": 816, "test": 2264})),
        ("ssc+mlp", (140, 1, 35, True, {"train": 75466, "val": 9981, "test": 20382})),
        ("imagenet+resnet34", (3, 224, 1000, False, {"train": 1281167, "val": 0, "test": 50000})),
        ("cifar10_jpeg/scarce/tssd", (3, 16, 10, False, None)),
    ],
)
def test_what_is_known_without_the_files(recipe, expected):
    found = data_shape(load_recipe(recipe))
    assert (found.channels, found.size, found.classes, found.events, found.sizes) == expected
    assert "no data root given" in found.absent
    # Of a folder of images nothing is known but the size that the recipe gives.
    assert found.guessed == (found.sizes is None)


def test_data_that_is_there_is_asked():
    found = data_shape(load_recipe("digits/tssd", [("data.batch_size", "7")]))
    assert (found.absent, found.guessed, found.batch_size) == ("", False, 7)
    assert found.sizes is not None
    assert (found.sizes["train"], found.sizes["test"]) == (200, 359)


def test_sequences_of_a_data_module_of_one_s_own_are_sequences():
    own = [("data", "tests.training.nets.DigitSequences"), ("timesteps.teacher", "4")]
    found = data_shape(load_recipe("digits/tssd", own))
    assert (found.events, found.absent) == (True, "")


def test_a_network_is_built_on_random_data_of_the_same_shape():
    config = load_recipe("dvsgesture/small/tssd", [("data.batch_size", "2")])
    stand_in = with_stand_in(config, data_shape(config))
    assert config["data"] != stand_in["data"]
    parts = build(stand_in)
    assert parts.net.num_classes == 11
    assert parts.data.batch()[0].shape == (10, 2, 2, 16, 16)
    assert not parts.trainer.progress


def test_of_several_devices_it_is_the_share_of_one():
    options = [("data.batch_size", "30"), ("trainer.devices", "4"), ("trainer.nodes", "2")]
    config = load_recipe("digits/tssd", options)
    assert devices_of(config) == 8
    parts = build(with_stand_in(config, data_shape(config)))
    assert parts.trainer.processes == 1
    assert len(parts.data.batch()[1]) == 4


def test_images_that_are_no_squares_keep_their_sides():
    size = ("data.image_size", "[16, 24]")
    config = load_recipe("digits+vgg9+vanilla_ts", [size])
    found = data_shape(config)
    assert found.size == (16, 24)
    stand_in = with_stand_in(config, found)["data"]["init_args"]
    assert stand_in["size"] == [16, 24]
    assert StandIn(**stand_in).sample_shape == (1, 16, 24)
    assert data_shape(load_recipe("cifar10_jpeg/scarce/tssd", [size])).size == (16, 24)
