"""The contract of a surrogate gradient."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from tssd.surrogates import Surrogate
from tssd.surrogates.base import is_trained
from tssd.testing.expect import expect, expect_same, name_of
from tssd.testing.parameters import check_progress


def check_surrogate(make: Callable[[], Surrogate]) -> None:
    """Check a surrogate against all that neurons rely on.

    `derivative` is that of `primitive` and not zero everywhere; `spike` is 1[s >= 0] (of a module,
    in eval mode) with `derivative` as its gradient, NaN stays NaN; parameters get the gradient of
    `primitive`; `compress` and `scale` agree with `derivative`. Where training changes it, all of
    that at its beginning, middle and end.

    Args:
        make: builds one surrogate: a class, or a function.
    Raises: AssertionError: names the surrogate, what was found and what was expected.
    """
    surrogate = make()
    name = name_of(make, surrogate)
    expect(
        isinstance(surrogate, Surrogate),
        f"{name}: got {type(surrogate)}, expected a class that derives from tssd's Surrogate",
    )
    if isinstance(surrogate, nn.Module):
        check_progress(name, surrogate)
        surrogate.double().train()
    _check_at(name, surrogate)
    if callable(told := getattr(surrogate, "set_progress", None)):
        for epoch in (0.0, 5.0, 10.0):
            told(epoch, 10)
            _check_at(f"{name} at epoch {epoch:g} of 10", surrogate)


def _points() -> Tensor:
    # Irregular, so that none falls on a kink.
    generator = torch.Generator().manual_seed(0)
    return 6 * torch.rand(4000, generator=generator, dtype=torch.double) - 3


def _check_at(name: str, surrogate: Surrogate) -> None:
    _check_derivative(name, surrogate)
    _check_kept(name, surrogate)
    _check_gradient(name, surrogate)
    _check_values(name, surrogate)


def _check_derivative(name: str, surrogate: Surrogate) -> None:
    s = _points().requires_grad_()
    (slope,) = torch.autograd.grad(surrogate.primitive(s).sum(), s)
    got = surrogate.derivative(s.detach()).detach()
    expect(
        got.dtype == s.dtype,
        f"{name}: derivative: got {got.dtype} for {s.dtype}, expected the same: .to(s.dtype)",
    )
    expect(got.isfinite().all(), f"{name}: its derivative has values that are not finite")
    expect(got.any(), f"{name}: its derivative is zero everywhere from -3 to 3: nothing is learnt")
    expect_same(got, slope, f"{name}: derivative, and autograd of primitive")


def _check_kept(name: str, surrogate: Surrogate) -> None:
    s = _points()
    kept = torch.empty_like(s, dtype=surrogate.kept_dtype(s.dtype))
    with torch.no_grad():
        surrogate.compress(s.clone(), kept)
        got = surrogate.scale(torch.full_like(s, 2), kept)
        expected = 2 * surrogate.derivative(s)
    expect_same(got, expected, f"{name}: scale from what compress kept, and grad * derivative")


def _check_gradient(name: str, surrogate: Surrogate) -> None:
    s = _points().requires_grad_()
    weights = torch.linspace(-1, 2, len(s), dtype=s.dtype)
    trained = {}
    if isinstance(surrogate, nn.Module) and is_trained(surrogate):
        trained = {n: p for n, p in surrogate.named_parameters() if p.requires_grad}
    wanted = [s, *trained.values()]
    loss, smooth = ((f(s) * weights).sum() for f in (surrogate.spike, surrogate.primitive))
    got = torch.autograd.grad(loss, wanted, allow_unused=True)
    expected = torch.autograd.grad(smooth, wanted, allow_unused=True)
    for what, g, h in zip(["s", *trained], got, expected, strict=True):
        expect(g is not None, f"{name}: spike gives no gradient to {what}")
        expect(h is not None and h.any(), f"{name}: primitive does not depend on {what}")
        assert g is not None and h is not None
        expect_same(g, h, f"{name}: gradient by {what}, of spike and of primitive")


def _check_values(name: str, surrogate: Surrogate) -> None:
    s = torch.cat([_points(), torch.tensor([0.0, -0.0, torch.inf, -torch.inf, torch.nan])])
    module = surrogate if isinstance(surrogate, nn.Module) else nn.Identity()
    module.eval()
    for dtype in (torch.float64, torch.float32, torch.bfloat16):
        for wanted in (False, True):
            given = s.to(dtype, copy=True).requires_grad_(wanted)
            with torch.set_grad_enabled(wanted):
                spikes = surrogate.spike(given).detach()
            expect(spikes.dtype == dtype, f"{name}: spike: got {spikes.dtype} for {dtype}")
            expect(spikes[-1].isnan(), f"{name}: spike of NaN: got {spikes[-1]}, expected NaN")
            right = spikes[:-1] == (given[:-1] >= 0)
            expect(
                right.all(),
                f"{name}: spike: got {spikes[:-1][~right][:1].tolist()} at s = "
                f"{given[:-1][~right][:1].tolist()}, expected 1 where s >= 0, else 0",
            )
    module.train()
