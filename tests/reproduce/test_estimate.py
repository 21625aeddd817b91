import pytest

from tssd.reproduce.estimate import duration, estimates, in_gib, shapes_of
from tssd.reproduce.plan import Variant
from tssd.reproduce.runs import read

TINY = [("net.width", "0.02"), ("data.batch_size", "4"), ("trainer.threads", "1")]
ONE = Variant("digits/tssd")
LIGHT = Variant("digits/tssd", (("objectives.temporal.weight", "0.5"), ("trainer.epochs", "4")))


def test_variants_that_do_the_same_work_are_measured_once():
    configs = {variant: read(variant, TINY) for variant in (ONE, LIGHT)}
    told = []
    found = estimates(configs, shapes_of(configs), TINY, about=lambda *at: told.append(at))
    assert told == [(0, 1)]
    one, light = found[ONE], found[LIGHT]
    assert one.probe.step == light.probe.step
    assert (one.probe.epochs, light.probe.epochs) == (40, 4)
    assert one.probe.batch == 4
    # 200 images are 50 steps an epoch.
    assert one.seconds > 40 * 50 * one.probe.step
    assert light.seconds == pytest.approx(one.seconds / 10, rel=0.9)
    assert one.note == ""


def test_equal_data_is_looked_at_once(monkeypatch):
    configs = {variant: read(variant) for variant in (ONE, LIGHT)}
    seen = []
    from tssd.reproduce import estimate

    real = estimate.data_shape
    monkeypatch.setattr(estimate, "data_shape", lambda config: seen.append(1) or real(config))
    assert len(set(map(id, shapes_of(configs).values()))) == 1
    assert len(seen) == 1


def test_an_unknown_number_of_samples_is_said(monkeypatch):
    monkeypatch.delenv("TSSD_DATA", raising=False)
    variant = Variant("cifar10_jpeg/scarce/vanilla_ts")
    # Options of the data are none of the random data that is measured.
    options = [*TINY, ("data.root", "nowhere")]
    configs = {variant: read(variant, options)}
    (found,) = estimates(configs, shapes_of(configs), options).values()
    assert found.seconds is None
    assert "number of samples is not known" in found.note
    assert found.probe.step > 0


def test_words():
    assert duration(59.4) == "59 s"
    assert duration(3600) == "1.0 h"
    assert duration(float("nan")) == "unknown"
    assert in_gib(1 << 30) == "1.00 GiB"
