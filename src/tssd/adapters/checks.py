"""What a network must keep to be trained by TSSD, each checked by running it."""

from dataclasses import replace

import torch
from torch import Tensor, nn

from tssd.adapters.state import whole_sequence_calls
from tssd.adapters.trial import Trial
from tssd.errors import UsageError

# Two runs on the same input may differ by rounding, where a device adds up in any order.
TOLERANCE = 1e-4

# The same samples in another order may differ by a spike or two that rounding tips over; samples
# that are mixed up differ about as much as two samples do.
MIXED = 0.1

# Inputs made weaker, so that neurons fire at some timesteps and not at others; not stronger,
# because rates above 1 are none.
WEAKER = (0.3, 0.1)

# ... and stronger, where a fresh network does not fire at all.
STRONGER = (3.0, 10.0, 30.0)

_LOOP = "layout='repeating' if it repeats its input itself"

_CAUSAL = (
    "make it causal: no sum, norm, attention or second direction over all timesteps (a mean over "
    "time that ends the network is fine)"
)

_AVERAGE = (
    "where it adds up over time, divide by the timesteps of this run, e.g. x.mean(0) or x.sum(0) / "
    "len(x); all before has to be causal"
)


def are_logits(trial: Trial, logits: Tensor) -> None:
    """Refuse what no loss can be taken of."""
    mode = "training" if trial.module.training else "eval"
    if not logits.isfinite().all():
        raise UsageError(
            f"output: the logits are not finite in {mode} mode; check the network's weights, and "
            "divisions by zero where nothing fires"
        )
    shares = (logits >= 0).all() and ((logits.sum(-1) - 1).abs() < TOLERANCE).all()
    if shares and ((logits > 0) & (logits < 1)).any():  # not the spikes of one winner
        raise UsageError(
            "output: got probabilities that sum to 1, expected logits; the loss takes the softmax, "
            "so leave it out of the network"
        )


def is_no_tap(tap: str, shown: Tensor, logits: Tensor) -> None:
    """Refuse a tap that is the output: a network that ends there has features for logits."""
    if (
        shown.any()
        and shown.shape == logits.shape
        and torch.allclose(shown, logits, TOLERANCE, TOLERANCE)
    ):
        raise UsageError(
            f"tap {tap!r}: is the network's own output [T, N, {logits.shape[-1]}]; tap a module "
            "before the classifier, or add the classifier if these are features"
        )


def keeps_no_state(trial: Trial, logits: Tensor) -> None:
    """Refuse a network whose second call differs from its first."""
    again = trial.logits()
    if again.shape != logits.shape or not torch.allclose(
        logits, again, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True
    ):
        mode = "training" if trial.module.training else "eval"
        raise UsageError(
            f"reset: two runs on the same input in {mode} mode differ, so the network keeps a "
            "state between calls (SpikingJelly's and snnTorch's are reset for you); pass what "
            "clears it: tssd.adapt(..., reset=lambda net: ...)"
        )


def keeps_samples_apart(trial: Trial, logits: Tensor) -> None:
    """Refuse a network in which a sample's logits depend on its neighbours."""
    backwards = trial.logits(trial.x.flip(1)).flip(1)
    spread = (logits - logits.mean((0, 1))).norm()
    if not (logits - backwards).norm() > MIXED * spread or trial.is_random(logits):
        return
    raise UsageError(
        "layout: a sample's logits depend on the other samples of its batch, so the "
        f"network takes another axis for time; layout={trial.call.layout!r} may be wrong, or "
        "SpikingJelly's step_mode: 'm' for whole sequences, 's' for layout='stepped'"
    )


def judges_samples_alone(trial: Trial, logits: Tensor) -> None:
    """Refuse a network whose answer in eval mode depends on what else is in the batch."""
    weak = WEAKER[0] * trial.x
    alone = trial.logits(weak)[:, 0]
    beside = trial.logits(torch.cat([weak[:, :1], trial.x[:, 1:]], 1))[:, 0]
    spread = (logits - logits.mean((0, 1))).norm() / logits.shape[1] ** 0.5
    if not (alone - beside).norm() > MIXED * spread or trial.is_random(logits):
        return
    raise UsageError(
        f"module: {type(trial.module).__name__}'s logits of a sample in eval mode depend on the "
        "other samples of its batch; take sums, maxima and norms within a sample, or give norms "
        "running statistics"
    )


def runs_for_any_time(trial: Trial, logits: Tensor) -> None:
    """Refuse a network that is made for one T, or whose first steps depend on how many follow."""
    steps = len(trial.x)
    kind = type(trial.module).__name__
    for fewer in sorted({1, steps - 1}):
        try:
            short = trial.logits(trial.x[:fewer])
        except UsageError as error:
            cause = error.__cause__
            if cause is None and trial.call.layout == "repeating":  # set_timesteps did nothing
                raise
            reason = (
                "its output has another shape"
                if cause is None
                else f"{type(cause).__name__}: {(str(cause).splitlines() or [''])[0]}"
            )
            raise UsageError(
                f"module: {kind} runs for T = {steps}, but not for T = {fewer}: {reason}; TSSD "
                "trains and evaluates at several T; replace layers that are made for one, such as "
                "SpikingJelly's PSN, MaskedPSN and TEBN, e.g. by SlidingPSN and batch norm"
            ) from error
        off = (short - logits[:fewer]).norm(dim=-1).median()
        spread = (logits - logits.mean((0, 1))).norm(dim=-1).mean()
        silent = spread <= TOLERANCE * logits.norm(dim=-1).mean()  # and then rounding tells
        if not silent and off > MIXED * spread and not trial.is_random(logits):
            raise UsageError(
                f"module: the logits of {kind} after {fewer} timestep{'s' * (fewer > 1)} depend "
                f"on whether {steps} are run, but TSSD takes the first T_s of T_t for a run of "
                f"T_s; {_AVERAGE if trial.call.means else _CAUSAL}"
            )


def looks_back_only(trial: Trial, logits: Tensor) -> None:
    """Refuse a network whose logits at a timestep depend on later inputs."""
    x, steps = trial.x, len(trial.x)
    peak = x.abs().amax()
    other = 0.5 * x.roll(1, 1) + 0.5 * torch.where(peak > 0, peak, torch.ones_like(peak))
    # A maximum over time shows where what follows is stronger than all that was before.
    weak = WEAKER[0] * x
    tried = [(x, logits, other), (weak, trial.logits(weak), x)]
    for past in sorted({1, steps - 1}):
        same = all(
            torch.allclose(
                before[:past],
                trial.logits(torch.cat([first[:past], later[past:]]))[:past],
                rtol=TOLERANCE,
                atol=TOLERANCE,
            )
            for first, before, later in tried
        )
        if not same and not trial.is_random(logits):
            raise UsageError(
                f"module: {type(trial.module).__name__}'s logits depend on inputs of later "
                f"timesteps, so that no T below T_t can be told from its run; {_CAUSAL}"
            )


def woken(trial: Trial, logits: Tensor) -> Trial:
    """The trial on an input so strong that samples can be told apart, if there is one."""
    for gain in STRONGER:
        if (logits != logits[:, :1]).any():
            break
        try:
            louder = replace(trial, x=gain * trial.x)
            logits = louder.logits()
        except UsageError:  # e.g. an encoder that takes rates
            break
        trial = louder if logits.isfinite().all() else trial
    return trial


def remembers(trial: Trial) -> None:
    """Refuse a network that forgets between timesteps, where something says that it should not."""
    stepped = trial.call.layout == "stepped"
    constant = trial.x[:1].expand_as(trial.x)
    with whole_sequence_calls(trial.module, *trial.x.shape[:2]) as looped:
        each = [trial.logits(constant)]
    if not stepped and not looped:
        return
    each += [trial.logits(gain * constant) for gain in WEAKER]
    varied = any((z[:1] != z).any() for z in each)
    silent = all((z[:, :1] == z).all() for z in each)
    if varied or silent:
        return
    forgets = (
        f"every timestep of a constant input gives the same logits, so {_name(trial.module)} "
        "forgets between timesteps"
    )
    if stepped:
        raise UsageError(
            f"layout: {forgets}; return its state beside the logits and take it as forward(x, "
            f"state=None), or use {_LOOP}, or if it shall have no memory, "
            "tssd.adapt(tssd.TimeFold(net), layout='time_first')"
        )
    if looped:
        raise UsageError(
            f"layout: {forgets}, though it runs {looped[0]} repeatedly, each time for the whole "
            f"sequence; use {_LOOP}"
        )


def _name(module: nn.Module) -> str:
    return type(module).__name__
