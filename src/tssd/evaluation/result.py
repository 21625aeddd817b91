"""What an evaluation found out."""

from dataclasses import asdict, dataclass
from typing import Any

from tssd.evaluation.calibration import Reliability
from tssd.evaluation.early_exit import EarlyExit
from tssd.evaluation.operations import Operations


@dataclass(frozen=True)
class Evaluation:
    """A network on a data set. Tuples called "per T" have an entry for each T = 1..timesteps.

    Args:
        timesteps: T_max.
        report_at: the T of the reliability diagram, the confusion matrix and early exit.
        samples: how many were evaluated.
        accuracy: per T, share of right decisions of the mean logits, 0 to 1.
        nll: per T, mean cross entropy in nats.
        calibration_error: per T, expected calibration error over 15 equal-width bins, 0 to 1.
        reliability: its bins, at report_at.
        confusion: counts [K][K], rows = truth, at report_at.
        firing_rates: spikes per neuron and timestep, per module and T; None = not measured.
        mean_firing_rate: per T, over all neurons that were counted; None = not measured, or none
            of a kind that we know.
        operations: per sample, with energy; None = not measured.
        uncounted: modules whose calls fit no timesteps, layers and neurons of a kind that is not
            counted; missing in the rates and operations.
        early_exit: per exit, with its own operations; empty without any.
    """

    timesteps: int
    report_at: int
    samples: int
    accuracy: tuple[float, ...]
    nll: tuple[float, ...]
    calibration_error: tuple[float, ...]
    reliability: Reliability
    confusion: tuple[tuple[int, ...], ...]
    firing_rates: dict[str, tuple[float, ...]] | None
    mean_firing_rate: tuple[float, ...] | None
    operations: Operations | None
    uncounted: tuple[str, ...]
    early_exit: dict[str, EarlyExit]

    def to_dict(self) -> dict[str, Any]:
        """Numbers, text, lists and dicts only: what JSON gives back after a round trip."""
        return _plain(asdict(self))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
