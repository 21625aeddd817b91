import csv
from types import SimpleNamespace

import pytest
import torch
from lightning import seed_everything

from tssd.training.callbacks import BestAndLast, MetricsTable, SeedEachEpoch

from .runs import table


def drawn(seed, epoch):
    SeedEachEpoch(seed).on_train_epoch_start(SimpleNamespace(current_epoch=epoch), None)
    return torch.rand(()).item()


def test_seed_depends_on_seed_and_epoch_alone():
    values = {(seed, epoch): drawn(seed, epoch) for seed in range(3) for epoch in range(3)}
    assert len(set(values.values())) == 9
    seed_everything(123, verbose=False)
    assert drawn(1, 2) == values[1, 2]


class Saver:
    """Stands for Lightning's trainer: notes which checkpoints are asked for."""

    def __init__(self):
        self.saved = []

    def save_checkpoint(self, path, weights_only):
        self.saved.append(path)


@pytest.mark.parametrize(
    ("scores", "best"),
    [
        ([0.1, 0.2, 0.3], [0, 1, 2]),
        ([0.3, 0.2, 0.3], [0]),
        ([0.0, 0.0], [0]),
        ([0.1, 0.05, 0.2, 0.2], [0, 2]),
        ([None, None], []),
    ],
)
def test_best_is_saved_where_the_table_has_a_new_maximum(tmp_path, scores, best):
    metrics = MetricsTable(tmp_path / "metrics.csv")
    saver = BestAndLast(metrics, best="best", last="last")
    for epoch, score in enumerate(scores):
        metrics.rows.append({} if score is None else {"val/accuracy": score})
        trainer = Saver()
        saver.on_train_epoch_end(trainer, None)
        assert trainer.saved == (["best", "last"] if epoch in best else ["last"])


def test_table_has_a_row_an_epoch_and_the_columns_in_order(finished):
    with (finished / "metrics.csv").open(newline="") as file:
        header = next(csv.reader(file))
    assert header == [
        "epoch", "lr", "train/exit_task", "train/spatial", "train/task", "train/temporal",
        "val/accuracy", "val/accuracy_t1", "val/accuracy_t2", "val/accuracy_t3", "val/accuracy_t4",
    ]  # fmt: skip
    rows = table(finished)
    assert [row["epoch"] for row in rows] == list(range(7))
    assert [row["lr"] for row in rows] == pytest.approx([0.3] * 4 + [3.0] * 3)
    assert all(row["val/accuracy"] == row["val/accuracy_t2"] for row in rows)
