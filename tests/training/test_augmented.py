"""Runs with transforms, mixed samples, weights of classes and images that are no squares."""

import pytest
import torch
import yaml
from torchvision.transforms import v2

from tssd import load
from tssd.config import build, load_recipe
from tssd.errors import UsageError
from tssd.runs.folder import RunFolder
from tssd.training.fit import fit

from .nets import two_stages
from .runs import OPTIONS, is_same, small, stopped, table, weights

TRANSFORMS = "[RandAugment, {class_path: RandomErasing, init_args: {p: 0.5}}]"
AUGMENTED = {
    "data.transforms": TRANSFORMS,
    "data.mixup": 0.4,
    "data.cutmix": 1.0,
    "objectives.task.class_weights": "balanced",
    "objectives.exit_task.label_smoothing": 0.1,
}


def test_an_interrupted_run_ends_like_an_uninterrupted_one(tmp_path):
    whole, run = tmp_path / "whole", tmp_path / "run"
    fit(small(AUGMENTED), whole)
    with pytest.raises(KeyboardInterrupt):
        fit(stopped(small(AUGMENTED | {"data.num_workers": 1}), step=3), run)
    fit(small(AUGMENTED), run, resume=True)
    assert is_same(weights(run), weights(whole))
    assert table(run) == table(whole)
    written = RunFolder(whole).read_config()
    erasing = written["data"]["init_args"]["transforms"][1]
    assert erasing["class_path"] == "torchvision.transforms.v2.RandomErasing"
    assert erasing["init_args"]["p"] == 0.5
    net = load(whole, trust=[two_stages.__module__])
    assert net(torch.zeros(1, 2, 1, 8, 8)).logits.shape == (1, 2, 10)


def test_nothing_is_written_of_what_is_not_used():
    written = yaml.safe_dump(small().config)
    for name in ("transforms", "mixup", "cutmix", "class_weights"):
        assert name not in written


@pytest.mark.parametrize("recipe", ["vanilla_ts", "control", "control_exit", "tssd_paper", "tssd"])
def test_every_method_learns_from_mixed_samples(recipe):
    options = OPTIONS | {"data.mixup": 0.4}
    del options["timesteps"]
    pairs = [(name, str(value)) for name, value in options.items()]
    parts = build(load_recipe(f"digits+vgg9+{recipe}", pairs))
    x, shares = next(iter(parts.data.train_dataloader()))
    loss = parts.criterion.run(parts.net, x, shares)
    loss.total.backward()
    assert all(p.grad is not None for p in [*parts.net.parameters(), *parts.criterion.parameters()])
    # One-hot shares are the classes, to every term.
    y = shares.argmax(1)
    same = parts.criterion.run(parts.net.eval(), x, torch.eye(10)[y]).terms
    for name, value in parts.criterion.run(parts.net, x, y).terms.items():
        torch.testing.assert_close(same[name], value)


def test_images_that_are_no_squares(tmp_path):
    options = {"data.image_size": "[16, 24]", "net": "vgg9", "net.width": 0.03125}
    parts = small(options | {"trainer.epochs": 1})
    assert parts.config["net"]["init_args"]["image_size"] == [16, 24]
    fit(parts, tmp_path / "run")
    net = load(tmp_path / "run")
    assert net.transform.sample_shape == (1, 16, 24)
    assert build(RunFolder(tmp_path / "run").read_config()).config == parts.config


def test_a_network_for_squares_alone_refuses_others():
    said = "two_stages takes squares, its image_size being a whole number, and the data has images"
    with pytest.raises(UsageError, match=f"^net: .*{said} of 8 x 12 pixels; crop them"):
        small({"data.image_size": "[8, 12]"})


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("data.transforms", "RandAugmnt", "did you mean RandAugment"),
        ("data.transforms", "[torch.nn.ReLU]", "got torch.nn.ReLU, expected the import path of a"),
        ("data.transforms", "[3]", "got 3, expected the import path of a Transform"),
        (
            "data.transforms",
            "[{class_path: RandAugment, init_args: {magnitud: 3}}]",
            "RandAugment.magnitud: no such option; did you mean magnitude?",
        ),
        (
            "data.transforms",
            "[{class_path: RandAugment, init_args: {magnitude: x}}]",
            "RandAugment.magnitude: got x, expected a whole number",
        ),
        ("data.transforms", "[MixUp]", "use --data.mixup"),
        (
            "data.transforms",
            "[{class_path: AutoAugment, init_args: {policy: MNIST}}]",
            "AutoAugment.policy: got MNIST, expected one of IMAGENET, CIFAR10, SVHN",
        ),
        ("data.transforms", "5", "expected a list, each the import path of a Transform"),
        ("data.mixup", "0", "data.mixup: got 0.0, expected a number above 0"),
        ("data.image_size", "[8]", "data.image_size: got [8], expected a whole number or a list"),
        ("objectives.task.class_weights", "[1, 2]", "got 2 numbers, expected one for each of"),
        ("objectives.task.class_weights", "[1, -2]", "task.class_weights: got -2.0, expected b"),
        ("objectives.task.class_weights", "even", "got even, expected one of balanced or a list"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line(option, value, message):
    with pytest.raises(UsageError) as error:
        small({option: value})
    assert message in str(error.value) and "\n" not in str(error.value)


def test_one_transform_needs_no_list_and_words_of_torchvision_are_known():
    node = "{class_path: AutoAugment, init_args: {policy: CIFAR10}}"
    parts = small({"data.transforms": node})
    (made,) = parts.data.transforms
    assert made.policy is v2.AutoAugmentPolicy.CIFAR10
    (written,) = parts.config["data"]["init_args"]["transforms"]
    assert written["class_path"] == "torchvision.transforms.v2.AutoAugment"
    assert written["init_args"]["policy"] == "CIFAR10"
    (one,) = small({"data.transforms": "TrivialAugmentWide"}).data.transforms
    assert isinstance(one, v2.TrivialAugmentWide)
