"""The dry run: learns a network's taps and classes, and proves that it can be trained."""

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from tssd.adapters import checks
from tssd.adapters.at_rest import put_back, shapes, states_at_rest
from tssd.adapters.call import Call
from tssd.adapters.channels import axes_watched
from tssd.adapters.folds import has_samples_first, has_time_first, same_sample
from tssd.adapters.net import in_dtype_of
from tssd.adapters.output import checked, first_tensor, is_average, listed_logits
from tssd.adapters.state import loops_checked, steps_checked
from tssd.adapters.taps import TapPlace, gather, learn, tensors
from tssd.adapters.trial import Trial
from tssd.adapters.untouched import Buffers, own_statistics, untouched
from tssd.errors import UsageError


@dataclass(frozen=True)
class Learned:
    """What a dry run finds out: classes K, the place of every tap, how the network is called.

    And which buffers keep its state, as they are at rest.
    """

    num_classes: int
    places: dict[str, TapPlace]
    call: Call
    states: dict[str, Tensor | None]


def probe(module: nn.Module, taps: tuple[str, ...], call: Call, x: Tensor) -> Learned:
    """Run a network on a small sequence x [T, N, ...], T != N, in training and in eval mode.

    Raises: UsageError: the network fails, has taps or logits of another shape, keeps state
        between calls or forgets between timesteps, mixes samples, is made for one T, or looks
        ahead in time.
    """
    steps, batch = x.shape[:2]
    stepped = call.layout == "stepped"
    x = in_dtype_of(module, x)
    with untouched(module) as at_rest:
        statistics, before = at_rest, shapes(module)
        trial = Trial(module, call, x, statistics)
        widths: set[int] = set()
        samples_first: dict[str, bool] = {}
        # With fresh batch norms a network hardly fires in eval mode, and hides what is wrong;
        # so they go on with what they saw in training mode.
        for training in (True, False):
            module.train(training)
            with (
                own_statistics(module),
                steps_checked(module, steps, batch, stepped=stepped),
                loops_checked(module) if stepped else nullcontext(),
            ):
                trial = replace(trial, call=_learned_call(trial), buffers=statistics)
                samples_first |= _folds(trial, taps)
                logits, places = _learned_places(trial, taps, samples_first)
                checks.keeps_no_state(trial, logits)
                checks.keeps_samples_apart(trial, logits)
            statistics = Buffers(module)
            widths.add(logits.shape[-1])
        if len(widths) > 1:
            raise UsageError(
                f"output: {' and '.join(map(str, sorted(widths)))} logits a sample in training "
                "and in eval mode, expected as many; return the classes' logits in both"
            )
        checks.remembers(trial)
        awake = checks.woken(trial, logits)
        if awake is not trial:
            trial, logits = awake, awake.logits()
            checks.keeps_no_state(trial, logits)
        checks.judges_samples_alone(trial, logits)
        if not stepped:
            checks.runs_for_any_time(trial, logits)
        if call.layout in ("time_first", "batch_first"):
            checks.looks_back_only(trial, logits)
        states = states_at_rest(trial, before, at_rest)
        call.forget(module)
    put_back(module, states)
    return Learned(logits.shape[-1], places, trial.call, states)


def _learned_call(trial: Trial) -> Call:
    """How the network is called, with the place where it takes a mean over time in this mode."""
    call, (steps, batch) = trial.call, trial.x.shape[:2]
    if call.layout == "stepped":
        return call
    if call.head is not None:
        return _with_head(trial, call.head)
    returned, candidates, _ = trial.returned()
    if not is_average(returned, batch) or listed_logits(returned, steps, batch) is not None:
        return call
    fits: list[Call] = []
    for candidate in reversed(candidates):
        tried = replace(call, means={**call.means, trial.module.training: candidate})
        try:
            logits = replace(trial, call=tried).logits()
        except UsageError:
            continue
        if _is_mean(logits, returned):
            return tried
        fits.append(tried)
    # Dropout after the mean draws other numbers for T means than for one.
    if fits and trial.module.training:
        return fits[0]
    checked(returned, call.layout, steps, batch)  # says why not
    return call


def _with_head(trial: Trial, head: str) -> Call:
    """The call that takes the logits from a module inside the network."""
    call, (steps, batch) = trial.call, trial.x.shape[:2]
    returned, _, calls = trial.returned([head])
    logits = torch.empty(0)
    # Whichever order a fold of it has: the other one has another mean.
    for samples_first in (call.layout == "batch_first", False):
        place = learn(head, calls[head], steps, batch, samples_first=samples_first)
        logits = place(tensors(head, calls[head]), steps, batch).flatten(2)
        if _is_mean(logits, returned):
            return replace(call, head_place=place)
    raise UsageError(
        f"head: the mean over time of what {head!r} returns, logits [T, N, {logits.shape[-1]}], is "
        f"not what {type(trial.module).__name__} returns; name the module whose outputs it "
        "averages, or return the logits of every timestep"
    )


def _is_mean(logits: Tensor, returned: object) -> bool:
    """Whether a network returned the mean over time of these logits [T, N, K], or them all."""
    whole = first_tensor(returned)
    if whole is None:
        return False
    mean = logits.mean(0)
    if whole.shape == logits.shape:
        return torch.allclose(whole, logits, rtol=checks.TOLERANCE, atol=checks.TOLERANCE)
    return whole.shape == mean.shape and torch.allclose(
        whole, mean, rtol=checks.TOLERANCE, atol=checks.TOLERANCE
    )


def _folds(trial: Trial, taps: tuple[str, ...]) -> dict[str, bool]:
    """Taps in a fold of a network that takes [N, T, ...]: whether they are [N*T, ...] as well.

    Those are missing whose order can't be told in this mode: behind dropout, or without spikes.
    """
    if trial.call.layout != "batch_first" or not taps:
        return {}
    steps, batch = trial.x.shape[:2]
    found: dict[str, bool] = {}
    for name, seen in trial.run(same_sample(trial.x, batch), taps)[1].items():
        folded = tensors(name, seen)[0] if len(seen) == 1 else None
        if folded is not None and folded.shape[:1] == (steps * batch,):
            first = has_samples_first(folded, steps, batch, otherwise=None)
            if first is not None:
                found[name] = first
    return found


def _learned_places(
    trial: Trial, taps: tuple[str, ...], samples_first: Mapping[str, bool]
) -> tuple[Tensor, dict[str, TapPlace]]:
    """The logits, and the place of every tap; with the order of folds as far as it is known."""
    steps, batch = trial.x.shape[:2]
    unknown: bool | None = trial.call.layout == "batch_first"
    # In training mode dropout may hide the order, so that eval mode has to tell.
    if unknown and has_time_first(trial.module) and not trial.module.training:
        unknown = None
    with axes_watched(trial.module, taps) as axes:
        logits, calls = trial.run(taps=taps)
    checks.are_logits(trial, logits)
    if trial.call.means:  # behind the mean there is no timestep to tap, though T means pass there
        calls = trial.returned(taps)[2]
    places: dict[str, TapPlace] = {}
    for name, seen in calls.items():
        last = axes.are_last(name)
        first = samples_first.get(name, unknown)
        place = learn(name, seen, steps, batch, samples_first=first, channels_last=last)
        checks.is_no_tap(name, gather(name, place, seen, steps, batch), logits)
        places[name] = place
    return logits, places
