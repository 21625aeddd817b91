import numpy as np
import pytest
import torch

from tssd.errors import DataError, UsageError
from tssd.runs.folder import RunFolder
from tssd.training.fit import fit
from tssd.training.step_errors import UNUSED, in_one_line, one_line_step_errors

from .runs import small, watched

HUGE = 2**50  # more than any machine has


@pytest.mark.parametrize("ask", [torch.empty, np.empty, lambda size: bytearray(size)])
def test_what_allocators_raise_is_one_line_with_the_remedy(tmp_path, ask):
    """Real refusals of the allocators, in a step of a real run."""
    parts = watched(small(), lambda _: ask(HUGE))
    with pytest.raises(DataError, match="out of memory on cpu, in a step of 25 samples") as caught:
        fit(parts, tmp_path)
    assert "--data.batch_size" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not RunFolder(tmp_path).is_finished


def test_other_errors_are_left_alone():
    error = RuntimeError("shapes do not fit")
    assert in_one_line(error, small()) is None
    with pytest.raises(RuntimeError) as caught, one_line_step_errors(small()):
        raise error
    assert caught.value is error


def test_weights_that_several_devices_wait_for_are_one_line():
    error = RuntimeError(f"{UNUSED} before starting a new one.\nThis error indicates ...")
    told = in_one_line(error, small())
    assert isinstance(told, UsageError)
    assert str(told).endswith("use --trainer.strategy ddp_find_unused_parameters_true")


def test_a_gpu_that_was_used_before_training_is_one_line():
    error = RuntimeError("... you must set CUBLAS_WORKSPACE_CONFIG=:4096:8 or ...=:16:8. For more")
    told = in_one_line(error, small())
    assert isinstance(told, UsageError)
    assert str(told).endswith("start it with CUBLAS_WORKSPACE_CONFIG=:4096:8")


def test_a_rate_beyond_float32_is_one_line(tmp_path):
    with pytest.raises(DataError, match=r"optimizer: a number is too large.*lower --optimizer\.lr"):
        fit(small({"schedule.final": 1e300, "trainer.epochs": 3}), tmp_path)
