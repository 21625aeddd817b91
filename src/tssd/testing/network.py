"""The contract of a network."""

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from tssd.adapters import AdaptedNet
from tssd.errors import UsageError
from tssd.longest import build_for
from tssd.models import NetOutput, SpikingNet
from tssd.models.base import Tap
from tssd.objectives import tssd
from tssd.testing.expect import expect, expect_same, name_of
from tssd.testing.parameters import spread_timesteps
from tssd.testing.streaming import check_streaming

# Samples of a batch, not as many as there are timesteps.
N = 3


def check_network(
    make: nn.Module | Callable[[], nn.Module],
    shape: Sequence[int] | None = None,
    *,
    timesteps: int = 4,
    drive: float = 1.0,
) -> None:
    """Check a network against all that training, evaluation and tools rely on.

    Any T, K and taps as declared, tapping leaves the logits, nothing hidden between calls, no look
    ahead, samples apart, a gradient for every parameter, step = scan = forward in eval mode, a
    training step that leaves the state_dict alone, copies, low precision.

    Args:
        make: builds it, as a recipe does; or a network, which is copied.
        shape: (C, H, W) of one sample; None = `net.sample_shape`.
        timesteps: T to run for, at least 2.
        drive: factor on the inputs, which are normal with mean 0 and deviation 1, for a network
            in which nothing fires on them.
    Raises: AssertionError: names the network, what was found and what was expected.
    """
    with torch.random.fork_rng(devices=[]):
        _check(make, shape, timesteps, drive)


def _check(make: Any, shape: Sequence[int] | None, timesteps: int, drive: float) -> None:
    given = isinstance(make, nn.Module)

    def built() -> Any:
        torch.manual_seed(0)
        net = copy.deepcopy(make) if given else make()
        if isinstance(net, nn.Module):
            build_for(net, timesteps)
        return net

    net = built()
    name = type(net).__name__ if given else name_of(make, net)
    expect(timesteps > 1, f"timesteps: got {timesteps}, expected at least 2")
    expect(
        isinstance(net, nn.Module) and isinstance(net, SpikingNet),
        f"{name}: a {type(net).__name__} lacks num_classes, resolve_tap or tap_shape; "
        "tssd.adapt(net, taps=[...], example=images) adds them to any module",
    )
    shape = shape or getattr(net, "sample_shape", None)
    expect(shape, f"{name}: shape: got None, expected that of one sample, such as (3, 32, 32)")
    x = drive * _normal(timesteps, N, *(shape or ()))

    resting = _at_rest(name, built().double(), x)
    with torch.no_grad():
        _check_calls(name, resting, x)
        _check_look_ahead(name, resting, x)
        _check_times(name, resting, x)
        _check_taps(name, resting, x)
        if hasattr(resting, "step") and not isinstance(resting, AdaptedNet):
            check_streaming(name, resting, x)
    _check_gradients(name, built().double(), x)
    _check_training(name, built(), x.float())
    _check_copies(name, resting, None if given else built().double(), x)
    _check_low_precision(name, built(), x.float())


def _normal(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=torch.double)


def _at_rest(name: str, net: Any, x: Tensor) -> Any:
    """In eval mode, with norms that know the statistics of x; fresh ones would let nothing fire."""
    for module in net.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.momentum = None  # running statistics = mean over all batches seen
    spread_timesteps(net)
    with torch.no_grad():
        _run(name, net.train(), x)
        logits = _run(name, net.eval(), x).logits
    expect(
        (logits - logits[:1, :1]).abs().max() > 0,
        f"{name}: its logits are the same for every sample and timestep, so that a check would say "
        "nothing; give inputs on which neurons fire with drive=..., or lower the threshold of "
        "neurons behind a layer without a norm",
    )
    return net


def _run(name: str, net: Any, x: Tensor, taps: Sequence[Tap] = (), note: str = "") -> NetOutput:
    what = f"{name}: x {[*x.shape]}, {'training' if net.training else 'eval'} mode{note}"
    before = x.clone()
    try:
        out = net(x, taps)
    except Exception as error:
        reason = " ".join(str(error).split())
        raise AssertionError(f"{what}: {type(error).__name__}: {reason}") from error
    expect(torch.equal(x, before), f"{what}: it writes into its input; use no x.add_(...)")
    expect(isinstance(out, NetOutput), f"{what}: got a {type(out).__name__}, expected a NetOutput")
    expected = (*x.shape[:2], net.num_classes)
    expect(
        tuple(out.logits.shape) == expected,
        f"{what}: got logits of shape {[*out.logits.shape]}, expected [T, N, num_classes] = "
        f"{[*expected]}",
    )
    return out


def _check_times(name: str, net: Any, x: Tensor) -> None:
    for steps in range(1, len(x) + 1):
        _run(name, net, x[:steps])
    view = x[0].expand_as(x)  # as tssd.repeat_in_time makes it
    what = f"{name}: an image repeated as a view and written out"
    expect_same(_run(name, net, view).logits, _run(name, net, view.contiguous()).logits, what)


def _check_taps(name: str, net: Any, x: Tensor) -> None:
    taps = list(_taps(net))
    out, plain = _run(name, net, x, taps), _run(name, net, x)
    expect_same(out.logits, plain.logits, f"{name}: tapped and not tapped")
    expect(not plain.taps, f"{name}: got taps {[*plain.taps]}, though none was asked for")
    for tap in taps:
        kept = _run(name, net, x[:1], [tap]).taps
        expect([*kept] == [tap], f"{name}: asked for tap {tap!r}, got {[*kept]}")
        for got in (out.taps[tap], kept[tap]):
            declared = [*net.tap_shape(tap)]
            expect(
                [*got.shape[2:]] == declared and got.shape[1] == N,
                f"{name}: tap {tap!r} has shape {[*got.shape]}, expected [T, N] and "
                f"tap_shape({tap!r}) = {declared}",
            )
        expect_same(kept[tap], out.taps[tap][:1], f"{name}: tap {tap!r} alone at T = 1")
    _check_names(name, net, [tap for tap in taps if isinstance(tap, int)])


def _taps(net: Any) -> Iterator[Tap]:
    """The default, then all others: the names of an adapted network, else numbers as they go on."""
    yield net.resolve_tap(None)
    for tap in net.places if isinstance(net, AdaptedNet) else range(1000):
        try:
            if (found := net.resolve_tap(tap)) != net.resolve_tap(None):
                yield found
        except UsageError:
            if isinstance(tap, str):
                raise
            return


def _check_names(name: str, net: Any, stages: Sequence[int]) -> None:
    """Stages count from 0, and back from the last; anything else is refused."""
    count = len(stages)
    for tap in range(-count, count):
        got = net.resolve_tap(tap)
        expect(got == tap % count, f"{name}: resolve_tap({tap}): got {got}, expected {tap % count}")
    outside = (count, -count - 1) if count else ()  # a number may be a name, as of nn.Sequential
    for tap in (*outside, "no such tap"):
        try:
            got = net.resolve_tap(tap)
        except UsageError:
            continue
        raise AssertionError(f"{name}: resolve_tap({tap!r}): got {got!r}, expected a UsageError")


def _check_calls(name: str, net: Any, x: Tensor) -> None:
    before = {key: value.clone() for key, value in net.state_dict().items()}
    logits = _run(name, net, x).logits
    _run(name, net, 1 - 2 * x[:1])  # another batch in between
    again = _run(name, net, x).logits
    expect_same(again, logits, f"{name}: two calls on the same input: something stays between")
    changed = [key for key, value in net.state_dict().items() if not value.equal(before[key])]
    expect(not changed, f"{name}: a call in eval mode changed {changed}")
    alone = torch.cat([_run(name, net, x[:, n : n + 1]).logits for n in range(N)], 1)
    expect_same(alone, logits, f"{name}: samples alone and in a batch, in eval mode")


def _check_look_ahead(name: str, net: Any, x: Tensor) -> None:
    whole = _run(name, net, x).logits
    for t in range(1, len(x)):
        what = f"{name}: the first {t} of {len(x)} timesteps"
        later = torch.cat([x[:t], 1 - 2 * x[t:]])
        changed = _run(name, net, later).logits[:t]
        expect_same(changed, whole[:t], f"{what} depend on the input after them")
        expect_same(_run(name, net, x[:t]).logits, whole[:t], f"{what} run alone")


def _check_gradients(name: str, net: Any, x: Tensor) -> None:
    trained = {n: p for n, p in net.named_parameters() if p.requires_grad}
    expect(trained, f"{name}: has no parameter that wants a gradient")
    seen: dict[str, bool] = {}
    for drive in (1.0, 0.3, 3.0):  # a surrogate may be zero everywhere for one of them
        logits = _run(name, net.train(), drive * x).logits
        weights = torch.linspace(-1, 2, logits.numel(), dtype=logits.dtype).view(logits.shape)
        grads = torch.autograd.grad(
            (logits * weights).sum(), [*trained.values()], allow_unused=True
        )
        for which, g in zip(trained, grads, strict=True):
            expect(g is not None, f"{name}: {which} gets no gradient: the logits don't use it")
            assert g is not None
            expect(g.isfinite().all(), f"{name}: the gradient of {which} is not finite everywhere")
            seen[which] = seen.get(which, False) or bool(g.any())
    silent = [which for which, learns in seen.items() if not learns]
    expect(not silent, f"{name}: the gradient of {silent} is zero everywhere; what is not trained "
           "takes requires_grad_(False)")  # fmt: skip


def _check_training(name: str, net: Any, x: Tensor) -> None:
    """A step of TSSD; what ships is the network alone."""
    keys = [*net.state_dict()]
    target = torch.arange(N) % net.num_classes
    try:
        total = tssd(1, len(x)).connect(net).run(net, x, target).total
        total.backward()
    except Exception as error:
        raise AssertionError(f"{name}: a training step of TSSD: {error}") from error
    expect(total.isfinite(), f"{name}: a training step of TSSD: got a loss of {total.item()}")
    found = sorted({*net.state_dict()} ^ {*keys})
    expect(not found, f"{name}: a training step changed what its state_dict holds: {found}; "
           "exits belong to the loss")  # fmt: skip
    _copied(name, net)  # a membrane that hangs on the graph can't be copied


@torch.no_grad()
def _check_copies(name: str, net: Any, other: Any, x: Tensor) -> None:
    expected = _run(name, net, x).logits
    copied = _copied(name, net)
    expect_same(_run(name, copied, x).logits, expected, f"{name}: a deep copy and the network")
    shared = {id(p) for p in net.parameters()} & {id(p) for p in copied.parameters()}
    expect(not shared, f"{name}: a deep copy shares {len(shared)} parameters with the network")
    if other is not None:
        other.load_state_dict(net.state_dict())
        what = f"{name}: a new one with the network's state_dict, and the network"
        expect_same(_run(name, other.eval(), x).logits, expected, what)


def _copied(name: str, net: Any) -> Any:
    try:
        return copy.deepcopy(net)
    except Exception as error:
        raise AssertionError(f"{name}: copy.deepcopy fails: {error}") from error


def _check_low_precision(name: str, net: Any, x: Tensor) -> None:
    with torch.autocast("cpu", torch.bfloat16):
        logits = _run(name, net.train(), x, note=", autocast to bfloat16").logits
    logits.float().square().sum().backward()
    grads = [p.grad for p in net.parameters() if p.grad is not None]
    expect(
        logits.isfinite().all() and all(g.isfinite().all() for g in grads),
        f"{name}: got logits or gradients that are not finite under autocast to bfloat16",
    )
