"""Training's progress, told to whatever changes over it: surrogates, noise, weights that ramp.

A module that changes has `set_progress(epoch, epochs) -> dict[str, float] | None`; what it returns
is logged. Where its output in eval mode depends on the progress, it keeps that in a buffer, so that
it travels with the weights.
"""

from collections.abc import Iterable, Iterator, Mapping

from torch import nn

from tssd.errors import UsageError


def set_progress(
    parts: nn.Module | Iterable[nn.Module], epoch: float, epochs: int
) -> dict[str, float]:
    """Tell every module inside that has `set_progress`; what they answer, by `MODULE.name`.

    One line before each step of a loop of one's own, so that terms ramp up and surrogates anneal:

        tssd.set_progress([net, criterion], epoch + step / steps, epochs)

    Args:
        parts: modules, searched through; a module in two of them is told once.
        epoch: epochs trained so far, may be fractional.
        epochs: of the whole training.
    Raises: UsageError: a negative epoch, no epochs, or a module answers anything but numbers by
        name.
    """  # noqa: D400, D415 - the summary ends in an example
    if not epoch >= 0:
        raise UsageError(f"epoch: got {epoch}, expected the epochs trained so far, >= 0")
    if not epochs >= 1:
        raise UsageError(f"epochs: got {epochs}, expected those of the whole training, >= 1")
    answers: dict[str, float] = {}
    for name, part in _told(parts):
        answer = part.set_progress(epoch, epochs)  # pyright: ignore[reportCallIssue]
        for key, value in _checked(name or type(part).__name__, answer).items():
            answers[f"{name}.{key}" if name else key] = value
    return answers


def _told(parts: nn.Module | Iterable[nn.Module]) -> Iterator[tuple[str, nn.Module]]:
    known: set[nn.Module] = set()
    for root in [parts] if isinstance(parts, nn.Module) else parts:
        for name, part in root.named_modules(memo=known):
            if callable(getattr(part, "set_progress", None)):
                yield name, part


def _checked(name: str, answer: object) -> dict[str, float]:
    if answer is None:
        return {}
    if isinstance(answer, Mapping):
        try:
            return {str(key): float(value) for key, value in answer.items()}
        except (TypeError, ValueError, RuntimeError):
            pass
    raise UsageError(
        f"{name}: its set_progress returned {answer!r:.80}, expected numbers by name, such as "
        '{"width": 0.5}, or None'
    )
