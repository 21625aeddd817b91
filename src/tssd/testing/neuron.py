"""The contract of a neuron."""

from collections.abc import Callable

import torch
from torch import Tensor

from tssd.longest import build_for
from tssd.neurons import Neuron, recording
from tssd.testing.expect import expect, expect_same, name_of
from tssd.testing.parameters import (
    check_copies,
    check_gradients,
    check_nothing_is_shared,
    check_progress,
    spread_timesteps,
)
from tssd.testing.sequences import check_built_for, check_low_precision, check_sequences

# All different, so that no axis can be taken for another.
T, N, C = 4, 6, 3


def check_neuron(
    make: Callable[[], Neuron], *, drive: float = 1.0, shows_membrane: bool = True
) -> None:
    """Check a neuron against all that networks, losses and tools rely on.

    Shape and type kept, nothing hidden between calls, no look ahead, carried state = whole,
    step = scan, a gradient for every parameter, low precision, NaN, copies, channels (`connect`),
    timesteps (`build_for`), progress, membranes.

    Args:
        make: builds one neuron, as a network's factory does: a class, or a function.
        drive: factor on the inputs, which are normal with mean 0.6 and deviation 1.5, for neurons
            that would not fire on them.
        shows_membrane: whether it calls `show_membrane`, which objectives on membranes need.
    Raises: AssertionError: names the neuron, what was found and what was expected.
    """

    def built() -> Neuron:
        neuron = make()
        expect(
            isinstance(neuron, Neuron),
            f"{name_of(make, neuron)}: got {type(neuron)}, expected a class that derives from "
            "tssd.Neuron",
        )
        expect(
            neuron.connect(C) is neuron,
            f"{type(neuron).__name__}: connect({C}) returned something else, expected `self`",
        )
        build_for(neuron, T)
        return neuron

    neuron = built()
    name = name_of(make, neuron)
    check_nothing_is_shared(name, neuron, built())
    for sample in ((C, 4, 2), (C,)):
        x = _inputs(sample, drive)
        check_gradients(name, built().double(), x)
        check_low_precision(name, built(), x)
        double = built().double().eval()
        spread_timesteps(double)
        _check_it_fires(name, double, x)
        check_sequences(name, double, x)
        _check_step(name, double, x)
        _check_nan(name, double, x)
        check_built_for(name, double, make().connect(C).double().eval(), x)
        check_copies(name, lambda: built().double(), built().double().eval(), x)
        if shows_membrane:
            _check_membranes(name, double, x)
    check_progress(name, neuron)


def _inputs(sample: tuple[int, ...], drive: float) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(T, N, *sample, generator=generator, dtype=torch.double)
    return drive * (1.5 * x + 0.6)


def _check_it_fires(name: str, neuron: Neuron, x: Tensor) -> None:
    y = neuron(x)
    expect(
        y.min() < y.max(),
        f"{name}: its output is {y.flatten()[0]:g} everywhere, so that a check would say nothing; "
        "give inputs it fires on with drive=...",
    )


def _check_step(name: str, neuron: Neuron, x: Tensor) -> None:
    steps, state = [], neuron.initial_state(x[0])
    for x_t in x:
        y_t, state = neuron.step(x_t, state)
        steps.append(y_t)
    expect_same(torch.stack(steps), neuron(x), f"{name}: a loop over step, and the scan")


def _check_nan(name: str, neuron: Neuron, x: Tensor) -> None:
    x = x.clone()
    x[0, 0] = torch.nan
    y = neuron(x)
    expect(
        y[:, 0].isnan().any(0).all(),
        f"{name}: an input of NaN leaves no NaN in its output, so that a network that diverged "
        "would look silent; Surrogate.spike keeps it",
    )
    expect(not y[:, 1:].isnan().any(), f"{name}: a NaN in one sample reaches the others")


def _check_membranes(name: str, neuron: Neuron, x: Tensor) -> None:
    x = x.clone().requires_grad_()
    with recording(neuron) as whole:
        y = neuron(x)
    expect_same(y, neuron(x), f"{name}: recorded and not recorded")
    expect(
        whole,
        f"{name}: it shows no membrane; call self.show_membrane(h) in step (show_membranes in "
        "scan) before the reset, or check it with shows_membrane=False",
    )
    with recording(neuron) as stepwise:
        state = neuron.initial_state(x[0])
        for x_t in x:
            _, state = neuron.step(x_t, state)
    for part, h in whole.items():
        what = f"{name}: membrane {part}" if part else f"{name}: the membrane"
        expect(
            h.shape[:2] == x.shape[:2],
            f"{what} has shape {[*h.shape]} for an input {[*x.shape]}, expected [T, N, ...]: "
            "show_membrane takes one timestep, show_membranes all of a scan",
        )
        expect(h.requires_grad, f"{what} is detached: no objective could train on it")
        expect(part in stepwise, f"{what} is shown in a scan, and not in a step")
        expect_same(stepwise[part], h, f"{what} in steps, and in a scan")
