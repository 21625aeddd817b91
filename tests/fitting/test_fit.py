"""A run from Python, from objects to a folder that every command reads, and back."""

import json
import random
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from lightning.pytorch.callbacks import EarlyStopping
from torch.utils.data import DataLoader, TensorDataset

import tssd
from forked import needs_fork
from training.nets import two_stages
from training.runs import OPTIONS, is_same, small, table, untimed, weights
from tssd.cli import main
from tssd.data import Digits
from tssd.errors import DataError, UsageError
from tssd.runs.folder import RunFolder
from tssd.training.fit import fit as train_into

from .ddp import SHARED, shared_fit, torchrun
from .own import Mlp, Noisy, digits, plain_mlp


def test_a_dataset_and_a_module_take_eight_lines_and_end_in_a_report(capsys):
    page = (Path(__file__).parents[2] / "docs" / "own-loop.md").read_text(encoding="utf-8")
    block = page.split("```python\n", 1)[1].split("```", 1)[0]
    lines = [line for line in block.splitlines() if line and "import " not in line]
    assert len(lines) <= 8
    found = {}
    exec(block, found)
    report = Path(capsys.readouterr().out.strip())
    assert report.as_posix() == "runs/TensorDataset+Sequential+tssd/seed0/report.html"
    text = report.read_text(encoding="utf-8")
    assert "<svg" in text and "Sequential on TensorDataset: TSSD, T_s = 1, T_t = 4" in text
    assert {*found["run"].accuracy} == {1, 2, 3, 4}
    assert found["run"].accuracy[1] > 0.2  # chance is 10 %


def test_the_network_that_was_given_stays_as_it_is(trained_here):
    torch.manual_seed(1)
    assert is_same(trained_here.net.state_dict(), plain_mlp().state_dict())
    trained = trained_here.run.net.net.module.state_dict()
    assert not is_same(trained_here.net.state_dict(), trained)


def test_all_sets_may_be_loaders(tmp_path):
    train, val, test = (
        DataLoader(digits(first, first + 40), batch_size=20, shuffle=first == 0)
        for first in (0, 40, 80)
    )
    run = tssd.fit(plain_mlp(), train, val, test, epochs=1, folder=tmp_path / "run")
    assert {*run.accuracy} == {1, 2, 3, 4}
    assert "val/accuracy" in table(tmp_path / "run")[0]


def test_a_finished_folder_is_returned_without_training(trained_here):
    before = RunFolder(trained_here.folder).results.stat().st_mtime_ns
    again = tssd.fit(
        trained_here.net,
        digits(0, 120),
        val=digits(120, 160),
        test=digits(160, 300),
        epochs=2,
        folder=trained_here.folder,
    )
    assert again.results == trained_here.run.results
    assert RunFolder(trained_here.folder).results.stat().st_mtime_ns == before
    with pytest.raises(UsageError, match=r"lr = 0\.1.*now it is 0\.2"):
        tssd.fit(
            trained_here.net,
            digits(0, 120),
            val=digits(120, 160),
            test=digits(160, 300),
            epochs=2,
            lr=0.2,
            folder=trained_here.folder,
        )


def test_a_folder_takes_the_network_again_that_it_was_trained_with(trained_here, tmp_path):
    other = plain_mlp()
    other[1] = tssd.LIF(tau=8.0, v_threshold=0.3)
    sets = {"val": digits(120, 160), "test": digits(160, 300)}
    told = "print shows another network than the run was begun with; give tssd.fit what the run was"
    with pytest.raises(UsageError, match=told):
        tssd.fit(other, digits(0, 120), **sets, epochs=2, folder=trained_here.folder)
    with pytest.raises(UsageError, match="^net: print shows another Sequential than this run was"):
        tssd.load(trained_here.folder, net=other)
    # An earlier version wrote nothing of it down.
    old = tmp_path / "old"
    shutil.copytree(trained_here.folder, old)
    for name in ("config.yaml", "model.json"):
        lines = (old / name).read_text(encoding="utf-8").splitlines()
        kept = [line for line in lines if '"printed"' not in line and "printed:" not in line]
        assert len(kept) == len(lines) - 1
        text = "\n".join(kept).replace('"time_first",\n    }', '"time_first"\n    }')
        (old / name).write_text(text, encoding="utf-8")
    assert tssd.load(old, net=other).predict(digits(0, 1).tensors[0]).classes is not None
    again = tssd.fit(other, digits(0, 120), **sets, epochs=2, folder=old)
    assert again.results == trained_here.run.results


def test_the_process_is_as_it_was_before():
    random.seed(3)
    np.random.seed(3)
    torch.manual_seed(3)
    threads = torch.get_num_threads()
    deterministic = torch.are_deterministic_algorithms_enabled()
    expected = random.Random(3).random(), np.random.RandomState(3).rand()
    options = {"trainer.threads": 2}
    tssd.fit(Mlp, Noisy(0, 20), test=digits(20, 40), epochs=1, options=options)
    assert (random.random(), np.random.rand()) == expected
    assert torch.equal(torch.rand(2), torch.rand(2, generator=torch.Generator().manual_seed(3)))
    assert torch.get_num_threads() == threads
    assert torch.are_deterministic_algorithms_enabled() == deterministic


def stopping(after):
    """What makes an optimiser that is interrupted after some steps."""
    left = iter(range(after))

    def stop(*_):
        if next(left, None) is None:
            raise KeyboardInterrupt

    def made(parameters):
        optimizer = torch.optim.SGD(parameters, lr=0.1, momentum=0.9)
        optimizer.register_step_post_hook(stop)
        return optimizer

    return made


def halving(optimizer):
    return torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)


def fit_noisily(folder, *, loads, after, resume=False, workers=0):
    """Four epochs of two steps, interrupted after some; every sample is drawn anew."""
    noisy = Noisy(0, 40)
    train = DataLoader(noisy, batch_size=20, shuffle=True) if loads else noisy
    sizes = {} if loads else {"batch_size": 20, "num_workers": workers}
    return tssd.fit(
        Mlp,
        train,
        test=digits(40, 60),
        epochs=4,
        optimizer=stopping(after),
        schedule=halving,
        folder=folder,
        resume=resume,
        **sizes,
    )


@pytest.mark.parametrize("loads", [False, True], ids=["dataset", "loader"])
def test_an_interrupted_run_goes_on_bit_for_bit(tmp_path, loads):
    whole = fit_noisily(tmp_path / "whole", loads=loads, after=99)
    with pytest.raises(KeyboardInterrupt):
        fit_noisily(tmp_path / "cut", loads=loads, after=5)
    with pytest.raises(UsageError, match="not finished; continue it with resume=True"):
        fit_noisily(tmp_path / "cut", loads=loads, after=99)
    cut = fit_noisily(tmp_path / "cut", loads=loads, after=99, resume=True)
    assert is_same(weights(tmp_path / "whole"), weights(tmp_path / "cut"))
    assert table(tmp_path / "whole") == table(tmp_path / "cut")
    assert untimed(whole.results) == untimed(cut.results)
    rates = [row["lr"] for row in table(tmp_path / "cut")]
    assert rates == pytest.approx([0.1, 0.05, 0.025, 0.0125])


def test_parts_of_recipes_train_as_on_the_command_line(tmp_path):
    options = OPTIONS | {"trainer.epochs": 1, "data.augment": True}
    train_into(small(options), tmp_path / "recipe")
    data = Digits(image_size=8, train_samples=50, batch_size=25, val_share=0.05, augment=True)
    run = tssd.fit(
        two_stages,
        data,
        student=2,
        lr=0.3,
        epochs=1,
        folder=tmp_path / "python",
        options={"trainer.threads": 1, "trainer.progress": False},
    )
    assert is_same(weights(tmp_path / "recipe"), weights(tmp_path / "python"))
    # All of it can be rebuilt, so that every command works.
    trust = ["--trust", two_stages.__module__]
    assert main(["evaluate", str(run.folder), "--json", *trust]) == 0


def test_commands_on_a_run_of_objects_say_what_they_need(trained_here, capsys):
    folder = str(trained_here.folder)
    output = f"--output={trained_here.folder.parent / 'page.html'}"
    assert main(["report", folder, output]) == 0
    assert "trained from Python" in capsys.readouterr().out
    assert main(["report", str(trained_here.folder.parent), output]) == 0
    capsys.readouterr()
    commands = (["evaluate", folder], ["train", folder, "--resume"], ["predict", folder, "a.png"])
    for command in commands:
        assert main(command) in (1, 2)
        told = " ".join(capsys.readouterr().err.split())
        assert "was given as an object, which no file can rebuild" in told
        assert "Traceback" not in told
    model = json.loads(RunFolder(trained_here.folder).model.read_text())
    assert model["as_given"] == "image"


def test_loading_takes_the_network_once_more(trained_here):
    with pytest.raises(DataError, match=r"tssd\.load\(RUN, net=\.\.\.\)"):
        tssd.load(trained_here.folder)
    net = tssd.load(trained_here.folder, net=plain_mlp())
    x = [digits(160, 170)[n][0] for n in range(10)]
    found, expected = net.predict(x), trained_here.run.predict(x)
    assert torch.equal(found.confidences, expected.confidences)
    with pytest.raises(DataError, match=r"module\.0\.1\.weight"):
        tssd.load(trained_here.folder, net=plain_mlp(width=3))


def test_without_test_samples_the_validation_ones_are_tested_on_and_choose_nothing(caplog):
    val = digits(40, 80)
    run = tssd.fit(Mlp, digits(0, 40), val, epochs=1)
    assert "accuracies are those on the validation samples" in caplog.text
    assert "tested on the validation samples" in repr(run)
    assert run.results.selected_because == "the validation samples are the test samples"
    assert run.results.split_sizes == {"train": 40, "val": 40, "test": 40}
    with pytest.raises(UsageError, match="^test: got neither test nor val"):
        tssd.fit(Mlp, digits(0, 40), epochs=1)


def test_frames_are_trained_on_for_as_long_as_they_are():
    x = torch.randint(3, (12, 3, 2, 4, 4), dtype=torch.uint8)
    data = TensorDataset(x, torch.arange(12) % 2)
    net = torch.nn.Sequential(
        tssd.TimeFold(torch.nn.Flatten(), torch.nn.Linear(32, 4)),
        tssd.LIF(),
        tssd.TimeFold(torch.nn.Linear(4, 2)),
    )
    run = tssd.fit(net, data, test=data, student=1, teacher=3, epochs=1, batch_size=3)
    assert {*run.accuracy} == {1, 2, 3}
    assert run.predict(x[:5]).classes.shape == (3, 5)
    with pytest.raises(UsageError, match="samples have 3 timesteps, but the network runs for up"):
        tssd.fit(net, data, test=data, teacher=4, epochs=1)


def test_one_callback_is_as_good_as_a_list_of_one():
    stop = EarlyStopping("train/loss", stopping_threshold=99.0)
    sizes = {"epochs": 3, "batch_size": np.int64(10), "seed": np.int64(1)}
    run = tssd.fit(Mlp, digits(0, 20), test=digits(20, 40), callbacks=stop, **sizes)
    assert (run.results.epochs, run.results.seed) == (1, 1)


@needs_fork
def test_two_processes_train_as_one(tmp_path):
    alone = shared_fit(tmp_path / "alone", devices=1)
    torchrun(tmp_path / "shared", processes=2)
    expected, found = weights(tmp_path / "alone"), weights(tmp_path / "shared")
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, rtol=0, atol=1e-6)
    for row, wanted in zip(table(tmp_path / "shared"), table(tmp_path / "alone"), strict=True):
        assert row == pytest.approx(wanted, rel=1e-5)
    results = RunFolder(tmp_path / "shared").read_results()
    assert results.last.accuracy == alone.results.last.accuracy
    assert results.last.samples == SHARED["test"]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"devices": 2}, "^folder: got none, but several processes share a run"),
        ({"resume": True}, "^folder: got none, but resume=True continues a run"),
        ({"epochs": 0}, r"^trainer\.epochs: got 0, expected >= 1"),
        ({"seed": -1}, "^seed: got -1"),
        ({"options": {"trainer.epoch": 3}}, r"^trainer\.epoch: no such option"),
        ({"options": {"data.batch_size": 3}}, "^options: 'data.batch_size' is an argument"),
        ({"batch_size": 0}, r"^data\.batch_size: got 0"),
        ({"batch_size": "a"}, "^batch_size: got 'a', expected a whole number"),
        ({"num_workers": 1.5}, r"^num_workers: got 1\.5, expected a whole number"),
        ({"seed": "a"}, "^seed: got 'a', expected a whole number"),
        ({"train": None}, r"^train: got None, expected a Dataset of \(x, y\)"),
        ({"init": 3}, "^init: got a int, expected the folder of a run, or a file of weights"),
        ({"callbacks": [object()]}, "^callbacks: got <object .*, expected a Callback of Lightning"),
        ({"callbacks": EarlyStopping}, r"^callbacks: got .*; give EarlyStopping\(\.\.\.\)"),
        ({"loggers": True}, "^loggers: got True, expected a Logger of Lightning's, or a list"),
        ({"loggers": "tensorboard"}, "^loggers: got 'tensorboard', expected a Logger"),
    ],
)
def test_what_does_not_fit_is_told_in_one_line(wrong, words):
    with pytest.raises(UsageError, match=words) as caught:
        tssd.fit(Mlp, **{"train": digits(0, 20), "test": digits(20, 40)} | wrong)
    assert "\n" not in str(caught.value)
    assert not Path("runs").exists()
