"""Parameters in groups for an optimiser: some take no weight decay, or another learning rate.

A part says so itself: `parameter_options() -> dict[str, dict[str, float]]` gives, by the name of
one of its parameters, {"weight_decay": 0.0} or {"lr_factor": 0.1}.
"""

import math
from typing import Any, NamedTuple

from torch import nn

from tssd.errors import UsageError

OPTIONS = ("weight_decay", "lr_factor")
NORMS = (
    nn.modules.batchnorm._NormBase,
    nn.GroupNorm,
    nn.LayerNorm,
    nn.RMSNorm,
)

Options = dict[str, float]


class _Declared(NamedTuple):
    """What a part says of a parameter, and the name by which messages call it."""

    options: Options
    name: str


def parameter_groups(
    *modules: nn.Module, lr: float | None = None, decay_norms_and_biases: bool = True
) -> list[dict[str, Any]]:
    """The trained parameters of some modules as a torch optimiser takes them. One line:

        optimizer = torch.optim.SGD(tssd.parameter_groups(net, criterion, lr=0.1), lr=0.1)

    Parameters of which nothing is said come first, in one group without options.

    Args:
        modules: a parameter that several share counts once.
        lr: the optimiser's learning rate, needed where a part takes a share of it.
        decay_norms_and_biases: whether weight decay applies to the scales and shifts of torch's
            norms, to parameters of modules that say `is_norm = True` and to those named bias.
            What a part itself says of a parameter counts more.
    Raises: UsageError: something else than a module, a part gives an option or a parameter that
        there is not, two parts say different things of one parameter, or `lr` is needed and not
        given.
    """  # noqa: D400, D415 - the summary ends in an example
    declared: dict[nn.Parameter, _Declared] = {}
    undecayed: set[nn.Parameter] = set()
    for root in modules:
        if not isinstance(root, nn.Module):
            raise UsageError(
                f"parameter_groups: got a {type(root).__name__}, expected modules one after the "
                "other, such as tssd.parameter_groups(net, criterion, lr=0.1)"
            )
        for name, part in root.named_modules():
            _declare(name, part, declared)
            if not decay_norms_and_biases:
                undecayed.update(_norms_and_biases(part))
    groups: dict[tuple[tuple[str, float], ...], list[nn.Parameter]] = {(): []}
    for parameter in dict.fromkeys(p for root in modules for p in root.parameters()):
        if not parameter.requires_grad:
            continue
        options: Options = {"weight_decay": 0.0} if parameter in undecayed else {}
        if parameter in declared:
            options |= _as_of_torch(declared[parameter], lr)
        groups.setdefault(tuple(sorted(options.items())), []).append(parameter)
    return [{"params": params, **dict(options)} for options, params in groups.items() if params]


def _declare(name: str, part: nn.Module, declared: dict[nn.Parameter, _Declared]) -> None:
    own = getattr(part, "parameter_options", None)
    if not callable(own):
        return
    where = f"{name} ({type(part).__name__})" if name else type(part).__name__
    parameters = dict(part.named_parameters())
    said = own()
    if not isinstance(said, dict):
        raise UsageError(f"{where}: its parameter_options returned {said!r:.80}, expected a dict")
    for key, options in said.items():
        if key not in parameters:
            known = ", ".join(parameters) or "none"
            raise UsageError(
                f"{where}: its parameter_options name {key!r}, expected a parameter of its own: "
                f"{known}"
            )
        _check(f"{where}: parameter_options of {key!r}", options)
        before = declared.setdefault(parameters[key], _Declared(options, f"{where}, {key}"))
        if before.options != options:
            raise UsageError(
                f"{where}: its parameter_options give {key!r} {options}, but the same parameter "
                f"has {before.options} from {before.name}, expected one group; let one part say it"
            )


def _check(where: str, options: object) -> None:
    if not isinstance(options, dict):
        raise UsageError(
            f"{where}: got {options!r:.80}, expected a dict such as {{'lr_factor': 1}}"
        )
    for option, value in options.items():
        if option not in OPTIONS:
            raise UsageError(f"{where}: got {option!r}, expected one of {', '.join(OPTIONS)}")
        number = isinstance(value, int | float) and math.isfinite(value) and value >= 0
        if not number:
            raise UsageError(f"{where}: {option} is {value!r}, expected a finite number >= 0")


def _as_of_torch(declared: _Declared, lr: float | None) -> Options:
    options = dict(declared.options)
    factor = options.pop("lr_factor", 1.0)
    if factor == 1:
        return options
    if lr is None:
        raise UsageError(
            f"lr: got none, but {declared.name} takes {factor:g} times the optimiser's; pass "
            "lr=..., the same as to the optimiser"
        )
    return options | {"lr": factor * lr}


def _norms_and_biases(part: nn.Module) -> list[nn.Parameter]:
    is_norm = isinstance(part, NORMS) or getattr(part, "is_norm", False) is True
    named = part.named_parameters(recurse=False)
    return [p for name, p in named if is_norm or name.endswith("bias")]
