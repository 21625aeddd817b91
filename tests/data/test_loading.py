import hashlib
import random
import traceback

import lightning
import numpy as np
import pytest
import torch
from lightning.fabric.utilities.distributed import DistributedSamplerWrapper
from lightning.pytorch.callbacks import ModelCheckpoint
from torch.nn.functional import cross_entropy

from tssd.data import Digits
from tssd.data.crop_flip import CropFlip
from tssd.data.image_samples import ImageSamples
from tssd.data.loading import (
    EpochSampler,
    evaluation_loader,
    one_line_failures,
    training_loader,
)
from tssd.errors import DataError

from .toy import MEAN, STD, image_samples


def test_sampler_shows_every_image_once_in_another_order_each_epoch():
    sampler = EpochSampler(50, seed=4)
    orders = []
    for epoch in (0, 1):
        sampler.set_epoch(epoch)
        pairs = list(sampler)
        assert {e for e, _ in pairs} == {epoch}
        orders.append([index for _, index in pairs])
        assert sorted(orders[-1]) == list(range(50))
    assert orders[0] != orders[1]
    same, other = EpochSampler(50, seed=4), EpochSampler(50, seed=5)
    same.set_epoch(1)
    other.set_epoch(1)
    assert list(sampler) == list(same)
    assert list(sampler) != list(other)


def test_sampler_under_the_wrapper_that_lightning_uses_with_several_processes():
    wrapped = [
        DistributedSamplerWrapper(EpochSampler(50, seed=4), num_replicas=2, rank=rank)
        for rank in (0, 1)
    ]
    for sampler in wrapped:
        sampler.set_epoch(3)
    pairs = [pair for sampler in wrapped for pair in sampler]
    assert sorted(pairs) == [(3, index) for index in range(50)]


@pytest.mark.parametrize(
    ("count", "batch_size", "sizes"),
    [(33, 16, [16, 16]), (34, 16, [16, 16, 2]), (3, 1, [1, 1, 1]), (1, 16, [1]), (15, 16, [15])],
)
def test_training_loader_leaves_out_a_last_batch_of_one(count, batch_size, sizes):
    loader = training_loader(image_samples(count), batch_size, num_workers=0, seed=0)
    assert [len(y) for _, y in loader] == sizes
    assert len(loader) == len(sizes)


def test_evaluation_loader_keeps_order_and_every_image():
    images = image_samples(33)
    loader = evaluation_loader(images, 16, num_workers=0)
    assert torch.equal(torch.cat([y for _, y in loader]), images.labels)


def test_loader_leaves_the_global_generator_alone():
    state = torch.get_rng_state()
    augmented = image_samples(augment=CropFlip(2, flip=True, seed=0))
    list(training_loader(augmented, 16, num_workers=0, seed=0))
    assert torch.equal(torch.get_rng_state(), state)


class Drawing(ImageSamples):
    """A set of somebody's own that draws from the global generators."""

    def load(self, epochs, index):
        noise = [torch.rand(()).item(), np.random.rand(), random.random()]
        return super().load(epochs, index).new_tensor(noise).repeat(len(index), 1)


def drawn(epochs, *, workers, seed=0):
    """The draws behind each batch of some epochs, in a loader that has shown none before."""
    samples = Drawing(image_samples().images, image_samples().labels, mean=MEAN, std=STD)
    loader = training_loader(samples, 8, num_workers=workers, seed=seed)
    batches = []
    for epoch in epochs:
        loader.sampler.set_epoch(epoch)
        batches += [tuple(x[0].tolist()) for x, _ in loader]
    return batches


def test_what_a_set_draws_in_a_worker_does_not_depend_on_what_was_loaded_before():
    straight = drawn([0, 1, 2], workers=1)
    assert len({value for draws in straight for value in draws}) == 3 * len(straight)
    assert drawn([2], workers=2) == straight[8:]
    assert not set(drawn([2], workers=1, seed=1)) & set(straight)


class Damaged(ImageSamples):
    """A set whose sample 20 cannot be read, as damaged files cannot, for the reason given."""

    reason: Exception

    def load(self, epochs, index):
        if 20 in index:
            raise self.reason
        return super().load(epochs, index)


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize(
    "reason", [DataError("b/003.png is not readable"), OSError(5, "I/O error", "b/003.png")]
)
def test_what_a_sample_is_refused_for_is_told_alike_from_every_process(workers, reason):
    samples = Damaged(image_samples().images, image_samples().labels, mean=MEAN, std=STD)
    samples.reason = reason
    with pytest.raises(type(reason)) as caught:
        list(evaluation_loader(samples, 8, num_workers=workers))
    assert str(caught.value) == str(reason)
    # Else the loader ends in a garbage collection, when its processes are waited for in vain.
    traceback.clear_frames(caught.tb)


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("DataLoader worker (pid 7) is killed by signal: Killed. ", "most often because memory"),
        ("DataLoader worker (pid 7) is killed by signal: Bus error. It is possible that "
         "dataloader's workers are out of shared memory.", "--shm-size"),
        ("DataLoader worker (pid(s) 7, 8) exited unexpectedly", "most often because memory"),
        ("received 0 items of ancdata", "ulimit -n"),
        ("unable to write to file </torch_7_8>: No space left on device (28)", "--shm-size"),
    ],
)  # fmt: skip
def test_what_torch_says_of_loading_processes_is_one_line_with_the_remedy(text, remedy):
    with pytest.raises(DataError, match=f"{remedy}.*--data.num_workers 0"), one_line_failures():
        raise RuntimeError(text)


def test_other_errors_stay_what_they_are():
    with pytest.raises(RuntimeError, match="^the file is shut$"), one_line_failures():
        raise RuntimeError("the file is shut")


class Recorder(lightning.LightningModule):
    """Records a hash of each training batch, in the simplest network there is."""

    def __init__(self):
        super().__init__()
        self.head = torch.nn.Linear(64, 10)
        self.seen = []

    def training_step(self, batch, _):
        x, y = batch
        bits = np.concatenate([x.numpy().ravel(), y.numpy().astype(np.float32)]).tobytes()
        self.seen.append((self.current_epoch, hashlib.sha256(bits).hexdigest()))
        return cross_entropy(self.head(x.flatten(1)), y)

    def validation_step(self, batch, _):
        pass

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


def fit(epochs, folder, *, workers, resume=None):
    recorder = Recorder()
    trainer = lightning.Trainer(
        max_epochs=epochs,
        accelerator="cpu",
        logger=False,
        callbacks=[ModelCheckpoint(folder, save_last=True)],
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,  # they leave a loader half read, whose processes end late
    )
    data = Digits(
        batch_size=16, image_size=8, train_samples=40, augment=True, num_workers=workers, seed=3
    )
    trainer.fit(recorder, datamodule=data, ckpt_path=resume)
    trainer.save_checkpoint(folder / "end.ckpt")
    return recorder.seen


# Lightning 2.6 uses what torch 2.14 deprecates, advises more workers than these tests need, and
# warns of the checkpoints that it resumes from.
@pytest.mark.filterwarnings("ignore:Checkpoint directory .* is not empty:UserWarning")
@pytest.mark.filterwarnings("ignore:.isinstance.treespec, LeafSpec.. is deprecated:FutureWarning")
@pytest.mark.filterwarnings("ignore:.*does not have many workers:UserWarning")
@pytest.mark.parametrize("checkpoint", ["last.ckpt", "end.ckpt"])
def test_resumed_training_sees_the_batches_of_an_uninterrupted_one(tmp_path, checkpoint):
    straight = fit(4, tmp_path / "a", workers=0)
    assert len({bits for _, bits in straight}) == 12
    for workers in (0, 2):
        folder = tmp_path / str(workers)
        before = fit(2, folder, workers=workers)
        after = fit(4, folder, workers=workers, resume=folder / checkpoint)
        assert before + after == straight
