"""All checks in turn, the light ones first; none that fails keeps the others from running."""

import logging
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tssd.doctor.disk import disk
from tssd.doctor.finding import Finding, pip_install

TALKERS = ("tssd", "lightning.pytorch", "lightning.fabric")

Check = Callable[[], Finding | Iterable[Finding]]


def examine(root: str | None = None) -> Iterator[Finding]:
    """Every check as it is done. Torch is imported after those that need none.

    Args:
        root: the data root; None = that of the environment variable.
    """
    yield from light()
    yield from heavy(root)


def light() -> Iterator[Finding]:
    """What is installed, and the disk: answered at once."""

    def installed(name: str) -> Check:
        def check() -> Finding | Iterable[Finding]:
            from tssd.doctor import installed

            return getattr(installed, name)()

        return check

    for name in ("python", "tssd", "required", "extras"):
        yield from _answers(name, installed(name))
    yield from _answers("disk", lambda: disk(Path()))


def heavy(root: str | None) -> Iterator[Finding]:
    """What needs torch: without it there is one finding, that it can't be imported."""
    try:
        from tssd.doctor import machine
    except Exception as error:  # whatever a broken installation raises
        remedy = pip_install(["--force-reinstall", "torch", "torchvision", "lightning"])
        yield Finding("torch", "fails", _said(error), remedy)
        return
    yield from _answers("torch", machine.libraries)
    yield from _answers("processor", machine.processor)
    yield from _answers("device", machine.devices)
    yield from _answers("bfloat16", machine.bfloat16)

    def data() -> Finding:
        from tssd.doctor.data_sets import data_sets

        return data_sets(root)

    with _quiet(), tempfile.TemporaryDirectory(prefix="tssd-doctor-") as folder:
        yield from _answers("data", data)
        straight, interrupted = Path(folder) / "straight", Path(folder) / "interrupted"

        def training() -> Finding:
            from tssd.doctor import tiny_run

            return tiny_run.training(straight)

        def resume() -> Finding:
            from tssd.doctor import tiny_run

            return tiny_run.resume(straight, interrupted)

        trained = list(_answers("training", training))
        yield from trained
        if trained[-1].status == "ok":
            yield from _answers("resume", resume)


def _answers(name: str, check: Check) -> Iterator[Finding]:
    """What a check finds; that it can't be done is a finding, too."""
    try:
        found = check()
        yield from [found] if isinstance(found, Finding) else found
    except Exception as error:
        yield Finding(name, "fails", _said(error))


def _said(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


@contextmanager
def _quiet() -> Iterator[None]:
    """What a run says of itself is not asked for here."""
    loggers = [logging.getLogger(name) for name in TALKERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
