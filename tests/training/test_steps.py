"""Weights of batches in a step, against the gradient of one batch of all its samples."""

import pytest
import torch
from torch.utils.data import DataLoader

import tssd
from fitting.own import digits
from tssd.data import Digits
from tssd.data.shares import Share
from tssd.errors import UsageError
from tssd.training.fit import fit
from tssd.training.steps import Steps

from .nets import frozen_norms
from .runs import small, table, watched, weights

FROZEN = {"net": f"{frozen_norms.__module__}.frozen_norms"}


def test_steps_of_an_epoch():
    steps = Steps(batches=7, accumulate=3)
    assert steps.number == 3
    assert [steps.of(batch) for batch in range(7)] == [0, 0, 0, 1, 1, 1, 2]
    assert steps.share_of_epoch(5) == pytest.approx(1 / 3)
    assert [Steps(4).share_of_epoch(batch) for batch in range(4)] == [0, 0.25, 0.5, 0.75]


@pytest.mark.parametrize("accumulate", [1, 2, 3])
@pytest.mark.parametrize("processes", [1, 2, 3])
def test_weights_give_the_gradient_of_all_samples_of_a_step(accumulate, processes):
    samples, batch_size = 31, 7  # the last of five batches holds three
    gradients = torch.rand(samples, generator=torch.Generator().manual_seed(0))
    batches = gradients.split(batch_size)
    steps = Steps(len(batches), accumulate)
    for step in range(steps.number):
        mine = [n for n in range(len(batches)) if steps.of(n) == step]
        total = 0.0
        for n in mine:
            for share in (Share(rank, processes) for rank in range(processes)):
                size = len(batches[n])
                own = batches[n][list(share.loaded(size))].mean()
                weight = steps.weight(
                    n,
                    len(share.counted(size)),
                    size_of=lambda number: len(batches[number]),
                    processes=processes,
                )
                # As Lightning and DistributedDataParallel put them together.
                total += weight * own / accumulate / processes
        expected = torch.cat([batches[n] for n in mine]).mean()
        torch.testing.assert_close(total, expected, rtol=1e-6, atol=0)


def test_whole_batches_of_one_process_weigh_exactly_one():
    assert {Steps(9).weight(n, 64, size_of=lambda _: 64) for n in range(9)} == {1.0}


def test_accumulated_batches_train_as_one_batch_of_all_their_samples(tmp_path):
    # 50 samples: steps of 24, 24 and 2, or of 8 + 8 + 8, 8 + 8 + 8 and 2.
    rates = {"whole": [], "parts": []}
    for name, options in (
        ("whole", {"data.batch_size": 24}),
        ("parts", {"data.batch_size": 8, "trainer.accumulate": 3}),
    ):
        parts = small(FROZEN | options)
        note = rates[name]
        watched(parts, lambda it, note=note: note.append(it.param_groups[0]["lr"]))
        fit(parts, tmp_path / name)
    assert len(rates["whole"]) == 6
    assert rates["parts"] == rates["whole"]
    found, expected = weights(tmp_path / "parts"), weights(tmp_path / "whole")
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, rtol=0, atol=1e-6)
    for row, other in zip(table(tmp_path / "parts"), table(tmp_path / "whole"), strict=True):
        assert row == pytest.approx(other, rel=1e-5)


def test_batches_of_a_loader_of_ones_own_weigh_what_they_hold(tmp_path):
    # 70 samples: a step of all, or of 32 + 32 + 6.
    found = []
    for batch_size, accumulate in ((70, 1), (32, 3)):
        run = tssd.fit(
            frozen_norms,
            DataLoader(digits(0, 70), batch_size=batch_size),
            test=digits(70, 90),
            classes=10,
            epochs=1,
            folder=tmp_path / f"{accumulate}",
            options={"trainer.accumulate": accumulate, "trainer.threads": 1},
        )
        found.append(weights(run.folder))
    for name, value in found[0].items():
        torch.testing.assert_close(found[1][name], value, rtol=0, atol=1e-6)


class Plain(Digits):
    """A data module whose loader is torch's own."""

    def train_dataloader(self):
        return DataLoader(digits(0, 50), batch_size=20)


def test_a_loader_that_says_nothing_of_its_batches_is_refused_where_they_are_added_up(tmp_path):
    parts = small({"trainer.accumulate": 2})
    parts.data = Plain(image_size=8, train_samples=50, val_share=0.05)
    with pytest.raises(UsageError, match="^data: its training loader does not say how large its"):
        fit(parts, tmp_path)
