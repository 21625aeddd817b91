"""How many timesteps recordings are cut into, so that a network can run for them."""

from tssd.data.base import require
from tssd.errors import UsageError
from tssd.events.slicing import Slicing

# So many frames of the largest sensor fill 900 MB.
MOST_SLICES = 10_000


def check_slices(slices: int) -> None:
    """Refuse a number of timesteps. Raises: UsageError: none, or too many to store."""
    require(1 <= slices <= MOST_SLICES, "slices", slices, f"1 to {MOST_SLICES} timesteps")


def slices_for(
    cut: Slicing, slices: int | None, *, student: int, teacher: int, longest: int
) -> int:
    """Number of slices for a network that runs for so many timesteps.

    Args:
        cut: How recordings are cut.
        slices: The number asked for; None: as many as are needed.
        student: Timesteps T_s.
        teacher: Timesteps T_t in training.
        longest: The longest T at which it will be trained or evaluated.

    Raises:
        UsageError: Fewer slices than timesteps, or the student's input would not be a prefix of
            the teacher's.
    """
    if not cut.is_prefix and student < teacher:
        raise UsageError(
            f"data.slicing: {cut.why_not_prefix}; the student's {student} timesteps "
            f"must be the first of the teacher's {teacher}: use tssd.events.FixedTime"
        )
    number = slices or longest
    if not cut.is_prefix and student < number:
        raise UsageError(
            f"data.slicing: {cut.why_not_prefix}; the network is trained at {student} "
            f"timesteps but recordings are cut into {number}: use tssd.events.FixedTime, or "
            f"evaluate at up to {student} (trainer.evaluate_timesteps) with data.slices null"
        )
    if number < longest:
        raise UsageError(
            f"data.slices: got {slices}, but the network runs for up to {longest} "
            f"timesteps; give at least {longest}, or null for as many as are needed"
        )
    check_slices(number)
    return number
