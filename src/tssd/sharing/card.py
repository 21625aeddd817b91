"""The card of a network: a README for people, below a head for the hub, written from its files."""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tssd.hub.name import HubName
from tssd.listed import and_dots
from tssd.report.accuracy_interval import accuracy_interval
from tssd.report.confidence import in_words, overconfidence
from tssd.report.shown_names import in_markdown, printable
from tssd.runs.files import RunFiles, is_of_objects
from tssd.runs.results import Results
from tssd.runs.which_epoch import epoch_in_words
from tssd.sharing.front_matter import began_with, data_set, front_matter, is_of_images

# Classes that are listed by their names.
SHOWN = 20


class Shared(NamedTuple):
    """What is shared, and how.

    Args:
        run: the readable files of it, without what belongs to its machine.
        results: of it.
        name: that it gets.
        licence: as the hub abbreviates it; None = none is given.
        trust: modules of its maker's that it needs, whose code is not shared with it.
        size: of its weights in bytes.
    """

    run: RunFiles
    results: Results
    name: HubName
    licence: str | None
    trust: Sequence[str]
    size: int


def card(shared: Shared) -> str:
    """The text of README.md."""
    head = front_matter(shared.run, shared.results, licence=shared.licence)
    sections = {
        "Use": _use(shared),
        "Accuracy and costs": _measured(shared),
        "Training": _training(shared),
        "What it is for, and its limits": _limits(shared),
    }
    body = "\n\n".join(f"## {title}\n\n{text}" for title, text in sections.items())
    return f"{head}\n# {shared.name.name}\n\n{_about(shared)}\n\n{body}\n"


def _about(shared: Shared) -> str:
    results, steps = shared.results, shared.results.timesteps
    names = [in_markdown(name) for name in shared.run.class_names()]
    listed = and_dots(names, SHOWN)
    licence = shared.licence or "none is given, so that all rights are its maker's"
    return (
        f"A spiking neural network for {in_markdown(data_set(results)[0])}: "
        f"{in_markdown(results.description or 'no description')}. It is meant to run for T = "
        f"{steps.student} timestep{'s' * (steps.student != 1)}, and runs for other T as well.\n\n"
        f"Trained with tssd (temporal-spatial self-distillation, arXiv 2406.07862). "
        f"Classes: {listed}. Licence: {licence}."
    )


def _use(shared: Shared) -> str:
    name, steps = str(shared.name), shared.results.timesteps
    install = "pip install tssd" if shared.name.owner is None else "pip install 'tssd[hub]'"
    trust, words = "", ""
    if shared.trust:
        trust = f", trust={[*shared.trust]!r}"
        words = "".join(f" --trust {shlex.quote(module)}" for module in shared.trust)
    given, takes, file = _sample(shared.run.model)
    text = (
        f"```python\n# {install}\nimport tssd\n\n"
        f'net = tssd.load("{name}"{trust})\n'
        f"found = net.predict({given})  # {takes}\n"
        f"print(found.names[{steps.student - 1}])  # the classes at T = {steps.student}\n```"
    )
    commands = []
    if file is not None:
        commands.append(f"tssd predict {name} {file}{words}\n")
    if not is_of_objects(shared.run.config):
        commands.append(
            f"tssd evaluate {name}{words}  # the numbers below, measured again, where the data is\n"
        )
    if commands:
        text += f"\n\n```bash\n{''.join(commands)}```"
    if shared.trust:
        listed = ", ".join(f"`{module}`" for module in shared.trust)
        text += (
            f"\n\nIt is built by code of its maker's, {listed}, which is not here. Get it from "
            "them, read it, and only then trust it: to import it is to run it."
        )
    return text


def _sample(model: Mapping[str, Any]) -> tuple[str, str, str | None]:
    """What `predict` takes, in Python and in words, and a file for its command, if it takes any."""
    if given := model.get("as_given"):
        axes = "[T, C, H, W]" if given == "frames" else "[C, H, W]"
        return "[x]", f"x of an item (x, y) of the training's Dataset, {axes}", None
    if is_of_images(model):
        return '["image.png"]', "files, pictures, arrays or tensors", "image.png"
    if (model.get("sample_shape") or [])[1:] == [1, 1]:  # spike trains, many samples a file
        return "x", "frames of counts, [T, N, C, 1, 1]", None
    return '["recording.bin"]', "recordings, or frames", "recording.bin"


def _measured(shared: Shared) -> str:
    evaluation, student = shared.results.evaluated(), shared.results.timesteps.student
    costs = evaluation.operations
    heads = ["T", "test accuracy, %", "95 % interval", "calibration error, %"]
    heads += ["spikes a neuron and timestep"] if evaluation.mean_firing_rate else []
    heads += ["MACs, M", "accumulates, M", "energy, µJ"] if costs else []
    rows = [heads, ["---", *["---:"] * (len(heads) - 1)]]
    for at, share in enumerate(evaluation.accuracy):
        low, high = accuracy_interval(share, evaluation.samples)
        row = [f"{at + 1}{'*' * (at + 1 == student)}", f"{100 * share:.2f}"]
        row += [
            f"{100 * low:.1f} to {100 * high:.1f}",
            _at(evaluation.calibration_error, at, ".2f", 100),
        ]
        row += [_at(evaluation.mean_firing_rate, at, ".3f")] if evaluation.mean_firing_rate else []
        if costs:
            row += [_at(counts, at, ".3g", 1e-6) for counts in (costs.macs, costs.acs)]
            row += [_at(costs.energy_uj, at, ".3g")]
        rows.append(row)
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    told = [
        f"\\* the timesteps it is meant for. n = {evaluation.samples} test samples; "
        f"{epoch_in_words(shared.results)}. The interval (Wilson) is about the choice of test "
        "samples; another seed differs besides."
    ]
    if costs:
        model = costs.energy_model
        told.append(
            "Operations and energy are a sample's over T timesteps, counted and not measured on "
            f"hardware: {model.mac_pj} pJ a multiply-accumulate, {model.ac_pj} pJ an accumulate "
            f"({model.source}). At T = {student}, "
            f"{_at(costs.graded_share, student - 1, '.1f', 100)} % of the accumulates are of "
            "inputs other than 0 and 1; with these priced as multiply-accumulates it is "
            f"{_at(costs.energy_graded_as_macs_uj, student - 1, '.3g')} µJ."
        )
    if evaluation.uncounted:
        told.append(f"Not counted: {in_markdown(', '.join(evaluation.uncounted))}.")
    return f"{table}\n\n{' '.join(told)}"


def _training(shared: Shared) -> str:
    results, facts = shared.results, shared.run.environment
    steps, sizes = results.timesteps, results.split_sizes or {}
    samples = ", ".join(f"{count} {part}" for part, count in sizes.items()) or "not recorded"
    cpu = facts.get("cpu")
    machine = facts.get("cuda") or (cpu.get("model") if isinstance(cpu, dict) else None)
    packages = facts.get("packages")
    versions = packages if isinstance(packages, dict) else {}
    versions = ", ".join(f"{name} {version}" for name, version in versions.items() if version)
    rows = {
        "data": in_markdown(f"{data_set(results)[0]}: {samples} samples"),
        "split": f"{_code(results.split_hash)}, content {_code(results.content_hash or 'unknown')}",
        "timesteps": f"T_s = {steps.student}, T_t = {steps.teacher or 'not recorded'}",
        "parameters": f"{_grouped(results.parameters)} ({shared.size / 1e6:.2f} MB of weights)",
        "epochs": f"{results.epochs or 'not recorded'}, seed {results.seed}",
        "command": _code(facts["command"]) if facts.get("command") else "not recorded",
        "machine": in_markdown(
            f"{machine or 'not recorded'}, threads: {facts.get('threads')}, "
            f"precision: {facts.get('precision')}"
        ),
        "operations": _operations(results),
        "versions": in_markdown(f"{versions or 'not recorded'}; commit {facts.get('commit')}"),
    }
    if (source := began_with(shared.run)) is not None:
        rows["began with"] = f"the weights of {_code(source)}"
    table = "\n".join(f"| {name} | {text} |" for name, text in rows.items())
    again = (
        "With the files of this network in a folder, `tssd train FOLDER --output MINE` trains it "
        "again: the same machine and versions give the same weights, others give others."
    )
    if is_of_objects(shared.run.config):
        again = (
            "It was trained from Python by tssd.fit, on parts that were given as objects: "
            "`config.yaml` names them, and the script that made them trains it again."
        )
    return f"| | |\n| --- | --- |\n{table}\n\n`config.yaml` holds every option. {again}"


def _limits(shared: Shared) -> str:
    results = shared.results
    shape = shared.run.model.get("sample_shape")
    sample = " x ".join(map(str, shape)) if isinstance(shape, list) else "the shape of training"
    becomes = f"becomes {sample} (channels, height, width)"
    if shared.run.model.get("as_given"):
        becomes = f"has to be {sample} (channels, height, width), prepared as in its training,"
    told = [
        "It is for research on spiking networks with few timesteps, and for trying tssd. It has "
        "been tested on nothing but the test samples above; decisions about people, and anything "
        "that has to be safe, need far more than that.",
        f"Every input {becomes} and gets one of its {len(shared.run.class_names())} classes, "
        "whatever it shows, perhaps with high confidence. How it does on other data than "
        f"{in_markdown(data_set(results)[0])} is not known.",
        f"Its confidence at T = {results.evaluated().report_at or 'the longest'}: "
        f"{in_words(overconfidence(results.evaluated().reliability))} on the test samples.",
        "It is one training with one seed. Methods are compared over several seeds, by "
        "`tssd compare`, and not by cards.",
    ]
    return "\n".join(f"- {text}" for text in told)


def _operations(results: Results) -> str:
    count = results.training.operations
    return "not recorded" if count is None else f"{count:.2g} in training, multiply-accumulates x 2"


def _at(values: Sequence[float] | None, at: int, digits: str, factor: float = 1.0) -> str:
    return f"{factor * values[at]:{digits}}" if values and at < len(values) else "-"


def _grouped(count: int | None) -> str:
    return "not recorded" if count is None else f"{count:,}"


def _code(text: str) -> str:
    """Text of somebody's as code, in a table too."""
    return f"`{printable(text).replace('`', '').replace('|', chr(92) + '|')}`"
