import pytest
import torch

from tssd.errors import UsageError
from tssd.training.settings import TrainerSettings, best_device


@pytest.mark.parametrize(
    "option",
    [
        {"epochs": 0},
        {"gradient_clip": -1.0},
        {"gradient_clip": float("nan")},
        {"evaluate_timesteps": 0},
        {"threads": -1},
        {"threads": 100_000},
        {"epochs": 10**30},
        {"evaluate_timesteps": 10**9},
        {"gradient_clip": float("inf")},
        {"check_val_every_n_epoch": 0},
        {"checkpoint_every_n_epochs": -1},
        {"log_every_n_steps": -1},
    ],
)
def test_numbers_out_of_range_are_refused(option):
    (name,) = option
    with pytest.raises(UsageError, match=rf"trainer\.{name}: got .*, expected >= "):
        TrainerSettings(**option)


def test_float16_is_refused_on_a_cpu():
    with pytest.raises(UsageError, match="16-mixed needs a GPU.*bf16-mixed"):
        TrainerSettings(precision="16-mixed", accelerator="cpu")


@pytest.mark.parametrize("mode", ["reduce-overhead", "max-autotune"])
def test_graphs_are_refused_where_gradients_are_added_up(mode):
    with pytest.raises(UsageError, match=f"trainer.compile: {mode} .*--trainer.compile true"):
        TrainerSettings(compile=mode, accumulate=2)
    assert TrainerSettings(compile=mode).accumulate == 1
    assert TrainerSettings(compile=True, accumulate=2).compile is True


def test_an_algorithm_that_clips_nothing_is_refused():
    with pytest.raises(
        UsageError, match=r"^trainer\.gradient_clip_algorithm: got value, but train"
    ):
        TrainerSettings(gradient_clip_algorithm="value")
    assert TrainerSettings(gradient_clip_algorithm="value", gradient_clip=0.5).gradient_clip == 0.5


def test_cpu_is_always_there():
    assert best_device("cpu") == torch.device("cpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without CUDA")
def test_cuda_is_refused_where_there_is_none():
    with pytest.raises(UsageError, match="trainer.accelerator: cuda .*--trainer.accelerator cpu"):
        TrainerSettings(accelerator="cuda")


@pytest.mark.skipif(torch.backends.mps.is_available(), reason="needs a machine without MPS")
def test_mps_is_refused_where_there_is_none():
    with pytest.raises(UsageError, match="mps was asked for"):
        TrainerSettings(accelerator="mps")


def test_auto_takes_what_there_is():
    expected = "cuda" if torch.cuda.is_available() else "cpu"
    if torch.backends.mps.is_available():
        expected = "mps"
    assert best_device("auto").type == expected


@pytest.mark.parametrize(
    ("given", "teacher", "longest"), [(None, 2, 4), (None, 10, 10), (3, 10, 3)]
)
def test_evaluated_timesteps(given, teacher, longest):
    assert TrainerSettings(evaluate_timesteps=given).evaluated(teacher) == longest


@pytest.mark.parametrize(("threads", "expected"), [(0, 1), (2, 2)])
def test_threads_are_set_where_the_settings_say_how_many(threads, expected):
    try:
        torch.set_num_threads(1)
        TrainerSettings(threads=threads).use_threads()
        assert torch.get_num_threads() == expected
    finally:
        torch.set_num_threads(1)
