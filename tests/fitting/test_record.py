"""What a configuration says of objects: harmless to read, and refused where it is needed."""

import pytest
from torch import nn

from tssd.config.load import check
from tssd.config.make import make
from tssd.config.paths import known_classes
from tssd.config.trust import GIVEN, only_known_parts
from tssd.data import DataModule
from tssd.errors import UsageError
from tssd.fitting.record import given
from tssd.runs.files import is_of_objects
from tssd.training.schedule import Schedule

SECTIONS = {
    "data": given("GivenData", train="TensorDataset, 3 samples of [1, 2, 2]"),
    "net": given("GivenNet", name="MyNet", layout="stepped"),
    "objectives": {"task": given("GivenObjective", name="Mine", weight=0.5, ramp_epochs=0.0)},
    "callbacks": {"given1": given("GivenCallback", name="EarlyStopping{'monitor': 'val/loss'}")},
    "schedule": given("GivenScheduler", name="<lambda>"),
}


@pytest.mark.parametrize("section", SECTIONS)
def test_a_record_is_a_sound_part_of_a_run_and_can_not_be_built(section):
    config = {section: SECTIONS[section]}
    with only_known_parts():
        check(config)
        with pytest.raises(UsageError, match=f"^{section}: this run was trained from Python, and"):
            make(config, section)


def test_an_optimiser_is_refused_when_it_is_to_be_made():
    config = {"optimizer": given("GivenOptimizer", name="<lambda>")}
    with only_known_parts():
        check(config)
        with pytest.raises(UsageError, match="^optimizer: .*what makes its optimiser, <lambda>,"):
            make(config, "optimizer")([nn.Parameter()])


def test_no_list_of_parts_has_them():
    for base in (DataModule, Schedule):
        assert not [path for path in known_classes(base) if "iven" in path]


def test_a_run_of_objects_is_known_by_its_configuration():
    assert is_of_objects(f"net:\n  class_path: {GIVEN}.GivenNet\n")
    assert not is_of_objects("net:\n  class_path: tssd.models.vgg9\n")
