import sys
from pathlib import Path

import pytest
import yaml

import tssd
from tssd.config.compose import layers
from tssd.config.load import check, load_recipe
from tssd.config.paths import load_object
from tssd.config.recipe import merge
from tssd.config.schema import SECTIONS
from tssd.config.trust import only_known_parts, trusted, trusting
from tssd.config.types import check_class
from tssd.errors import UsageError
from tssd.neurons import LIF
from tssd.yaml_text import load_yaml


@pytest.fixture
def evil(tmp_path, monkeypatch):
    """A module beside a run folder, which says that it was imported."""
    (tmp_path / "evil").mkdir()
    (tmp_path / "evil/code.py").write_text(
        "from pathlib import Path\n"
        "from tssd.neurons import LIF\n"
        f"Path({str(tmp_path)!r}, 'HACKED').touch()\n"
        "def neuron() -> LIF:\n    return LIF()\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    yield lambda: (tmp_path / "HACKED").exists()
    for name in [name for name in sys.modules if name.split(".")[0] == "evil"]:
        del sys.modules[name]


def _named(config):
    """All import paths in a recipe's file."""
    if isinstance(config, dict):
        for key, value in config.items():
            yield from [value] if key == "class_path" else _named(value)
    elif isinstance(config, list):
        for value in config:
            yield from _named(value)
    elif isinstance(config, str) and config.startswith("tssd."):
        yield config


def test_a_run_folder_may_name_what_our_recipes_name():
    files = list(Path(tssd.__file__).with_name("recipes").rglob("*.yaml"))
    paths = {path for file in files for path in _named(load_yaml(file.read_text()))}
    assert {"tssd.training.muon.Muon", "tssd.training.lamb.Lamb"} <= paths
    with only_known_parts():
        for path in sorted(paths):
            assert callable(load_object(path)), path


@pytest.mark.parametrize(
    "path",
    ["tssd.LIF", "tssd.models.vgg9", "torch.nn.BatchNorm2d", "torch.optim.AdamW",
     "torch.nn.modules.batchnorm.BatchNorm2d", "torch.optim.sgd.SGD", "tssd.surrogates.ATan",
     "tssd.training.schedule.Cosine", "tssd.events.FixedTime", "tssd.data.ImageFolder",
     "lightning.pytorch.callbacks.EarlyStopping",
     "lightning.pytorch.callbacks.weight_averaging.EMAWeightAveraging",
     "torchvision.transforms.v2.RandAugment"],
)  # fmt: skip
def test_parts_are_allowed(path):
    with only_known_parts():
        assert callable(load_object(path))


@pytest.mark.parametrize(
    "path",
    ["subprocess.getoutput", "os.system", "lightning.pytorch.callbacks.ModelCheckpoint",
     "lightning.pytorch.loggers.CSVLogger",
     "builtins.exec", "evil.code.neuron", "evil.code.gone",
     "torch.hub.load", "torch.load", "torch.nn.init.normal_", "torch.nn.functional.relu",
     "torch.nn.modules.module.warnings", "torch.optim.optimizer.functools.partial",
     "tssd.load", "tssd.adapt", "tssd.cli.main", "tssd.cli.main.main", "tssd.atomic.replacing",
     "tssd.config.paths.import_module", "tssd.reopened.load.load", "tssd.config.assemble.build",
     "tssd.data.image_folder.Path", "tssd.data.decoding.ThreadPoolExecutor",
     "tssd.runs.folder.write_text", "tssd.__main__.main", "tssdevil.Net",
     "torchvision.models.resnet18", "torchvision.transforms.v2.functional.resize",
     "torchvision.transforms.RandAugment", "lightning.LightningDataModule",
     "tssd.models.vgg.pairwise"],
)  # fmt: skip
def test_nothing_else_is(evil, path):
    with only_known_parts(), pytest.raises(UsageError) as error:
        load_object(path)
    assert not evil()
    assert path in str(error.value)


def test_the_refusal_says_what_and_how_to_allow_it():
    with only_known_parts(), pytest.raises(UsageError) as error:
        load_object("evil.code.neuron")
    assert "evil.code was not imported" in str(error.value)
    assert "--trust evil.code (in Python: trust=['evil.code'])" in str(error.value)


def test_attributes_of_attributes_are_no_modules():
    with only_known_parts(), pytest.raises(UsageError):
        load_object("tssd.data.root.os.system")
    with only_known_parts(), pytest.raises(UsageError):
        load_object("tssd.os.system")


@pytest.mark.parametrize("module", ["evil", "evil.code"])
def test_what_the_user_trusts_is_imported(evil, module):
    with trusting([module]), only_known_parts():
        assert load_object("evil.code.neuron")()
        assert trusted() == (module,)
    assert evil()
    assert trusted() == ()


def test_trust_is_a_list():
    with pytest.raises(UsageError, match=r"expected a list of modules: \['evil'\]"):
        trusting("evil").__enter__()


def config(place, value):
    """A recipe of ours with something else in one place."""
    made = merge(layers("digits/tssd"))
    *above, last = place.split(".")
    node = made
    for name in above:
        node = node.setdefault(name, {})
        if "class_path" in node:
            node = node.setdefault("init_args", {})
    node[last] = value
    return made


PATH = "evil.code.neuron"
NODE = {"class_path": PATH, "init_args": {}}
PLACES = [
    "data", "net", "net.neuron", "net.norm", "net.neuron.surrogate", "objectives.temporal",
    "objectives.spatial.distance", "exits", "exits.neuron", "optimizer", "optimizer.lr",
    "optimizer.maximize", "schedule", "data.slicing", "data.augment",
]  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    "value", [PATH, NODE, [NODE], [PATH], {"a": NODE}, f"{{class_path: {PATH}}}",
              '{class_path: "evil\\x2ecode\\x2eneuron"}']
)  # fmt: skip
def test_no_place_of_a_configuration_imports(evil, place, value):
    made = config(place, value)
    if place.startswith("net.neuron."):
        made["net"]["init_args"]["neuron"] = {
            "class_path": "tssd.LIF", "init_args": {"surrogate": value}
        }  # fmt: skip
    if place in ("data.slicing", "data.augment"):
        name = place.split(".")[1]
        made["data"] = {"class_path": "tssd.data.NMNIST", "init_args": {name: value}}
    with only_known_parts(), pytest.raises(UsageError):
        check(made)
    assert not evil()


def test_layers_of_torch_take_no_code_either(evil):
    """Their arguments have types that are not known, or functions."""
    layers_of_torch = [
        ("torch.nn.TripletMarginWithDistanceLoss", "distance_function"),
        ("torch.nn.TransformerEncoderLayer", "activation"),
        ("torch.nn.BatchNorm2d", "dtype"),
        ("torch.nn.DataParallel", "module"),
    ]
    for path, argument in layers_of_torch:
        for value in (PATH, NODE, f"{{class_path: {PATH}}}"):
            net = {"class_path": path, "init_args": {argument: value}}
            with only_known_parts(), pytest.raises(UsageError):
                check(merge(layers("digits/tssd")) | {"net": net})
    assert not evil()


@pytest.mark.parametrize(
    "path", ["subprocess.getoutput", "os.system", "tssd.models.vgg9", "os.getcwd"]
)
@pytest.mark.parametrize("place", ["net.neuron", "exits.neuron", "net.norm", "schedule", "exits"])
def test_in_a_recipe_too_a_maker_makes_the_right_thing(path, place):
    if (path, place) == ("tssd.models.vgg9", "net.norm"):
        return  # a network is a module
    with pytest.raises(UsageError, match="expected"):
        check(config(place, {"class_path": path, "init_args": {}}))


def test_what_a_function_says_it_makes(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "makers.py").write_text(
        "from __future__ import annotations\n"
        "from tssd.neurons import LIF, IF\n"
        "def silent(): return LIF()\n"
        "def right() -> LIF: return LIF()\n"
        "def either() -> LIF | IF: return IF()\n"
        "def wrong() -> LIF | None: return None\n"
        "def unknown() -> Gone: return LIF()\n"
    )
    kind = dict(SECTIONS)["net"][0]
    check_class(kind, "makers.right")
    check_class(kind, "makers.either")
    for name, message in (("silent", "`-> Module`"), ("unknown", "`-> Module`"), ("wrong", "got")):
        with pytest.raises(UsageError, match=message):
            check_class(kind, f"makers.{name}")
    assert LIF


def test_what_stands_in_a_transform_is_refused_as_well(evil):
    config = merge(layers("digits/tssd"))
    lambd = {"class_path": "torchvision.transforms.v2.Lambda", "init_args": {"lambd": "os.system"}}
    nested = {
        "class_path": "torchvision.transforms.v2.Compose",
        "init_args": {"transforms": ["evil.code.neuron"]},
    }
    for wrong in (lambd, nested, "evil.code.neuron"):
        config["data"]["init_args"]["transforms"] = [wrong]
        with only_known_parts(), pytest.raises(UsageError, match="was not imported"):
            check(config)
    assert not evil()


def test_words_of_a_trusted_network_are_not_imported_to_be_looked_at(evil, tmp_path, monkeypatch):
    (tmp_path / "friend.py").write_text(
        "from torch import nn\ndef net(norm: str, neuron: str) -> nn.Module: return nn.Identity()\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    (run := tmp_path / "run").mkdir()
    (run / "environment.json").write_text("{}")
    config = merge(layers("digits/tssd"))
    config["net"] = {"class_path": "friend.net", "init_args": {"norm": "batch", "neuron": PATH}}
    (run / "config.yaml").write_text(yaml.safe_dump(config))
    with trusting(["friend"]):
        load_recipe(str(run))
    assert not evil()
