"""Real runs on CUDA: precisions, compilation, the same bits again, no waiting for the device."""

from dataclasses import fields

import pytest
import torch
from lightning import Callback

from training.runs import is_same, small, stopped, table, weights
from tssd.training.fit import fit
from tssd.training.settings import TrainerSettings
from tssd.training.trainer import train

CUDA = {"trainer.accelerator": "cuda"}
# Ten steps an epoch, the last ones with other weights than the first.
LONGER = CUDA | {"data.batch_size": 5, "trainer.epochs": 3, "data.augment": True}


def test_the_same_seed_gives_the_same_bits(tmp_path):
    for name in ("one", "two"):
        fit(small(LONGER), tmp_path / name)
    assert is_same(weights(tmp_path / "one"), weights(tmp_path / "two"))
    assert table(tmp_path / "one") == table(tmp_path / "two")


def test_a_resumed_run_is_the_same_bit_for_bit(tmp_path):
    fit(small(LONGER), tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        fit(stopped(small(LONGER), step=23), tmp_path / "parts")
    fit(small(LONGER), tmp_path / "parts", resume=True)
    assert is_same(weights(tmp_path / "whole"), weights(tmp_path / "parts"))


def test_images_on_the_device_train_the_same_bits(tmp_path):
    for name in ("true", "false"):
        fit(small(LONGER | {"trainer.data_on_device": name}), tmp_path / name)
    assert is_same(weights(tmp_path / "true"), weights(tmp_path / "false"))


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed", "16-mixed"])
@pytest.mark.parametrize("channels_last", [False, True])
def test_every_precision_learns(tmp_path, precision, channels_last):
    options = {"trainer.precision": precision, "trainer.channels_last": channels_last}
    fit(small(LONGER | options | {"optimizer.lr": 0.1}), tmp_path)
    rows = table(tmp_path)
    assert rows[-1]["train/task"] < rows[0]["train/task"]


@pytest.mark.parametrize("compile", [True, "reduce-overhead"])
def test_a_compiled_network_trains_as_the_plain_one(tmp_path, compile):
    options = LONGER | {"data.batch_size": 25, "optimizer.lr": 0.01, "trainer.epochs": 1}
    fit(small(options), tmp_path / "plain")
    fit(small(options | {"trainer.compile": compile}), tmp_path / "compiled")
    plain, compiled = table(tmp_path / "plain")[0], table(tmp_path / "compiled")[0]
    assert compiled["train/task"] == pytest.approx(plain["train/task"], rel=1e-2)


class _MayNotWait(Callback):
    """From the third step of an epoch on, whoever waits for the device fails."""

    def __init__(self):
        self.steps = 0

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        if batch_idx == 2:
            torch.cuda.set_sync_debug_mode("error")

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        self.steps += torch.cuda.get_sync_debug_mode() == 2
        if batch_idx == 8:  # the ninth of ten
            torch.cuda.set_sync_debug_mode("default")

    def on_exception(self, trainer, pl_module, exception):
        torch.cuda.set_sync_debug_mode("default")


# Float16 is waited for once a step, by the scaler: its optimiser must know whether to take it.
@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
@pytest.mark.parametrize("on_device", [True, False])
def test_no_step_waits_for_the_device(precision, on_device):
    options = {"trainer.precision": precision, "trainer.data_on_device": on_device}
    parts = small(LONGER | options | {"trainer.gradient_clip": 1, "trainer.epochs": 2})
    watch = _MayNotWait()
    train(parts.module(), parts, callbacks=[watch])
    assert watch.steps == 2 * 7


@pytest.mark.skipif(
    "strategy" not in {field.name for field in fields(TrainerSettings)},
    reason="one device only in this version",
)
def test_ddp_on_one_device_is_the_plain_run(tmp_path):
    fit(small(LONGER), tmp_path / "plain")
    fit(small(LONGER | {"trainer.strategy": "ddp", "trainer.devices": 1}), tmp_path / "ddp")
    plain, ddp = weights(tmp_path / "plain"), weights(tmp_path / "ddp")
    assert plain.keys() == ddp.keys()
    for name, weight in plain.items():
        torch.testing.assert_close(ddp[name], weight, rtol=1e-3, atol=1e-5)
