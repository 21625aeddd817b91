"""What an evaluation finds out, as a run keeps it: plain numbers, no torch.

`()`, 0 and None stand for what was not measured, or not yet recorded by the version that wrote it.
"""

import math
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from tssd.errors import UsageError
from tssd.runs.typed_json import NUMERIC, MisfitError, plain, shown, wrong

PerT = tuple[float, ...]
# Timesteps; recordings are cut into a hundred at most.
LONGEST = 10_000


class NotFiniteError(MisfitError):
    """An accuracy that is not finite: the training failed, and the file is none the worse."""


def shares(value: Any) -> PerT:
    """What a file says of shares at T = 1, 2, ..., each 0 to 1.

    Raises: MisfitError: they are not. NotFiniteError: one is NaN or infinity.
    """
    if not isinstance(value, list):
        raise wrong(value, "a list")
    if not value:
        raise MisfitError(None)
    if len(value) > LONGEST:
        raise MisfitError(f" has {len(value)} timesteps, expected at most {LONGEST}")
    for t, share in enumerate(value, 1):
        if type(share) not in NUMERIC or not 0 <= share <= 1:
            told = f" at T = {t} is {shown(share)}, expected a share, 0 to 1"
            failed = type(share) is float and not math.isfinite(share)
            raise NotFiniteError(told) if failed else MisfitError(told)
    return tuple(value)


@dataclass(frozen=True)
class Reliability:
    """The reliability diagram: bin b = 0..B-1 holds the confidences in (b/B, (b+1)/B].

    Args:
        samples: of each bin.
        confidence: mean of each bin, 0 to 1; None = an empty bin.
        accuracy: share of right decisions of each bin, 0 to 1; None = an empty bin.
    Source: Guo et al. 2017, arXiv 1706.04599, eq. 1 and 2.
    """

    samples: tuple[int, ...] = ()
    confidence: tuple[float | None, ...] = ()
    accuracy: tuple[float | None, ...] = ()


@dataclass(frozen=True)
class EnergyModel:
    """Energy of an operation.

    Args:
        mac_pj: of a multiply-accumulate, in pJ.
        ac_pj: of an accumulate, in pJ.
        source: where the constants come from.
    Raises: UsageError: a negative energy, or no number.
    """

    mac_pj: float = 4.6
    ac_pj: float = 0.9
    source: str = "32-bit floating point in 45 nm CMOS at 0.9 V, Horowitz, ISSCC 2014"

    def __post_init__(self) -> None:
        for name in ("mac_pj", "ac_pj"):
            found = getattr(self, name)
            try:
                right = 0 <= found < math.inf
            except TypeError:  # text, say
                right = False
            if not right:
                raise UsageError(f"{name}: got {found!r}, expected picojoules >= 0")


@dataclass(frozen=True)
class LayerOperations:
    """One layer's operations; all tuples have an entry for each T = 1..T_max.

    Args:
        kind: "mac" (multiply-accumulates, analogue input) or "ac" (accumulates, spikes).
        count: operations per sample over the first T timesteps.
        density: share of non-zero inputs over the first T timesteps, 0 to 1.
        dense_macs: per sample and timestep if every input counted.
        graded: those of `count` that are accumulates of a graded input, neither 0 nor 1.
        graded_share: graded / count, 0 to 1.
        unpadded: `count` without operations on zero padding.
        unpadded_graded: `graded` without them.
    """

    kind: Literal["mac", "ac"]
    count: PerT
    density: PerT
    dense_macs: float
    graded: PerT = ()
    graded_share: PerT = ()
    unpadded: PerT = ()
    unpadded_graded: PerT = ()


@dataclass(frozen=True)
class Totals:
    """Operations of layers together per sample, with an entry for each T = 1..T_max.

    Args:
        macs: multiply-accumulates over the first T timesteps.
        acs: accumulates over the first T timesteps.
        graded_acs: those of them whose input is graded, neither 0 nor 1.
        energy_uj: energy in microjoules, every accumulate priced as one.
        energy_graded_as_macs_uj: with the graded ones priced as multiply-accumulates.
    """

    macs: PerT = ()
    acs: PerT = ()
    graded_acs: PerT = ()
    energy_uj: PerT = ()
    energy_graded_as_macs_uj: PerT = ()


@dataclass(frozen=True, kw_only=True)
class Operations:
    """A network's operations per sample; all tuples have an entry for each T = 1..T_max.

    Args:
        layers: by module name, in the order of execution.
        macs: see `Totals`; so are acs, graded_acs, energy_uj and energy_graded_as_macs_uj.
        graded_share: graded_acs / acs, 0 to 1.
        unpadded: the same totals without operations on zero padding.
        energy_model: the constants.
        uncounted: layers whose calls do not fit T timesteps of N samples, layers of other kinds,
            and modules that multiply by themselves; missing in the totals.
        rule: what was counted, in words.
    """

    layers: dict[str, LayerOperations]
    macs: PerT
    acs: PerT
    graded_acs: PerT = ()
    graded_share: PerT = ()
    energy_uj: PerT
    energy_graded_as_macs_uj: PerT = ()
    unpadded: Totals = Totals()
    energy_model: EnergyModel
    uncounted: tuple[str, ...] = ()
    rule: str


@dataclass(frozen=True)
class ExitCosts:
    """Operations per sample with an early exit, over report_at timesteps.

    Every sample runs the layers until the tap, and the exit; only those that stay run the layers
    behind it. A layer's operations are its mean over all samples, whichever leave.
    Padding counts as in `Operations`.

    Args:
        macs: multiply-accumulates at each threshold.
        acs: accumulates at each threshold.
        energy_uj: their energy in microjoules at each threshold.
        energy_graded_as_macs_uj: with accumulates of graded inputs priced as multiply-accumulates.
        energy_saved: share of the energy without early exit; below 0 where the exit takes more than
            it saves.
        weak_energy_uj: energy of the exit alone, a part of energy_uj.
        weak_dense_macs: of the exit per sample and timestep, if every input counted; 0 = not
            recorded.
    """

    macs: PerT
    acs: PerT
    energy_uj: PerT
    energy_graded_as_macs_uj: PerT
    energy_saved: PerT
    weak_energy_uj: float
    weak_dense_macs: float = 0.0


@dataclass(frozen=True)
class EarlyExit:
    """Accuracy against confidence thresholds for one exit.

    A sample leaves where the softmax confidence of the exit's mean logits exceeds the threshold. So
    at threshold 0 all leave (the exit's accuracy) and at 1 none (the final one's), whatever the
    confidences round to.

    Args:
        thresholds: confidences, 0 to 1.
        accuracy: share of right decisions at each threshold.
        leaving: share of samples that leave early at each threshold.
        costs: operations at each threshold; None = not measured.
    """

    thresholds: tuple[float, ...]
    accuracy: tuple[float, ...]
    leaving: tuple[float, ...]
    costs: ExitCosts | None = None


@dataclass(frozen=True, kw_only=True)
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

    timesteps: int = 0
    report_at: int = 0
    samples: int = 0
    accuracy: Annotated[PerT, shares]
    nll: PerT = ()
    calibration_error: PerT = ()
    reliability: Reliability = Reliability()
    confusion: tuple[tuple[int, ...], ...] = ()
    firing_rates: dict[str, PerT] | None = None
    mean_firing_rate: PerT | None = None
    operations: Operations | None = None
    uncounted: tuple[str, ...] = ()
    early_exit: dict[str, EarlyExit] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Numbers, text, lists and dicts only: what JSON gives back after a round trip."""
        return plain(self)
