"""Versions of what is installed, from its metadata: nothing is imported."""

import platform
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, metadata, requires, version

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from tssd.doctor.finding import Finding, pip_install

# What each extra is for, as the reader of a report asks.
PURPOSE = {
    "tensorboard": "TensorBoard logs",
    "interop": "networks of SpikingJelly and snnTorch",
    "aedat4": "recordings in AEDAT 4 files",
    "timm": "the optimisers LAMB, of the ImageNet recipe, and Muon, of fast and mid",
    "hub": "networks on a hub: hub:OWNER/NAME, tssd push",
    "hdf5": "recordings in HDF5 files, SHD and SSC",
    "engine": "compiled kernels of the engine for exported networks",
    "onnx": "networks exported as ONNX",
    "nir": "networks exported as NIR",
}
# For those who work on tssd itself.
NOT_TOLD = ("dev", "docs")


def python() -> Finding:
    """The Python that runs this, and whether the package allows it."""
    here = platform.python_version()
    text = f"{here} ({sys.executable})"
    try:
        needed = metadata("tssd")["Requires-Python"]
    except PackageNotFoundError:
        return Finding("python", "ok", text)
    if SpecifierSet(needed).contains(here, prereleases=True):
        return Finding("python", "ok", text)
    return Finding("python", "fails", f"{text}, expected {needed}", "use another Python")


def tssd() -> Finding:
    """Our own version, and where it is imported from."""
    from importlib.resources import files

    place = files("tssd")
    try:
        return Finding("tssd", "ok", f"{version('tssd')} ({place})")
    except PackageNotFoundError:
        text = f"imported from {place}, but not installed: what it needs is not known here"
        return Finding("tssd", "note", text, "install it with pip from its folder")


def required() -> Finding:
    """The packages that tssd can't do without."""
    needed = [requirement for requirement in _requirements() if _of_extra(requirement) is None]
    missing = _missing(needed)
    if not missing:
        return Finding("packages", "ok", f"all {len(needed)} that tssd needs are here")
    found = ", ".join(_found(requirement) for requirement in missing)
    return Finding("packages", "fails", found, pip_install(_words(missing)))


def extras() -> Iterator[Finding]:
    """One finding for each extra: what it adds, and the command that installs what is missing."""
    by_extra: dict[str, list[Requirement]] = {}
    for requirement in _requirements():
        if (extra := _of_extra(requirement)) is not None:
            by_extra.setdefault(extra, []).append(requirement)
    for extra, needed in by_extra.items():
        if extra in NOT_TOLD:
            continue
        purpose = PURPOSE.get(extra, extra)
        if missing := _missing(needed):
            text = f"{purpose}: {', '.join(_found(requirement) for requirement in missing)}"
            yield Finding(f"[{extra}]", "note", text, pip_install(_words(missing)))
        else:
            versions = ", ".join(f"{r.name} {version(r.name)}" for r in needed)
            yield Finding(f"[{extra}]", "ok", f"{purpose}: {versions}")


def _requirements() -> list[Requirement]:
    try:
        listed = [Requirement(text) for text in requires("tssd") or ()]
    except PackageNotFoundError:
        return []
    # Those for other systems, or other versions of Python, are not needed here.
    return [
        r for r in listed if r.marker is None or r.marker.evaluate({"extra": _of_extra(r) or ""})
    ]


def _of_extra(requirement: Requirement) -> str | None:
    """The extra that asks for a requirement; None = tssd itself does."""
    for part in str(requirement.marker or "").split(" and "):
        name, equals, value = part.strip("()").partition("==")
        if equals and name.strip() == "extra":
            return value.strip().strip("\"'")
    return None


def _missing(needed: list[Requirement]) -> list[Requirement]:
    return [r for r in needed if not _is_met(r)]


def _is_met(requirement: Requirement) -> bool:
    try:
        return requirement.specifier.contains(version(requirement.name), prereleases=True)
    except PackageNotFoundError:
        return False


def _found(requirement: Requirement) -> str:
    try:
        here = version(requirement.name)
    except PackageNotFoundError:
        return f"{requirement.name} is not installed"
    return f"{requirement.name} is {here}, expected {requirement.specifier}"


def _words(requirements: list[Requirement]) -> list[str]:
    words = []
    for requirement in requirements:
        inside = ",".join(sorted(requirement.extras))
        name = f"{requirement.name}[{inside}]" if inside else requirement.name
        words.append(f"{name}{requirement.specifier}")
    return words
