import pytest
import torch

from tssd.config import build, load_recipe
from tssd.config.assemble import build_data, resolve
from tssd.config.make import build_net
from tssd.errors import DataError, UsageError


@pytest.fixture
def parts_of(tiny):
    return lambda *overrides: build(load_recipe("digits/tssd", [*tiny, *overrides]))


def test_build_fits_the_network_to_the_data(parts_of):
    parts = parts_of()
    x = torch.zeros(4, 3, 1, 16, 16)
    assert parts.net(x).logits.shape == (4, 3, 10)
    assert parts.config["net"]["init_args"] | {"neuron": 0} == {
        "in_channels": 1,
        "num_classes": 10,
        "image_size": 16,
        "width": 0.03125,
        "neuron": 0,
        "norm": "tssd.norms.pooled_batch_norm",
    }
    assert (parts.criterion.timesteps.student, parts.criterion.timesteps.teacher) == (2, 4)
    assert parts.criterion.taps == (1,)
    assert parts.data.split_sizes["train"] == 50
    assert (parts.trainer.epochs, parts.seed) == (1, 0)
    assert parts.schedule.factor(0, 10) == 1


def test_build_passes_options_on_to_what_is_nested(parts_of):
    parts = parts_of(
        ("net.neuron.tau", "4"),
        ("net.neuron.surrogate", "tssd.surrogates.ATan"),
        ("net.neuron.surrogate.slope", "3"),
        ("net.norm", "tssd.norms.per_step_batch_norm"),
        ("objectives.spatial.distance", "tssd.objectives.TemperatureKL"),
        ("objectives.spatial.distance.temperature", "7"),
        ("exits.neuron", "LIF"),
        ("exits.neuron.v_reset", "0.0"),
        ("optimizer", "torch.optim.Adam"),
        ("optimizer.betas", "[0.5, 0.9]"),
        ("optimizer.lr", "1e-4"),
    )
    neuron = next(m for m in parts.net.modules() if type(m).__name__ == "LIF")
    assert neuron.dynamics.decay == 0.75
    assert neuron.surrogate.slope == 3
    assert any(type(m).__name__ == "PerStep" for m in parts.net.modules())
    assert parts.criterion.terms["spatial"].distance.temperature == 7
    assert parts.criterion.exits["1"].neuron.dynamics.v_reset == 0
    optimizer = parts.make_optimizer(parts.net.parameters())
    assert (optimizer.defaults["lr"], optimizer.defaults["betas"]) == (1e-4, (0.5, 0.9))


@pytest.mark.parametrize("seed", ["true", "'1e3'"])
def test_a_seed_that_is_no_whole_number_is_refused(tmp_path, seed):
    recipe = tmp_path / "mine.yaml"
    recipe.write_text(f"extends: digits/tssd\nseed: {seed}\n")
    with pytest.raises(
        UsageError, match=r"seed: got .*, expected (0 to 4294967295|a whole number)$"
    ):
        build(load_recipe(str(recipe)))


def test_the_seed_decides_the_weights_and_follows_into_the_data(parts_of):
    first, again, other = parts_of(), parts_of(), parts_of(("seed", "1"))
    weights = [p.net.head[2].weight for p in (first, again, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
    assert (first.data.seed, other.data.seed) == (0, 1)
    assert parts_of(("data.seed", "9"), ("seed", "2")).data.seed == 9


def test_a_seed_in_quotes_is_a_number(parts_of):
    assert parts_of(("seed", "'1'")).seed == parts_of(("seed", "1")).data.seed == 1


def test_the_seed_of_a_saved_configuration_can_be_changed(trained):
    assert load_recipe(str(trained))["data"]["init_args"]["seed"] == 0
    parts = build(load_recipe(str(trained), [("seed", "2")]))
    assert (parts.seed, parts.data.seed) == (2, 2)


def test_a_resolved_configuration_builds_the_same_again(parts_of):
    parts = parts_of(("data.image_size", "null"), ("net", "tssd.models.resnet18"))
    again = build(parts.config)
    assert again.config == parts.config
    assert parts.config["data"]["init_args"]["image_size"] is None
    assert again.data.sample_shape == (1, 8, 8)
    net = build_net(parts.config["net"])
    assert net.state_dict().keys() == parts.net.state_dict().keys()


def test_an_objective_is_removed(parts_of):
    assert set(parts_of(("objectives.temporal", "null")).criterion.terms) == {
        "task",
        "spatial",
        "exit_task",
    }


def test_resolve_writes_every_value_out():
    config = resolve(load_recipe("digits/tssd", [("optimizer.lr", "1e-4")]))
    assert config["optimizer"]["init_args"]["lr"] == 0.0001
    assert config["trainer"]["gradient_clip"] == 0.0
    assert config["net"]["init_args"]["neuron"]["init_args"]["tau"] == 2.0


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("net.width", "0", "net.width: got 0.0, expected a factor > 0"),
        ("net.neuron.tau", "0.5", "net.neuron.tau: got 0.5, expected a time constant > 1"),
        ("net.neuron.v_reset", "1", "net.neuron.v_reset: got 1.0, expected less than v_threshold"),
        ("net.in_channels", "3", "net.in_channels: got 3, but the data has 1; give --net.in_chann"),
        ("net.num_classes", "7", "net.num_classes: got 7, but the data has 10"),
        ("data.image_size", "8", "got 8, but this network halves the image 4 times"),
        ("data.batch_size", "0", "data.batch_size: got 0, expected 1 to 2147483647"),
        (
            "data.train_samples",
            "3",
            "data.train_samples: got 3, but 1293 training samples of 10 classes",
        ),
        ("timesteps.student", "0", "timesteps.student: got 0, expected "),
        ("timesteps.teacher", "-1", "timesteps.teacher: got -1, expected "),
        (
            "timesteps.student",
            "4",
            "needs student < teacher, got student = 4",
        ),
        ("objectives.temporal.weight", "-1", "objectives.temporal.weight: got -1.0, expected a fi"),
        (
            "exits.taps",
            "[9]",
            "exits.taps: got 9, expected a stage from 0 to 3 (or -1 for the last)",
        ),
        ("exits.taps", "[]", "exits.taps: got none, expected at least one place"),
        ("exits.channels", "-1", "exits.channels: got -1, expected "),
        ("optimizer.lr", "1e308", "optimizer: value cannot be converted to type float"),
        ("net.width", ".inf", "net.width: got inf, expected a factor > 0"),
        ("net.width", "5000", "net: its weights take "),
        ("optimizer.lr", "-1", "optimizer.lr: got -1.0, expected a finite number from 0 on"),
        ("optimizer.nesterov", "true", "optimizer: Nesterov momentum requires a momentum"),
        ("trainer.epochs", "0", "trainer.epochs: got 0, expected "),
        ("seed", "-1", "seed: got -1, expected 0 to 4294967295"),
    ],
)
def test_a_value_out_of_range_is_named_with_its_option(parts_of, option, value, message):
    overrides = [(option, value)]
    if option == "optimizer.nesterov":
        overrides.append(("optimizer.momentum", "0"))
    with pytest.raises(UsageError) as error:
        parts_of(*overrides)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_cuda_where_there_is_none(parts_of):
    with pytest.raises(UsageError, match="cuda was asked for.* use --trainer.accelerator cpu"):
        parts_of(("trainer.accelerator", "cuda"))


@pytest.mark.parametrize("section", ["data", "net", "timesteps", "objectives"])
def test_a_missing_section_is_named(section):
    config = load_recipe("digits/tssd")
    del config[section]
    with pytest.raises(UsageError, match=rf"^{section}[.a-z]*: missing, expected "):
        build(config)


def test_a_missing_argument_is_named(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "net_with_depth.py").write_text(
        "from tssd.models import StagedNet\n"
        "def net(num_classes: int, depth: int) -> StagedNet:\n"
        "    '''A net.\n\n    Args:\n        depth: number of layers.\n    '''\n"
        "    raise ValueError(f'depth {depth}\\nis too much')\n"
    )
    config = load_recipe("digits/tssd") | {"net": "net_with_depth.net"}
    expected = r"^net\.depth: missing, expected a whole number \(number of layers\.\)"
    with pytest.raises(UsageError, match=expected):
        build(config)
    config["net"] = {"class_path": "net_with_depth.net", "init_args": {"depth": 3}}
    with pytest.raises(UsageError, match=r"^net: depth 3 is too much$"):
        build(config)


def test_build_checks_a_configuration_that_no_recipe_wrote():
    with pytest.raises(UsageError, match=r"^trainer\.epoch: no such option"):
        build(load_recipe("digits/tssd") | {"trainer": {"epoch": 1}})


def test_data_that_is_not_there_is_the_data_modules_own_error(parts_of, tmp_path, monkeypatch):
    monkeypatch.delenv("TSSD_DATA", raising=False)
    with pytest.raises(UsageError, match=r"--data\.root <folder> or set .* TSSD_DATA"):
        parts_of(("data", "tssd.data.ImageFolder"))
    with pytest.raises(DataError, match="is not a folder"):
        parts_of(("data", "tssd.data.FashionMNIST"), ("data.root", str(tmp_path / "gone")))


def test_the_data_alone_are_connected_to_the_timesteps_of_the_recipe(tmp_path):
    words = [("data.root", str(tmp_path)), ("trainer.evaluate_timesteps", "12")]
    data = build_data(load_recipe("nmnist/small/tssd", words))
    assert (type(data).__name__, data.slices) == ("NMNIST", 12)
    assert build_data(load_recipe("digits/tssd")).dataset_name


def test_the_data_alone_refuse_what_is_wrong_in_a_recipe():
    with pytest.raises(UsageError, match=r"^data\.slicing: EqualCount shares .*student's 5 times"):
        build_data(load_recipe("nmnist/small/tssd", [("data.slicing", "tssd.events.EqualCount")]))
    with pytest.raises(UsageError, match=r"^trainer\.epoch: no such option"):
        build_data(load_recipe("digits/tssd") | {"trainer": {"epoch": 1}})
