"""Every recipe in the package, read and built as far as its data allows."""

from importlib.resources import files

import numpy as np
import pytest
from PIL import Image

from tssd.config import build, load_recipe, recipe_names
from tssd.config.assemble import resolve
from tssd.config.options import content, in_yaml, walk
from tssd.config.recipe import layers, merge
from tssd.config.schema import SECTIONS, parse, parser
from tssd.config.types import MISSING
from tssd.data import Digits
from tssd.errors import UsageError

NAMES = recipe_names()


def covering(names):
    """Recipes that between them have every folder's settings and every method."""
    seen, chosen = set(), []
    for name in names:
        folder, _, method = name.rpartition("/")
        new = {folder, method} - seen
        if new:
            chosen.append(name)
        seen |= new
    return chosen


FOLDER = files("tssd") / "recipes"


def files_below(folder, prefix=""):
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from files_below(entry, f"{prefix}{entry.name}/")
        else:
            yield prefix + entry.name


ALL = sorted(files_below(FOLDER))


def test_the_folder_holds_recipes_only():
    assert [name for name in ALL if not name.endswith(".yaml")] == []
    shown = [n.removesuffix(".yaml") for n in ALL if "/_" not in f"/{n}"]
    assert shown == NAMES


@pytest.mark.parametrize("name", [name.removesuffix(".yaml") for name in ALL])
def test_every_file_reads_and_names_sections_only(name):
    config = merge(layers(name))
    assert set(config) <= set(SECTIONS)


@pytest.mark.parametrize("name", NAMES)
def test_every_recipe_is_complete_and_fits_the_schema(name):
    config = load_recipe(name)
    assert config["description"]
    options = {option.name: option.value for option in walk(config)}
    assert [o for o, value in options.items() if value is MISSING] == []
    # jsonargparse agrees with our own reading of the signatures.
    resolved = {option.name: option.value for option in walk(resolve(config))}
    assert resolved.keys() == options.keys()
    # Data modules read nothing before it is needed.
    data = parser(["data"]).instantiate(parse(config, ["data"])).data
    assert data.batch_size == options["data.batch_size"]


@pytest.mark.parametrize("name", covering(NAMES))
def test_every_option_can_be_overridden(name):
    config = load_recipe(name)
    own = [(option.name, in_yaml(option.value)) for option in walk(config)]
    assert resolve(load_recipe(name, own)) == resolve(config)


@pytest.mark.parametrize("name", NAMES)
def test_a_typo_in_a_recipe_is_refused(name, tmp_path):
    typo = tmp_path / "typo.yaml"
    typo.write_text(f"extends: {name}\nnet: {{init_args: {{wdith: 1}}}}\n")
    with pytest.raises(UsageError, match=r"typo\.yaml: net\.wdith: no such option; did you mean"):
        load_recipe(str(typo))


@pytest.fixture(scope="module")
def data_root(tmp_path_factory):
    """A folder for every recipe of images in files: 16 a class, of 10 classes, 32x32 pixels."""
    root = tmp_path_factory.mktemp("data")
    pixels = np.random.default_rng(0).integers(0, 256, (16, 32, 32, 3), dtype=np.uint8)
    for part, count in (("train", 16), ("test", 1)):
        for label in range(10):
            folder = root / part / str(label)
            folder.mkdir(parents=True)
            for n in range(count):
                Image.fromarray(pixels[n]).save(folder / f"{n}.png")
    return root


@pytest.mark.parametrize("name", covering(NAMES))
def test_a_recipe_builds(name, data_root):
    """With its own data if that is in the package, with a small image folder otherwise."""
    overrides = [("net.width", "0.03125"), ("trainer.accelerator", "cpu")]
    if load_recipe(name)["data"]["class_path"] != "tssd.data.Digits":
        size = content(load_recipe(name)["data"]).get("image_size") or 32
        overrides += [
            ("data", "tssd.data.ImageFolder"),
            ("data.root", str(data_root)),
            ("data.folder", '""'),
            ("data.image_size", str(size)),
            ("data.train_samples", "100"),
            ("data.val_share", "0.1"),
        ]
    parts = build(load_recipe(name, overrides))
    steps = parts.criterion.timesteps
    assert 1 <= steps.student <= steps.teacher
    assert parts.net.num_classes == parts.data.num_classes == 10
    assert isinstance(parts.data, Digits) == name.startswith("digits/")
