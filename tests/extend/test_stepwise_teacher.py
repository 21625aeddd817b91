import pytest
import torch
from torch import nn

import tssd
from tssd.config import build, load_recipe
from tssd.models import NetOutput
from tssd.testing import check_objective
from tssd.training.fit import fit


class Ann(nn.Module):
    def __init__(self, classes=5):
        super().__init__()
        torch.manual_seed(0)
        self.layer = nn.Linear(3, classes)

    def forward(self, x):
        return self.layer(x.mean((2, 3)))


@pytest.fixture
def kind(part):
    return part("stepwise_teacher").StepwiseTeacher


def test_it_keeps_the_contract(kind):
    check_objective(lambda: kind(Ann()))
    check_objective(lambda: kind(Ann(), 1.0, weight=0.5, ramp_epochs=3))


def test_nothing_to_learn_where_every_timestep_says_what_the_teacher_says(kind):
    x = torch.randn(2, 3, 4, 4)
    ann = Ann()
    logits = ann(x).detach().expand(3, -1, -1)
    out = NetOutput(logits, input=tssd.repeat_in_time(x, 3))
    assert kind(ann)(out, torch.tensor([0, 1])).item() == pytest.approx(0, abs=1e-6)


@pytest.fixture(scope="module")
def ann(tiny, tmp_path_factory):
    """The folder of an ANN's run: the same network at T = 1, with rectifiers for neurons."""
    folder = tmp_path_factory.mktemp("ann") / "run"
    single = [("timesteps.student", "1"), ("timesteps.teacher", "1")]
    options = [*tiny, *single, ("net.neuron", "torch.nn.ReLU")]
    fit(build(load_recipe("digits/vanilla_ts", options)), folder)
    return folder


def test_the_run_of_an_ann_teaches_a_spiking_network(train, ann):
    taught = [("objectives.taught.teacher.run", str(ann))]
    parts, rows = train("stepwise_teacher", epochs=2, options=taught)
    teacher = parts.criterion.teachers["taught.teacher"]
    assert teacher.timesteps == 1
    assert not any(isinstance(part, tssd.LIF) for part in teacher.module().modules())
    assert all(float(row["train/taught"]) > 0 for row in rows)
