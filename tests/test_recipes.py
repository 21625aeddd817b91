"""Every piece in the package, alone and with others, read and built as far as its data allows."""

import random
from importlib.resources import files
from itertools import product

import numpy as np
import pytest
from PIL import Image

from tssd.config import build, load_recipe, recipe_names
from tssd.config.assemble import resolve
from tssd.config.compose import layers
from tssd.config.options import content, in_yaml, walk
from tssd.config.piece import leaves
from tssd.config.pieces import aliases, rooms
from tssd.config.recipe import file_content, merge, recipe_text
from tssd.config.schema import SECTIONS, parse, parser
from tssd.config.types import MISSING
from tssd.data import Digits
from tssd.data.splits import split
from tssd.errors import UsageError

FOLDER = files("tssd") / "recipes"
ROOMS = rooms()
# One change each. Dialects of the LIF, which all set the same options, have a test of their own.
PARTS = [part for part in ROOMS["parts"] if not part.startswith(("lif_", "if_"))]
EVENTS = {"cifar10dvs", "dvsgesture", "event_folder", "nmnist", "shd", "ssc"}


def files_below(folder, prefix=""):
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from files_below(entry, f"{prefix}{entry.name}/")
        else:
            yield prefix + entry.name


ALL = sorted(files_below(FOLDER))
READ = [name.removesuffix(".yaml") for name in ALL if name != "aliases.yaml"]


def makes_sense(name):
    data, _, scale, part, method = name
    if part in ("ann", "qcfs", "srp"):  # whose training knows no time
        return data not in EVENTS and method.startswith("vanilla") and makes_sense_of(data, scale)
    if part == "ann_frames" and data not in EVENTS:
        return False
    if method == "best" and part in ("mtt", "rate_backprop"):  # which label means over time
        return False
    return (part != "nda" or data in EVENTS) and makes_sense_of(data, scale)


def makes_sense_of(data, scale):
    if data == "imagenet" and scale:  # scales are for SGD and images that are small
        return False
    if data in EVENTS:
        return scale not in ("scarce", "short", "quick", "fast", "mid")
    # There are only 1,438 digits to train on.
    return data != "digits" or scale not in ("short", "fast", "mid")


PRODUCTS = product(
    ROOMS["data"], ROOMS["nets"], ["", *ROOMS["scales"]], ["", *PARTS], ROOMS["methods"]
)
SENSIBLE = list(filter(makes_sense, PRODUCTS))


def composed(name):
    return "+".join(word for word in name if word)


def covering(names):
    """Compositions that between them have every piece, and each scale with each data set."""
    seen, chosen = set(), []
    for name in names:
        # The data set with its scale, and the pieces.
        new = {name[0::2][:2], *name}
        if not new <= seen:
            chosen.append(composed(name))
            seen |= new
    return chosen


CHOSEN = covering(SENSIBLE)


def test_the_folder_holds_recipes_only():
    assert [name for name in ALL if not name.endswith(".yaml")] == []
    assert len(ALL) <= 200


@pytest.mark.parametrize("name", READ)
def test_every_file_says_what_it_is_and_names_sections_only(name):
    first = recipe_text(name).splitlines()[0]
    assert first.startswith("# ")
    # What `tssd recipes` lists, on one line.
    listed = any(name == f"{room}/{piece}" for room in ROOMS for piece in ROOMS[room])
    assert not listed or (first.endswith(".") and len(first) <= 90)
    beside = {"description", "seed", "needs", "network", "longest"}
    assert set(file_content(name)[1]) <= {*SECTIONS, *beside}


def test_every_sensible_composition_merges_into_a_whole_recipe():
    # Of all of them a sample has everything with everything soon enough, however many there are.
    for name in map(composed, random.Random(0).sample(SENSIBLE, 2000)):
        config = merge(layers(name))
        assert {"data", "net", "timesteps", "objectives", "optimizer"} <= set(config), name
        assert {type(t) for t in config["timesteps"].values()} == {int}, name
        assert "{" not in config["description"], name
        classes = [section for section in ("data", "net") if "class_path" not in config[section]]
        assert classes == [], name


@pytest.mark.parametrize("name", [*CHOSEN, *recipe_names()[::40]])
def test_a_composition_is_complete_and_fits_the_schema(name):
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


def test_every_alias_stands_for_data_network_and_method():
    for name, means in aliases().items():
        data, net, *others, method = means.split("+")
        assert data in ROOMS["data"], name
        assert net in ROOMS["nets"], name
        assert method in ROOMS["methods"], name
        assert set(others) <= {*ROOMS["scales"], *ROOMS["parts"]}, name


# What results/ and the paper's tables were made with, by hand: no piece changes them unseen.
SGD = {"optimizer": "torch.optim.SGD", "optimizer.momentum": 0.9}
NARROW = SGD | {"net.width": 0.125, "trainer.threads": 1, "optimizer.weight_decay": 1e-4}
COSINE = NARROW | {"schedule": "tssd.training.schedule.Cosine"}
PAPER = SGD | {
    "schedule": "tssd.training.schedule.StepDecay",
    "schedule.every": 30,
    "schedule.by": 0.1,
    "trainer.epochs": 100,
    "optimizer.lr": 0.1,
    "data.batch_size": 64,
}


def steps(student, teacher, evaluated=None):
    pair = {"timesteps.student": student, "timesteps.teacher": teacher}
    return pair | {"trainer.evaluate_timesteps": evaluated}


def sizes(**options):
    return {f"data.{name}": value for name, value in options.items()}


KEPT = {
    "digits/tssd": COSINE
    | steps(1, 4)
    | sizes(train_samples=200)
    | {"data": "tssd.data.Digits", "trainer.epochs": 40, "optimizer.lr": 0.05},
    "digits/vanilla_tt": steps(4, 4),
    "digits/vanilla_ts": steps(1, 1),
    "cifar10/vgg9_tssd": PAPER
    | steps(2, 4)
    | {"data": "tssd.data.CIFAR10", "net": "tssd.models.vgg9", "optimizer.weight_decay": 1e-4}
    | {"net.width": None, "trainer.threads": None},
    "cifar100/resnet18_vanilla_tt": PAPER | steps(4, 4) | {"net": "tssd.models.resnet18"},
    "cifar10dvs/vgg9_tssd": PAPER
    | steps(5, 10, 10)
    | sizes(**{"slicing": "tssd.events.FixedTime", "slicing.dt": 10.0, "size": 48})
    | {"optimizer.weight_decay": 1e-3},
    "dvsgesture/resnet18_ssd": PAPER | steps(5, 5, 10) | sizes(**{"slicing.dt": 30.0, "size": 32}),
    "cifar10dvs/vgg9_tssd_t8": PAPER | steps(8, 16, 16),
    "dvsgesture/resnet18_vanilla_ts_t16": PAPER | steps(16, 16, 32),
    "nmnist/vgg9_tsd": PAPER | steps(5, 10, 10) | sizes(**{"slicing.dt": 30.0, "size": None}),
    "fashion_mnist/vgg9_tssd": PAPER | steps(2, 4) | sizes(augment=True),
    "image_folder/vgg9_vanilla_ts": PAPER | steps(2, 2) | sizes(image_size=32),
    "cifar10_jpeg/scarce/ssd": COSINE
    | steps(2, 2)
    | sizes(folder="cifar10-jpeg", image_size=16, train_samples=1000, val_share=0.005)
    | {"trainer.epochs": 25, "optimizer.lr": 0.05},
    "fashion_mnist/scarce/extension": COSINE
    | steps(2, 4)
    | sizes(image_size=16, train_samples=1000, val_share=0.005, augment=False)
    | {"trainer.epochs": 25, "optimizer.lr": 0.05, "objectives.spatial.span": "teacher"},
    "cifar10_jpeg/short/tsd": COSINE
    | sizes(image_size=16, train_samples=5000, val_share=0.005)
    | {"trainer.epochs": 3, "optimizer.lr": 0.1},
    "cifar10_jpeg/small_resnet18/tssd": COSINE
    | sizes(image_size=16, train_samples=5000, val_share=0.005)
    | {"trainer.epochs": 10, "optimizer.lr": 0.1, "net": "tssd.models.resnet18"},
    "cifar100/small/tssd": COSINE
    | sizes(image_size=16, train_samples=5000, val_share=0.02)
    | {"trainer.epochs": 25, "optimizer.lr": 0.05},
    "cifar10dvs/small/vanilla_tt": COSINE
    | steps(10, 10, 10)
    | sizes(size=16, train_samples=1000, val_share=0.01, allow_incomplete=True)
    | {"trainer.epochs": 20, "optimizer.lr": 0.05},
    "dvsgesture/small/tssd": COSINE
    | steps(5, 10, 10)
    | sizes(size=16, train_samples=None, val_share=0.05, allow_incomplete=True),
    "nmnist/small/ssd": COSINE
    | steps(5, 5, 10)
    | sizes(size=17, val_share=0.005, allow_incomplete=True)
    | {"trainer.epochs": 20, "optimizer.lr": 0.05},
}


@pytest.mark.parametrize("name", KEPT)
def test_what_results_were_made_with_stays(name):
    found = dict(leaves(merge(layers(name))))
    assert {option: found.get(option) for option in KEPT[name]} == KEPT[name]


@pytest.mark.parametrize("part", ["tet", "sml", "tdd", "sealkd", "esd", "tks", "trt", "jointasnn"])
def test_a_scale_that_smooths_labels_does_so_whatever_the_task_loss(part):
    task = merge(layers(f"cifar10_jpeg+fast+{part}+tssd"))["objectives"]["task"]
    assert task["init_args"]["label_smoothing"] == 0.1
    assert "TaskCrossEntropy" not in task["class_path"]
    both = merge(layers(f"digits+vgg9+label_smoothing+{part}"))["objectives"]["task"]
    assert both == task


@pytest.mark.parametrize(
    ("data", "classes", "samples"),
    [("cifar10", 10, 50_000), ("cifar100", 100, 50_000), ("cifar10dvs", 10, 9_000),
     ("dvsgesture", 11, 1_176)],
)  # fmt: skip
def test_the_paper_s_recipes_train_on_all_samples_and_small_ones_on_what_they_did(
    data, classes, samples
):
    def sizes(recipe):
        said = dict(leaves(merge(layers(recipe))))
        held = {
            "val_share": said["data.val_share"],
            "train_samples": said.get("data.train_samples"),
        }
        chosen = split(np.arange(samples) % classes, 1, **held)
        return len(chosen.train), len(chosen.val)

    assert sizes(f"{data}+vgg9+tssd") == sizes(f"{data}+resnet18+atan+control") == (samples, 0)
    # 25 of 5,000, 10 of 500, 9 of 900 and 5 or 6 of 107 of each class.
    small = {"cifar10": (5_000, 250), "cifar100": (5_000, 1_000), "cifar10dvs": (1_000, 90)}
    assert sizes(f"{data}+vgg9+small+tssd") == small.get(data, (1_176 - 55, 55))


@pytest.mark.parametrize("name", CHOSEN[::8])
def test_every_option_can_be_overridden(name):
    config = load_recipe(name)
    own = [(option.name, in_yaml(option.value)) for option in walk(config)]
    assert resolve(load_recipe(name, own)) == resolve(config)


@pytest.mark.parametrize("name", ["digits/tssd", *CHOSEN[::8]])
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


@pytest.mark.parametrize("name", [name for name in CHOSEN if "nda" not in name][::2])
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
    assert isinstance(parts.data, Digits) == name.startswith("digits+")
