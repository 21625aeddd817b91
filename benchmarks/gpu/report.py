"""What came out, as one Markdown page; made anew after every part."""

from collections.abc import Mapping
from typing import Any

MIB = 2**20


def page(record: Mapping[str, Any]) -> str:
    """The whole page.

    Args:
        record: `machine`, `parts` (how each ended) and what `tests`, `steps` and `paper` say; what
            is not there yet is left out.
    """
    machine = record.get("machine") or {}
    parts = ["# On a GPU", _machine(machine)]
    if reason := record.get("no_gpu"):
        parts.append(f"**{reason}**")
    rows = [
        (name, ended["status"], f"{ended['seconds']:.0f}", ended.get("why", ""))
        for name, ended in record.get("parts", {}).items()
    ]
    parts += ["## Parts", table(("part", "", "seconds", ""), rows)]
    if tests := record.get("tests"):
        parts += ["## Tests", tests]
    if steps := record.get("steps"):
        parts += ["## A training step of VGG-9", *_steps(steps)]
    if paper := record.get("paper"):
        parts += ["## The paper's network on CIFAR-10", *_paper(paper)]
    return "\n\n".join(parts) + "\n"


def table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [header, ("---",) * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _machine(machine: Mapping[str, Any]) -> str:
    packages = machine.get("packages", {}) | machine.get("others", {})
    known = ", ".join(f"{name} {found}" for name, found in packages.items() if found)
    return (
        f"{machine.get('cuda') or 'No GPU'}, driver {machine.get('driver')}, CUDA "
        f"{machine.get('cuda_of_torch')}; {known}; commit {machine.get('commit')}. Made by "
        "`make gpu`."
    )


def _steps(steps: Mapping[str, Any]) -> list[str]:
    said = (
        f"Batch {steps['batch']}, width {steps['width']:g}: forward, backward, SGD; float32 with "
        "torch's defaults (convolutions in TF32) unless a row says otherwise. Medians of rounds in "
        "which the peers take turns; the ratio is to the first row. Peak: memory of a step beyond "
        f"weights, gradients and momentum. CuPy: {steps['cupy']}."
    )
    parts = [said]
    for timesteps, peers in steps["timesteps"].items():
        base = next(iter(peers.values()))
        rows = [_peer(name, found, base) for name, found in peers.items()]
        header = ("T = " + str(timesteps), "ms", "rounds", "ratio", "peak, MiB", "ratio")
        parts.append(table(header, rows))
    return parts


def _peer(name: str, found: Mapping[str, Any], base: Mapping[str, Any]) -> tuple[str, ...]:
    if "error" in found:
        return (name, f"skipped: {found['error']}", "", "", "", "")

    def ratio(key: str) -> str:
        return f"{found[key] / base[key]:.2f}" if base.get(key) and found.get(key) else ""

    median, peak = found.get("median"), found.get("peak")
    return (
        name,
        "" if median is None else f"{1e3 * median:.2f}",
        str(len(found.get("seconds", []))),
        ratio("median"),
        "" if peak is None else f"{peak / MIB:.0f}",
        ratio("peak"),
    )


def _paper(paper: Mapping[str, Any]) -> list[str]:
    options = ", ".join(f"`--{name} {value}`" for name, value in paper["options"].items())
    said = (
        f"`tssd train {paper['recipe']}+METHOD --trainer.epochs {paper['epochs']}` with {options}. "
        f"An epoch takes {paper['seconds_an_epoch']:.1f} s as measured before; "
        f"{paper['seconds_left']:.0f} s were left."
    )
    rows = [
        (
            method,
            *(
                (found["error"], "", "", "", "")
                if "error" in found
                else (
                    *(_percent(found["accuracy"], t) for t in (1, 2, 4)),
                    str(found["epochs"]),
                    f"{found['train_seconds']:.0f}",
                )
            ),
        )
        for method, found in paper["methods"].items()
    ]
    missing = [method for method in paper["planned"] if method not in paper["methods"]]
    if missing:
        rows += [(method, "not finished", "", "", "", "") for method in missing]
    header = ("test accuracy, %", "T = 1", "T = 2", "T = 4", "epochs", "seconds")
    return [said, table(header, rows)]


def _percent(accuracy: list[float], timesteps: int) -> str:
    return f"{100 * accuracy[timesteps - 1]:.2f}" if timesteps <= len(accuracy) else ""
