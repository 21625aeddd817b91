"""The contract of an objective."""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor, nn

from tssd.errors import UsageError
from tssd.models import NetOutput, SpikingNet, vgg9
from tssd.objectives import Objective, SelfDistillation, Timesteps
from tssd.testing.expect import expect, name_of
from tssd.testing.outputs import NEEDS, Watched, mapped, tensors
from tssd.testing.parameters import check_progress

# Samples, classes and pixels; all different from the timesteps.
N, K, SIZE = 3, 5, 16


def check_objective(
    make: Callable[[], Objective],
    *,
    timesteps: tuple[int, int] = (2, 4),
    net: SpikingNet | None = None,
    sample_shape: tuple[int, ...] = (3, SIZE, SIZE),
) -> None:
    """Check an objective against all that the loss, training and tables rely on.

    A scalar, finite and unweighted; the mean over samples; a gradient for the network or for
    parameters of its own, every one of which gets one; no trace of teachers in its weights and
    gradients; float32 in mixed precision; needs declared as they are used; nothing hidden between
    calls and nothing changed of what it is given; weight and ramp as told by progress; one line
    where timesteps do not suit it.

    Args:
        make: builds the objective: a class, or a function. Called with no argument.
        timesteps: T_s and T_t with which it makes sense.
        net: the network to judge; None = a small VGG-9.
        sample_shape: of an input of `net`.
    Raises: AssertionError: names the objective, what was found and what was expected.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net = net or vgg9(num_classes=K, image_size=SIZE, width=1 / 16)
        x = 2 * torch.randn(N, *sample_shape)
        target = torch.arange(N) % net.num_classes
        objective = make()
        name = name_of(make, objective)
        expect(
            isinstance(objective, Objective),
            f"{name}: got a {type(objective).__name__}, expected a tssd.objectives.Objective",
        )
        objective.train()
        criterion = _connected(name, objective, net, Timesteps(*timesteps))
        out = _output(name, criterion, net, x, target)
        _check_value(name, objective, out, target)
        _check_weight(name, objective, out, target)
        _check_samples(name, objective, out, target)
        _check_needs(name, objective, out, target)
        _check_gradients(name, criterion, out, target)
        _check_precision(name, objective, out, target)
        _check_timesteps(name, make, net, x, target)
        _check_ramp(name, make())


def _connected(
    name: str, objective: Objective, net: SpikingNet, timesteps: Timesteps
) -> SelfDistillation:
    # A weight of 0 is no objection here.
    weight, objective.weight = objective.weight, 1.0
    criterion = SelfDistillation({"checked": objective}, timesteps).connect(net)
    objective.weight = weight
    try:
        known = objective.timesteps
    except UsageError:
        known = None
    expect(known == timesteps, f"{name}: its connect does not call super().connect(net, timesteps)")
    return criterion


def _output(
    name: str, criterion: SelfDistillation, net: SpikingNet, x: Tensor, target: Tensor
) -> NetOutput:
    """What the loss hands over to the objective, all fields filled in."""
    seen: list[NetOutput] = []
    (objective,) = criterion.terms.values()
    handle = objective.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    try:
        criterion.run(net, x, target)
    except Exception as error:  # what is wrong with its value is said below
        expect(seen, f"{name}: fails in a loss: {type(error).__name__}: {error}")
    finally:
        handle.remove()
    return seen[0]


def _term(objective: Objective, out: NetOutput, target: Tensor) -> Tensor:
    return objective(replace(out), target)


def _check_value(name: str, objective: Objective, out: NetOutput, target: Tensor) -> None:
    before = {key: value.detach().clone() for key, value in tensors(out).items()}
    value = _term(objective, out, target)
    expect(isinstance(value, Tensor), f"{name}: returned {type(value).__name__}, expected a tensor")
    expect(value.shape == (), f"{name}: returned shape {list(value.shape)}, expected a scalar []")
    expect(value.isfinite(), f"{name}: returned {value.item()}, expected a finite number")
    for key, now in tensors(out).items():
        expect(torch.equal(now, before[key]), f"{name}: changed {key}, expected it left as it was")
    again = _term(objective, out, target)
    expect(
        torch.equal(again, value),
        f"{name}: a second call on the same gave {again.item()} instead of {value.item()}: it "
        "keeps something from one call to the next",
    )


def _check_weight(name: str, objective: Objective, out: NetOutput, target: Tensor) -> None:
    value = _term(objective, out, target).item()
    kept = objective.weight, objective.current_weight
    objective.weight, objective.current_weight = 3.0, 3.0
    weighted = _term(objective, out, target).item()
    objective.weight, objective.current_weight = kept
    expect(
        weighted == value,
        f"{name}: depends on its weight ({value:.4g} and {weighted:.4g}), expected the unweighted "
        "term: the loss multiplies",
    )


def _check_samples(name: str, objective: Objective, out: NetOutput, target: Tensor) -> None:
    value = _term(objective, out, target).item()
    twice = mapped(out, lambda tensor: torch.cat([tensor, tensor], dim=1))
    doubled = _term(objective, twice, torch.cat([target, target])).item()
    expect(
        abs(doubled - value) <= 1e-5 + 1e-4 * abs(value),
        f"{name}: is {doubled:.6g} on a batch and itself once more, and {value:.6g} on the batch, "
        "expected the same: a mean over samples",
    )


def _check_needs(name: str, objective: Objective, out: NetOutput, target: Tensor) -> None:
    watched = Watched(**vars(out))
    objective(watched, target)
    read = watched.was_read()
    for field, need in NEEDS.items():
        declared = getattr(objective, need)
        expect(
            declared == (field in read),
            f"{name}: reads out.{field}, expected the class attribute {need} = True"
            if field in read
            else f"{name}: has {need} = True, but never reads out.{field}; that costs memory",
        )


def _check_gradients(
    name: str, criterion: SelfDistillation, out: NetOutput, target: Tensor
) -> None:
    (objective,) = criterion.terms.values()
    assert isinstance(objective, Objective)
    frozen = [p for teacher in criterion.teachers.values() for p in teacher.module().parameters()]
    own = dict(objective.named_parameters())
    held = {id(p) for p in frozen}
    expect(
        not held & {id(p) for p in own.values()},
        f"{name}: holds parameters of its teacher, expected self.teacher = Frozen(teacher)",
    )
    # Leaves of their own, so that nothing of the network's graph is needed.
    leaves = mapped(out, lambda tensor: tensor.detach().clone().requires_grad_())
    value = _term(objective, leaves, target)
    expect(
        value.requires_grad, f"{name}: no gradient reaches anything, expected a loss to minimise"
    )
    value.backward()
    found = {key: t.grad for key, t in tensors(leaves).items() if key != "out.input"}
    expect(
        any(g is not None and bool(g.any()) for g in [*found.values(), *_grads(objective)]),
        f"{name}: its gradient is zero everywhere, for a network that has not learnt yet",
    )
    expect(
        all(g is None or bool(g.isfinite().all()) for g in found.values()),
        f"{name}: its gradient has values that are not finite",
    )
    for key, parameter in own.items():
        expect(
            not parameter.requires_grad or (parameter.grad is not None and parameter.grad.any()),
            f"{name}: its parameter {key} gets no gradient; a teacher goes into Frozen(teacher)",
        )
    expect(
        all(p.grad is None for p in frozen),
        f"{name}: gradients reach its teacher, expected it to be called in no other way than "
        "self.teacher(x)",
    )
    objective.zero_grad()


def _check_precision(name: str, objective: Objective, out: NetOutput, target: Tensor) -> None:
    value = _term(objective, out, target)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = _term(objective, out, target)
    expect(
        mixed.dtype in (torch.float32, torch.float64),
        f"{name}: is {mixed.dtype} in mixed precision, expected float32",
    )
    expect(
        abs(mixed.item() - value.item()) <= 0.02 + 0.05 * abs(value.item()),
        f"{name}: is {mixed.item():.4g} in mixed precision, but {value.item():.4g} without",
    )


def _check_timesteps(
    name: str, make: Callable[[], Objective], net: SpikingNet, x: Tensor, target: Tensor
) -> None:
    for student, teacher in ((1, 1), (2, 2), (1, 3)):
        try:
            objective = make()
            criterion = _connected(name, objective, net, Timesteps(student, teacher))
            value = criterion.run(net, x, target).terms["checked"]
        except UsageError as error:  # it says that it makes no sense here
            expect("\n" not in str(error), f"{name}: refuses in several lines, expected one")
            continue
        except Exception as error:
            raise AssertionError(
                f"{name}: fails at T_s = {student}, T_t = {teacher} with {type(error).__name__} "
                f"({error}), expected a value, or a UsageError in connect"
            ) from error
        expect(
            value.isfinite(),
            f"{name}: is {value.item()} at T_s = {student}, T_t = {teacher}, expected it finite",
        )


def _check_ramp(name: str, objective: Objective) -> None:
    full = objective.weight
    expect(
        isinstance(full, int | float) and full >= 0,
        f"{name}: weight is {full!r}, expected a number >= 0; call super().__init__(weight)",
    )
    weights = []
    for epoch in (0.0, 0.5, 1e6):
        objective.set_progress(epoch, 1_000_000)
        weights.append(objective.current_weight)
    if type(objective).share is not Objective.share:  # a schedule of its own
        expect(
            all(0 <= weight <= full for weight in weights) and any(weights),
            f"{name}: its weight goes {weights} over training, expected 0 to {full}; its share is "
            "from 0 to 1",
        )
    else:
        start = 0.0 if objective.ramp_epochs else full
        expect(
            weights[0] == start and weights[-1] == full and weights == sorted(weights),
            f"{name}: its weight goes {weights} over training, expected {start} to {full}; call "
            "super().set_progress(epoch, epochs)",
        )
    check_progress(name, objective)


def _grads(module: nn.Module) -> list[Tensor | None]:
    return [p.grad for p in module.parameters()]
