"""What a run leaves behind, and the options of the trainer, in real runs."""

import json
from contextlib import contextmanager

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from tssd.config.trust import trusting
from tssd.errors import UsageError
from tssd.evaluation import evaluate
from tssd.reopened.load import load
from tssd.reopened.open_run import load_parts
from tssd.runs.folder import RunFolder
from tssd.runs.results import TrainedSteps
from tssd.runs.saved import load_checkpoint
from tssd.training import fit as fitting
from tssd.training.evaluating import evaluate_parts
from tssd.training.fit import fit

from .nets import two_stages
from .runs import RUINED, is_same, small, stopped, table, watched, weights

# A network of ours that a run folder names.
OWN = [two_stages.__module__]
ONE_EPOCH = {"trainer.epochs": 1}


def gradient_norm(optimizer):
    gradients = [p.grad for group in optimizer.param_groups for p in group["params"]]
    return torch.stack([g.norm() for g in gradients]).norm().item()


def test_exported_files_are_all_there(finished):
    assert {path.name for path in finished.iterdir()} == {
        "checkpoints", "config.yaml", "environment.json", "exits.safetensors", "metrics.csv",
        "model.json", "model.safetensors", "results.json", "tensorboard",
    }  # fmt: skip
    assert len(list((finished / "tensorboard").glob("events.out.tfevents.*"))) == 1


def test_exported_network_stands_alone_and_has_the_best_weights(finished):
    run, parts = RunFolder(finished), small(RUINED)
    assert load_file(run.weights).keys() == parts.net.state_dict().keys()
    assert load_file(run.exits).keys() == parts.criterion.state_dict().keys()
    saved = load_checkpoint(run.best)["state_dict"]
    assert is_same(
        {f"net.{k}": v for k, v in load_file(run.weights).items()}
        | {f"criterion.{k}": v for k, v in load_file(run.exits).items()},
        saved,
    )


def test_exported_network_has_the_accuracy_of_the_results(finished):
    results = RunFolder(finished).read_results()
    net = load(finished, trust=OWN).net
    found = evaluate(net, small().data.test_dataloader(), 4, report_at=2)
    for key, value in found.to_dict().items():
        if key != "early_exit":
            assert results.best.to_dict()[key] == value


@pytest.mark.parametrize("epoch", ["best", "last"])
def test_weights_of_both_epochs_have_the_results_of_their_epoch(finished, epoch):
    results = RunFolder(finished).read_results()
    with trusting(OWN):
        parts = load_parts(finished, [], epoch=epoch)
    data = parts.data.test_dataloader()
    found = evaluate(parts.net, data, 4, criterion=parts.criterion, report_at=2)
    of_run = results.evaluated(epoch).to_dict()
    assert of_run == found.to_dict() | {"epoch": of_run["epoch"]}


def test_results_agree_with_the_metrics(finished):
    results, rows = RunFolder(finished).read_results(), table(finished)
    scores = [row["val/accuracy"] for row in rows]
    assert results.best.epoch == scores.index(max(scores)) == 3
    assert results.last.epoch == rows[-1]["epoch"] == 6
    assert results.last.accuracy != results.best.accuracy
    assert results.timesteps == TrainedSteps(student=2, teacher=4)
    assert results.split_sizes["train"] == 50
    assert results.epochs == len(rows)
    assert results.parameters == sum(p.numel() for p in small().net.parameters())
    environment = json.loads((finished / "environment.json").read_text())
    assert environment["split_hash"] == results.split_hash


def test_first_of_equal_epochs_is_the_best(tmp_path):
    # Nothing is learnt: all epochs are equally good.
    results = fit(
        small({"optimizer.lr": 0.0, "optimizer.momentum": 0.0, "schedule.final": 1.0}), tmp_path
    )
    scores = [row["val/accuracy"] for row in table(tmp_path)]
    assert results.best.epoch == scores.index(max(scores))


def test_a_finished_run_says_that_another_epoch_counts_than_is_asked_for(finished, copied, caplog):
    folder = copied(finished)
    results = fit(small(RUINED | {"trainer.select": "last"}), folder, resume=True)
    assert results.selected == "best"
    assert "trained already, and its best epoch counts (trainer.select is best" in caplog.text
    assert "the last one is shown by evaluate, compare and report with --epoch last" in caplog.text


def test_without_validation_images_the_last_epoch_counts(tmp_path):
    results = fit(small({"data.val_share": 0}), tmp_path)
    assert results.split_sizes["val"] == 0
    assert (results.selected, results.last.epoch) == ("last", 1)
    assert results.selected_because == "there are no validation samples"
    assert results.best == results.last
    assert not RunFolder(tmp_path).best.exists()
    assert not any(name.startswith("val/") for name in table(tmp_path)[0])


def test_with_few_validation_images_the_last_epoch_is_exported(finished, interrupted, copied):
    folder = copied(interrupted)
    results = fit(small(RUINED | {"trainer.select": "auto"}), folder, resume=True)
    best = RunFolder(finished).read_results()
    assert (best.selected, best.selected_because[:22]) == ("best", "trainer.select is best")
    assert results.selected == "last"
    assert results.selected_because.startswith(f"{results.split_sizes['val']} validation")
    assert (results.best, results.last) == (best.best, best.last)
    saved = load_checkpoint(RunFolder(folder).last)["state_dict"]
    assert is_same(
        {k: v for k, v in saved.items() if k.startswith("net.")},
        {f"net.{k}": v for k, v in load_file(RunFolder(folder).weights).items()},
    )


def test_without_exits_there_is_no_file_of_them(tmp_path):
    options = {"objectives.spatial": "null", "objectives.exit_task": "null", **ONE_EPOCH}
    fit(small(options), tmp_path)
    assert not RunFolder(tmp_path).exits.exists()


def test_evaluation_may_be_shorter_than_the_students_run(tmp_path):
    results = fit(small({"trainer.evaluate_timesteps": 1, **ONE_EPOCH}), tmp_path)
    assert len(results.best.accuracy) == 1


@pytest.mark.parametrize("clip", [0.0, 0.01])
def test_gradients_are_clipped(tmp_path, clip):
    norms = []
    parts = small({"trainer.gradient_clip": clip, **ONE_EPOCH})
    fit(watched(parts, lambda optimizer: norms.append(gradient_norm(optimizer))), tmp_path)
    assert len(norms) == 2
    assert max(norms) > 0.1 if clip == 0 else max(norms) == pytest.approx(clip, rel=1e-3)


def test_gradients_are_clipped_number_by_number(tmp_path):
    largest, norms = [], []

    def note(optimizer):
        gradients = [p.grad for group in optimizer.param_groups for p in group["params"]]
        largest.append(max(g.abs().max().item() for g in gradients))
        norms.append(gradient_norm(optimizer))

    clip = {"trainer.gradient_clip": 1e-3, "trainer.gradient_clip_algorithm": "value"}
    fit(watched(small(clip | ONE_EPOCH), note), tmp_path)
    assert largest == pytest.approx([1e-3] * 2) and min(norms) > 2e-3


def test_training_has_the_threads_of_its_settings(tmp_path, monkeypatch):
    told, at_steps = [], []
    monkeypatch.setattr(torch, "set_num_threads", told.append)
    parts = small({"trainer.threads": 3, **ONE_EPOCH})
    fit(watched(parts, lambda _: at_steps.append(told[-1:])), tmp_path)
    assert at_steps == [[3], [3]]


def test_bfloat16_trains_on_a_cpu(tmp_path):
    fit(small({"trainer.precision": "bf16-mixed", "trainer.accelerator": "cpu"}), tmp_path / "half")
    fit(small({"trainer.accelerator": "cpu"}), tmp_path / "full")
    half, full = (load_file(RunFolder(tmp_path / name).weights) for name in ("half", "full"))
    assert {value.dtype for value in half.values()} == {value.dtype for value in full.values()}
    assert not is_same(half, full)
    losses = [table(tmp_path / name)[0]["train/task"] for name in ("half", "full")]
    assert losses[0] == pytest.approx(losses[1], rel=0.02)


def test_compiled_training_is_resumed_and_evaluated_as_ever(tmp_path, monkeypatch):
    graphs, before = [], []

    # The default backend calls a C++ compiler for a minute; this one traces the same and is exact.
    def backend(graph, inputs):
        graphs.append(graph)
        return graph.forward

    def count_and_evaluate(parts):
        before.append(len(graphs))
        return evaluate_parts(parts)

    compile_module = nn.Module.compile

    def compile_traced(net, *, mode, dynamic):
        assert mode is None
        compile_module(net, backend=backend, dynamic=dynamic)

    monkeypatch.setattr(nn.Module, "compile", compile_traced)
    monkeypatch.setattr(fitting, "evaluate_parts", count_and_evaluate)
    options = {"trainer.compile": True}
    with pytest.raises(KeyboardInterrupt):
        fit(stopped(small(options), step=2), tmp_path / "compiled")
    results = fit(small(options), tmp_path / "compiled", resume=True)
    assert before == [len(graphs)] * 2, "the evaluation was compiled, too"
    assert len(graphs) >= 2
    expected = fit(small(), tmp_path / "plain")
    assert is_same(weights(tmp_path / "compiled"), weights(tmp_path / "plain"))
    assert results.best == expected.best


def test_a_run_that_is_begun_is_refused_without_waiting_for_who_trains_it(tmp_path, monkeypatch):
    waited = []

    @contextmanager
    def alone(folder):
        waited.append(folder)
        yield

    monkeypatch.setattr(fitting, "alone", alone)
    parts = small(ONE_EPOCH)
    RunFolder(tmp_path).write_config(parts.config)  # by another process, which holds the folder
    with pytest.raises(
        UsageError, match="exists already; continue it with `tssd train .* --resume`"
    ):
        fit(parts, tmp_path)
    assert not waited
    fit(parts, tmp_path, resume=True)  # as of a teacher that several runs share
    assert waited == [tmp_path]


@pytest.mark.parametrize("together", [False, True])
def test_that_one_device_has_no_others_to_normalise_with_is_said(tmp_path, caplog, together):
    caplog.set_level("INFO", "tssd")
    fit(small({"trainer.sync_batch_norm": together, **ONE_EPOCH}), tmp_path)
    assert ("sync_batch_norm changes nothing on one device" in caplog.text) == together
