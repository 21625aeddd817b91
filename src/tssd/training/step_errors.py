"""What torch raises in a step of training, in one line with the remedy."""

from collections.abc import Iterator
from contextlib import contextmanager

from lightning.fabric.utilities.exceptions import MisconfigurationException

from tssd.errors import DataError, TssdError, UsageError
from tssd.training.parts import Parts

# Of torch, its allocators and numpy.
NO_MEMORY = ("out of memory", "allocate memory", "Unable to allocate", "alloc_cpu", "bad_alloc")
TOO_LARGE = "without overflow"
# Of DistributedDataParallel, when a weight has got no gradient.
UNUSED = "Expected to have finished reduction in the prior iteration"
# Of deterministic algorithms, when cuBLAS has started before `train` could set it.
CUBLAS = "CUBLAS_WORKSPACE_CONFIG"
# Of Lightning, on callbacks that don't fit the run or each other.
OF_HOOKS = ("Early stopping conditioned on metric", "Found more than one stateful callback")


@contextmanager
def one_line_step_errors(parts: Parts) -> Iterator[None]:
    """Inside, what a step of this run raises is one line, if it is known; see `in_one_line`."""
    try:
        yield
    except (MemoryError, RuntimeError, MisconfigurationException) as error:
        if (told := in_one_line(error, parts)) is None:
            raise
        raise told from error


def in_one_line(error: BaseException, parts: Parts) -> TssdError | None:
    """The line for the user; None = the error is another one.

    Args:
        error: raised in training or evaluation.
        parts: of the run.
    """
    text = " ".join(str(error).split())
    if isinstance(error, MisconfigurationException) or any(text.startswith(s) for s in OF_HOOKS):
        return UsageError(f"callbacks: Lightning refuses them ({text})")
    if TOO_LARGE in text:
        return DataError(
            f"optimizer: a number is too large for a weight ({text}); lower --optimizer.lr, or "
            "what the schedule multiplies it by"
        )
    if UNUSED in text:
        return UsageError(
            "trainer.strategy: the network or the exits have weights that a step did not use, and "
            "several devices wait for them; use --trainer.strategy ddp_find_unused_parameters_true"
        )
    if CUBLAS in text:
        return UsageError(
            f"environment: this program has used the GPU before training, without {CUBLAS}, or it "
            f"is not :4096:8 or :16:8, so that sums would differ from run to run; start it with "
            f"{CUBLAS}=:4096:8"
        )
    if not isinstance(error, MemoryError) and not any(sign in text for sign in NO_MEMORY):
        return None
    steps = parts.criterion.timesteps.teacher
    shape = " x ".join(map(str, parts.data.sample_shape))
    weights = sum(p.numel() for p in parts.net.parameters())
    return DataError(
        f"out of memory on {parts.device}, in a step of {parts.data.batch_size} samples of {shape} "
        f"values, {steps} timesteps and {weights:,} weights; memory grows with samples times "
        "timesteps: lower --data.batch_size or --timesteps.teacher, and train into another "
        "--output, or use a smaller --net.width"
    )
