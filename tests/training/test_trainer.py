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
