"""What changes over a run, and parameters that are trained otherwise than the rest."""

import pytest
import torch

from tssd.cli import main
from tssd.errors import UsageError
from tssd.runs.folder import RunFolder
from tssd.runs.saved import load_checkpoint
from tssd.training.fit import fit

from . import nets
from .runs import OPTIONS, RECIPE, is_same, small, stopped, table, watched, weights

# As earlier versions wrote it down.
LIF = {
    "class_path": "tssd.LIF",
    "init_args": {
        "tau": 2.0,
        "v_threshold": 1.0,
        "v_reset": None,
        "decay_input": False,
        "detach_reset": False,
        "surrogate": None,
    },
}
LEARNED = {
    "objectives.learned": f"{nets.__name__}.Learned",
    "objectives.temporal.ramp_epochs": 3,
    "trainer.epochs": 4,
    "schedule": "{class_path: tssd.training.schedule.StepDecay, init_args: {every: 2, by: 0.5}}",
}


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    folder = tmp_path_factory.mktemp("changing") / "run"
    fit(small(LEARNED), folder)
    return folder


def test_what_changes_is_in_the_table(learned):
    rows = table(learned)
    assert [row["progress/terms.learned.aim"] for row in rows] == [1, 0.75, 0.5, 0.25]
    assert [row["lr"] for row in rows] == pytest.approx([0.3, 0.3, 0.15, 0.15])
    assert [row["lr/x0.1"] for row in rows] == pytest.approx([0.03, 0.03, 0.015, 0.015])
    ramp = [row["weight/temporal"] for row in rows]
    assert ramp == pytest.approx([ramp[3] * share for share in (0, 1 / 3, 2 / 3, 1)])


def test_loggers_get_it_too(learned):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    events = accumulator.EventAccumulator(str(learned / "tensorboard"))
    events.Reload()
    assert {"progress/terms.learned.aim", "lr/x0.1"} <= set(events.Tags()["scalars"])


@pytest.mark.parametrize("step", [3])
def test_a_resumed_run_is_the_same_bit_for_bit(learned, tmp_path, step):
    with pytest.raises(KeyboardInterrupt):
        fit(stopped(small(LEARNED), step=step), tmp_path / "run")
    fit(small(LEARNED), tmp_path / "run", resume=True)
    assert is_same(weights(learned), weights(tmp_path / "run"))
    assert table(learned) == table(tmp_path / "run")


def test_a_part_says_how_its_parameter_is_trained(tmp_path):
    found = []
    fit(watched(small(LEARNED | {"trainer.epochs": 1}), lambda o: found.append(o.param_groups)),
        tmp_path)  # fmt: skip
    rest, own = found[0]
    assert [len(own["params"]), own["weight_decay"], rest["weight_decay"]] == [1, 0.0, 1e-4]
    assert own["lr"] == pytest.approx(rest["lr"] / 10)


def test_norms_and_biases_decay_unless_told_otherwise(tmp_path):
    groups = {}
    for decay in (True, False):
        options = {"trainer.decay_norms_and_biases": decay, "trainer.epochs": 1}
        parts = watched(small(options), lambda o, d=decay: groups.update({d: o.param_groups}))
        fit(parts, tmp_path / str(decay))
    assert len(groups[True]) == 1
    assert [group["weight_decay"] for group in groups[False]] == [1e-4, 0.0]
    assert all(p.dim() > 1 for p in groups[False][0]["params"])
    assert all(p.dim() == 1 for p in groups[False][1]["params"])
    # Two steps: scales of 1 that decay are a little smaller.
    scales = [weights(tmp_path / str(decay))["stages.0.1.0.weight"] for decay in (True, False)]
    assert not torch.equal(*scales)


def test_without_special_parts_the_checkpoint_has_one_group(finished):
    (state,) = load_checkpoint(RunFolder(finished).last)["optimizer_states"]
    assert len(state["param_groups"]) == 1


def test_an_earlier_versions_run_resumes(finished, copied):
    folder = copied(finished)
    run = RunFolder(folder)
    config = run.read_config()
    del config["trainer"]["decay_norms_and_biases"]
    config["exits"]["init_args"] = {"taps": None, "channels": None, "neuron": LIF}
    run.write_config(config)
    run.results.unlink()
    assert main(["train", str(folder), "--resume", "--trust", nets.__name__]) == 0
    assert is_same(weights(finished), weights(folder))


def test_groups_that_an_optimiser_does_not_take_are_refused(tmp_path):
    options = LEARNED | {"optimizer": "{class_path: torch.optim.LBFGS, init_args: {lr: 0.1}}"}
    with pytest.raises(UsageError, match="^optimizer: LBFGS doesn't support per-parameter"):
        fit(small(options), tmp_path)


def test_a_part_that_says_it_wrongly_is_refused_before_anything_is_trained(tmp_path, capsys):
    options = OPTIONS | LEARNED | {"objectives.learned.factor": -1}
    overrides = [f"--{name}={value}" for name, value in options.items()]
    assert main(["train", RECIPE, "--output", str(tmp_path / "run"), *overrides]) == 2
    told = capsys.readouterr().err.replace("\n", " ")
    assert "(Learned): parameter_options of 'level': lr_factor is -1" in told
    assert not (tmp_path / "run").exists()
