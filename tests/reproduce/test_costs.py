import os
from dataclasses import replace

import pytest

from tssd.config import build, load_recipe
from tssd.config.compose import composition_of
from tssd.config.pieces import rooms
from tssd.dry_run.estimate import Estimate
from tssd.dry_run.shapes import DataShape, data_shape, with_stand_in
from tssd.reproduce import costs as module
from tssd.reproduce.costs import costs, shapes_of, work_key
from tssd.reproduce.plan import Variant
from tssd.reproduce.plan_file import load_plan, plan_names
from tssd.reproduce.runs import read
from tssd.training.needs.least_memory import TooLargeError

TINY = [("net.width", "0.02"), ("data.batch_size", "4"), ("trainer.threads", "1")]
ONE = Variant("digits/tssd")
# Plans of parts and networks that each have tests of their own.
ELSEWHERE = {"components", "leaderboard", "networks"}
# Parts and networks of the paper's own rows. Those of rivals are tested where they are.
OWN = {"vgg9", "resnet18", "resnet34", "t8", "t16"}
# Methods that stand beside TSSD in the plans.
BESIDE = ("control", "control_exit", "tssd_paper", "tssd_paper_detached")
LIGHT = Variant("digits/tssd", (("objectives.temporal.weight", "0.5"), ("trainer.epochs", "4")))


@pytest.fixture(autouse=True)
def no_data(monkeypatch):
    monkeypatch.delenv("TSSD_DATA", raising=False)


def test_variants_that_do_the_same_work_are_measured_once():
    configs = {variant: read(variant, TINY) for variant in (ONE, LIGHT)}
    told = []
    found = costs(configs, shapes_of(configs), about=lambda *at: told.append(at))
    assert told == [(0, 1)]
    one, light = found[ONE], found[LIGHT]
    assert one.needs is light.needs
    assert (one.epochs, light.epochs) == (40, 4)
    assert one.needs.data.batch_size == 4
    # 200 images are 50 steps an epoch.
    assert one.seconds > 40 * 50 * one.needs.measured.step
    measured, sizes = one.needs.measured, one.needs.data.sizes
    assert light.seconds == Estimate.of(measured, sizes, 4, epochs=4).seconds
    assert one.note == ""


def test_runs_side_by_side_are_measured_with_their_share_of_the_threads(monkeypatch):
    monkeypatch.setattr(module, "needs_apart", lambda config, shape: measured.append(config) or "")
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)

    def threads(jobs, *options):
        measured.clear()
        configs = {ONE: read(Variant("cifar10/vgg9_tssd", options))}
        costs(configs, shapes_of(configs), jobs=jobs)
        (config,) = measured
        return config["trainer"].get("threads", 0)

    measured = []
    assert [threads(jobs) for jobs in (1, 2, 3, 9)] == [0, 4, 2, 1]
    assert threads(2, ("trainer.threads", "3")) == 3
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert threads(2) == 0


def test_equal_data_is_looked_at_once(monkeypatch):
    configs = {variant: read(variant) for variant in (ONE, LIGHT)}
    seen = []
    monkeypatch.setattr(module, "data_shape", lambda config: seen.append(1) or data_shape(config))
    assert len(set(map(id, shapes_of(configs).values()))) == 1
    assert len(seen) == 1


@pytest.mark.parametrize("error", [TooLargeError("memory: too much"), MemoryError("ended")])
def test_what_does_not_fit_into_memory_is_said_of_that_variant(monkeypatch, error):
    def fail(config, shape):
        raise error

    monkeypatch.setattr(module, "needs_apart", fail)
    configs = {ONE: read(ONE)}
    (found,) = costs(configs, shapes_of(configs)).values()
    assert (found.needs, found.seconds, found.note) == (None, None, str(error))


def test_an_unknown_number_of_samples_is_said(monkeypatch):
    measured = costs({ONE: read(ONE, TINY)}, shapes_of({ONE: read(ONE, TINY)}))[ONE].needs
    monkeypatch.setattr(module, "needs_apart", lambda config, shape: measured)
    configs = {ONE: read(Variant("cifar10_jpeg/scarce/vanilla_ts"))}
    (found,) = costs(configs, shapes_of(configs)).values()
    assert (found.needs, found.seconds) == (measured, None)
    assert "number of samples is not known" in found.note


def key(*options, recipe="cifar10/vgg9_tssd", **data):
    config = read(Variant(recipe, options))
    return work_key(config, replace(data_shape(config), **data))


def test_weights_and_epochs_are_the_same_work_and_timesteps_are_not():
    assert key() == key(("objectives.temporal.weight", "0.5"))
    assert key() == key(("trainer.epochs", "3"))
    assert key() == key(sizes={"train": 99, "val": 0, "test": 1})
    assert key() != key(sizes={"train": 99, "val": 1, "test": 1})
    assert key() != key(sizes={"train": 9, "val": 0, "test": 1})
    assert key() != key(("timesteps.teacher", "6"))
    assert key() != key(("net.width", "0.5"))
    assert key() != key(("data.batch_size", "8"))
    assert key() != key(recipe="cifar10/vgg9_extension")
    assert key() != key(recipe="cifar10/vgg9_tsd")
    taught = "cifar10+vgg9+kdsnn+vanilla_tt"
    assert key(recipe=taught) == key(("objectives.kdsnn.weight", "0.5"), recipe=taught)
    larger = ("objectives.kdsnn.teacher.recipe", "resnet34+ann")
    assert key(recipe=taught) != key(larger, recipe=taught)
    assert key() != key(("weights", "tssd.models.QuantisedWeights"))


def kinds_of_work():
    """One variant, with its data, of each shape of work that any plan has at any scale."""
    variants = set()
    for plan in map(load_plan, set(plan_names()) - ELSEWHERE):
        variants.update(variant for cell in plan.cells for variant in cell.runs.values())
    # Controls and the paper's reading at one pair of timesteps: TSSD is there at every pair.
    variants -= {v for v in variants if v.options and v.recipe.endswith(BESIDE)}
    of_rivals = {*rooms()["nets"], *rooms()["parts"]} - OWN
    variants -= {v for v in variants if of_rivals & {*composition_of(v.recipe).split("+")}}
    configs = {variant: read(variant) for variant in sorted(variants, key=lambda v: v.words)}
    found = {}
    for variant, data in shapes_of(configs).items():
        config = configs[variant]
        # Equal but for width, size and batch, which are the same small ones here.
        net = {"class_path": config["net"]["class_path"]}
        rest = {"net": net, "trainer": {}, "data": {}, "optimizer": {}}
        same = DataShape(data.channels, 16, data.classes, data.events, None, 2)
        found.setdefault(work_key(config | rest, same), (variant, same))
    # Every pair of T_s and T_t, and every method with every network on images and on events.
    chosen, pairs, kinds = [], set(), set()
    for variant, shape in found.values():
        pair = tuple(configs[variant]["timesteps"].values())
        words = composition_of(variant.recipe).split("+")
        kind = configs[variant]["net"]["class_path"], words[-1], shape.events
        if pair not in pairs or kind not in kinds:
            chosen.append((variant, shape))
        pairs.add(pair)
        kinds.add(kind)
    return chosen


def test_every_recipe_of_every_plan_takes_an_optimisation_step():
    """Those that differ in no more than their data's size, width and weights: one of them."""
    work, taps = kinds_of_work(), 0
    small = [("net.width", "0.02"), ("trainer.accelerator", "cpu"), ("trainer.threads", "1")]
    for variant, shape in work:
        config = load_recipe(variant.recipe, [*variant.options, *small])
        parts = build(with_stand_in(config, shape))
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
