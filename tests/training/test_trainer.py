import os
from dataclasses import replace

import pytest
import torch
from lightning import Callback

from tssd.config import build, load_recipe
from tssd.dry_run.shapes import data_shape, with_stand_in
from tssd.errors import DataError
from tssd.progress import set_progress
from tssd.training.trainer import train

SMALL = [("net.width", "0.02"), ("trainer.threads", "1"), ("trainer.epochs", "1")]


@pytest.fixture
def make(monkeypatch, tmp_path):
    """Equal parts whenever it is called; nothing may be written."""

    def make():
        config = load_recipe("digits/tssd", [*SMALL, ("data.batch_size", "4")])
        return build(with_stand_in(config, data_shape(config)))

    monkeypatch.chdir(tmp_path)
    yield make
    assert not list(tmp_path.iterdir())


def test_its_steps_are_those_of_a_plain_loop(make):
    trained, by_hand = make(), make()
    train(trained.module(), trained)
    net, criterion = by_hand.net.train(), by_hand.criterion
    optimizer = by_hand.make_optimizer([*net.parameters(), *criterion.parameters()])
    batches = list(by_hand.data.train_dataloader())
    scheduler = by_hand.schedule.scheduler(optimizer, 1, len(batches))
    for index, (x, y) in enumerate(batches):
        optimizer.zero_grad()
        set_progress([net, criterion], index / len(batches), 1)
        criterion.run(net, x, y).total.backward()
        optimizer.step()
        scheduler.step()
    found, expected = trained.net.state_dict(), net.state_dict()
    assert all(torch.equal(found[name], expected[name]) for name in expected)


class Raises(Callback):
    def __init__(self, error):
        self.error = error

    def on_train_batch_end(self, *_):
        raise self.error


@pytest.mark.parametrize(
    ("raised", "told", "words"),
    [
        (SystemExit(130), KeyboardInterrupt, "^$"),
        (MemoryError(), DataError, "out of memory on cpu, in a step of 4 samples"),
        (RuntimeError("a mistake"), RuntimeError, "^a mistake$"),
    ],
)
def test_what_is_raised_in_a_step_is_told(make, raised, told, words):
    parts = make()
    with pytest.raises(told, match=words):
        train(parts.module(), parts, callbacks=[Raises(raised)])


def test_channels_last_gives_the_same_up_to_rounding_and_weights_that_anything_loads(make):
    plain, last = make(), make()
    last.trainer = replace(last.trainer, channels_last=True)
    for parts in (plain, last):
        train(parts.module(), parts)
    weight = next(m for m in last.net.modules() if isinstance(m, torch.nn.Conv2d)).weight
    assert weight.is_contiguous(memory_format=torch.channels_last)
    found, expected = last.net.state_dict(), plain.net.state_dict()
    for name in expected:
        torch.testing.assert_close(found[name], expected[name], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("compile", "mode"), [(True, None), ("reduce-overhead",) * 2, ("max-autotune",) * 2]
)
def test_the_network_is_compiled_for_its_shapes_and_graphs_begin_with_a_batch(
    make, monkeypatch, compile, mode
):
    parts, compiled, begun = make(), [], []
    parts.trainer = replace(parts.trainer, compile=compile)
    monkeypatch.setattr(parts.net, "compile", lambda **options: compiled.append(options))
    monkeypatch.setattr(torch.compiler, "cudagraph_mark_step_begin", lambda: begun.append(1))
    train(parts.module(), parts)
    assert compiled == [{"mode": mode, "dynamic": False}]
    assert len(begun) == len(parts.data.train_dataloader()) + len(parts.data.val_dataloader())


def test_sums_on_cuda_are_the_same_in_every_run(make, monkeypatch):
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    parts = make()
    train(parts.module(), parts)
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
    assert torch.are_deterministic_algorithms_enabled()
