import math

import pytest
import torch

from tssd.config import build, load_recipe
from tssd.dry_run.shapes import DataShape, data_shape, stand_in_options, work_key
from tssd.errors import TssdError, UsageError
from tssd.reproduce.estimate import shapes_of
from tssd.reproduce.plan import SCALES
from tssd.reproduce.plan_file import load_plan, plan_names
from tssd.reproduce.runs import read
from tssd.training.needs.measured import Probe, measure, peak_memory, probe

SMALL = [
    ("data", "tssd.dry_run.stand_in.StandIn"),
    ("data.size", "16"),
    ("data.batch_size", "2"),
    ("net.width", "0.02"),
    ("trainer.accelerator", "cpu"),
    ("trainer.threads", "1"),
]


def test_a_run_s_time_by_hand():
    one = Probe(
        step=2.0, evaluation=3.0, memory=0, device="cpu", batch=10, epochs=5, evaluated=4, teacher=2
    )
    sizes = {"train": 95, "val": 11, "test": 20}
    shape = DataShape(3, 32, 10, False, sizes)
    # 5 epochs of 10 steps and 2 batches of validation at half the T, then 2 x 2 batches of test.
    assert one.seconds(shape) == 5 * (10 * 2.0 + 2 * 3.0 * 2 / 4) + 2 * 2 * 3.0
    assert one.seconds(DataShape(3, 32, 10, False, None)) is None


def test_a_probe_measures_real_steps():
    parts = build(load_recipe("digits/tssd", SMALL))
    before = [p.detach().clone() for p in parts.net.parameters()]
    found = measure(parts, steps=2)
    moved = [not torch.equal(a, b) for a, b in zip(before, parts.net.parameters(), strict=True)]
    assert all(moved)
    assert 0 < found.step < 60
    assert 0 < found.evaluation < 60
    assert (found.batch, found.epochs, found.evaluated, found.teacher) == (2, 40, 4, 4)
    assert found.device == "cpu"


def test_a_probe_in_a_process_of_its_own_has_its_own_memory():
    shape = data_shape(load_recipe("digits/tssd"))
    options = [*stand_in_options(shape), *SMALL[3:]]
    more = probe("digits/tssd", [*options, ("data.batch_size", "5000")])
    less = probe("digits/tssd", [*options, ("data.batch_size", "2")])
    # 5,000 images of 16 x 16 numbers are 5 MB, and the network keeps several times that.
    assert more.memory > less.memory + 20e6
    with pytest.raises(UsageError, match="wdith"):
        probe("digits/tssd", [("net.wdith", "1")])


def test_memory_is_that_of_a_process_with_torch():
    assert 100e6 < peak_memory(torch.device("cpu")) < 1e12


def test_a_weight_that_is_not_finite_is_an_error():
    parts = build(load_recipe("digits/tssd", SMALL))
    next(parts.net.parameters()).data[0] = math.nan
    with pytest.raises(TssdError, match="^weights: net.stages.* became infinite or nan"):
        measure(parts)


def kinds_of_work():
    """One variant, with its data, of each shape of work that any plan has at any scale."""
    variants = set()
    for plan in map(load_plan, plan_names()):
        for scale in SCALES:
            variants.update(plan.variants(plan.at_scale(scale), scale))
    configs = {variant: read(variant) for variant in sorted(variants, key=lambda v: v.words)}
    found = {}
    for variant, data in shapes_of(configs).items():
        config = configs[variant]
        # Equal but for width, size and batch, which are the same small ones here.
        net = {"class_path": config["net"]["class_path"]}
        rest = {"net": net, "trainer": {}, "data": {}, "optimizer": {}}
        same = DataShape(data.channels, 16, data.classes, data.events, None)
        found.setdefault(work_key(config | rest, same), (variant, data))
    return list(found.values())


def test_every_recipe_of_every_plan_takes_an_optimisation_step(monkeypatch):
    """Those that differ in no more than their data's size, width and weights: one of them."""
    monkeypatch.delenv("TSSD_DATA", raising=False)
    work, taps = kinds_of_work(), 0
    for variant, shape in work:
        own = [option for option in variant.options if not option[0].startswith("data.")]
        options = [*own, *stand_in_options(shape), *SMALL[1:]]
        parts = build(load_recipe(variant.recipe, options))
        x, y = parts.data.batch()
        optimizer = parts.make_optimizer([*parts.net.parameters(), *parts.criterion.parameters()])
        loss = parts.criterion.run(parts.net, x, y)
        loss.total.backward()
        optimizer.step()
        assert loss.total.isfinite(), variant.words
        assert set(loss.terms) == set(parts.config["objectives"])
        taps += len(parts.criterion.taps)
    # Two networks, images and frames, and every pair of T_s and T_t.
    assert len(work) > 40
    assert 0 < taps < len(work)
