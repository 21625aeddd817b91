"""What a run achieves and costs at every T."""

from collections.abc import Mapping

from tssd.report.confidence import in_words, overconfidence
from tssd.report.html.against_t import against_t, sampling
from tssd.report.html.elements import Content, Html, details, element, note, together
from tssd.report.html.figures import figures
from tssd.report.html.rounding import Form, digits, from_one, percent, si, three, whole
from tssd.report.html.run_facts import run_facts
from tssd.report.html.samples import Samples
from tssd.report.html.sourced import Sourced, shown
from tssd.report.html.tables import table
from tssd.runs.results import Epoch
from tssd.runs.which_epoch import epoch_in_words

OTHER: Mapping[Epoch, Epoch] = {"best": "last", "last": "best"}


def headline(results: Sourced, samples: Samples | None) -> Html:
    """The numbers that one looks for first, those at T_s before all."""
    main, other = _epochs(results)
    names = {"best": "best epoch", "last": "last epoch"}
    counts = results.value.selected
    curve = against_t(
        "accuracy",
        "Accuracy against T",
        "test accuracy, %",
        {names[counts]: main["accuracy"], names[OTHER[counts]]: other["accuracy"]},
        _student(results),
        samples=results["best"]["samples"].number() if results["best"]["samples"] else 0,
    )
    cards = element("div", {"class": "cards"}, *_cards(results, main, samples))
    side = element("div", {"class": "split"}, cards, curve)
    return together([side, run_facts(results), _energy(main["operations"])])


def _cards(results: Sourced, main: Sourced, samples: Samples | None) -> list[Html]:
    student, operations = _student(results), main["operations"]
    at = min(student, len(main["accuracy"])) - 1
    (ends,) = sampling([main["accuracy"][at]], results["best"]["samples"].number())
    low, high = ends or (0.0, 100.0)
    cards = [
        _card(
            f"test accuracy at T = {at + 1}",
            main["accuracy"][at],
            percent,
            " %",
            f"95 % interval {low:.1f} to {high:.1f}, for the number of test samples; one seed",
            kind="own",
        ),
        _card(
            "calibration error",
            main["calibration_error"][at],
            percent,
            " %",
            f"at T = {at + 1}; {in_words(overconfidence(main.value.reliability))}",
        ),
        _card("parameters", results["parameters"], whole, "", "without exits"),
        _card("SynOps a sample", operations["acs"][at], si, "", f"at T = {at + 1}, plus MACs"),
        _card("energy a sample", operations["energy_uj"][at], digits, " µJ", f"at T = {at + 1}"),
    ]
    if samples and samples.latency_ms:
        t = min(student, len(samples.latency_ms))
        cards.append(
            element(
                "div",
                {"class": "card"},
                element("small", None, "latency, measured"),
                element("b", None, f"{samples.latency_ms[t - 1]:.3g}", _unit(" ms")),
                element("small", None, f"one sample at T = {t}, {samples.device}"),
            )
        )
    return cards


def timesteps(results: Sourced, samples: Samples | None) -> Html:
    """Accuracy, calibration and costs, as a table and as curves."""
    main, other = _epochs(results)
    student = _student(results)
    count = max(len(main["accuracy"]), len(other["accuracy"]))
    operations = main["operations"]
    counts = results.value.selected
    columns: list[tuple[str, Sourced, Form]] = [
        ("accuracy, %", main["accuracy"], percent),
        (f"{OTHER[counts]} epoch, %", other["accuracy"], percent),
        ("cross entropy, nats", main["nll"], three),
        ("calibration error, %", main["calibration_error"], percent),
        ("MACs", operations["macs"], si),
        ("SynOps", operations["acs"], si),
        ("graded SynOps, %", operations["graded_share"], percent),
        ("energy, µJ", operations["energy_uj"], digits),
        ("energy, graded as MACs, µJ", operations["energy_graded_as_macs_uj"], digits),
        ("energy without padding, µJ", operations["unpadded"]["energy_uj"], digits),
        ("spikes a neuron and timestep", main["mean_firing_rate"], three),
    ]
    columns = [column for column in columns if column[1]]
    header: list[Content] = ["T", *[name for name, _, _ in columns]]
    latency = samples.latency_ms if samples else ()
    rows: list[list[Content]] = []
    for t in range(1, count + 1):
        name = f"{t} (T_s)" if t == student else str(t)
        rows.append([name, *[shown(values[t - 1], form) for _, values, form in columns]])
        if latency:
            rows[-1].append(f"{latency[t - 1]:.3g}" if t <= len(latency) else None)
    if latency:
        header.append("latency, ms")
    caption = together(
        [
            f"Weights: {epoch_in_words(results.value)}; epoch ",
            shown(main["epoch"], from_one),
            f", unless another is named ({OTHER[counts]}: epoch ",
            shown(other["epoch"], from_one),
            "). ",
            shown(results["best"]["samples"], whole),
            " test samples.",
        ]
    )
    whole_table = table(caption, header, rows)
    return together(
        [
            whole_table,
            figures(
                against_t(
                    "calibration",
                    "Calibration against T",
                    "expected calibration error, %",
                    {"calibration error": main["calibration_error"]},
                    student,
                    zero=True,
                ),
            ),
            note(
                "Calibration error: how far confidence is from accuracy, over 15 equal-width bins."
            ),
        ]
    )


def _epochs(results: Sourced) -> tuple[Sourced, Sourced]:
    """What was evaluated with the weights that count, and with the others."""
    counts = results.value.selected
    return results[counts], results[OTHER[counts]]


def _student(results: Sourced) -> int:
    """T_s."""
    return int(results["timesteps"]["student"].value)


def _energy(operations: Sourced) -> Html:
    if not operations:
        return note("Operations and energy were not recorded.")
    model = operations["energy_model"]
    constants = note(
        "Energy: ",
        shown(model["mac_pj"], digits),
        " pJ a multiply-accumulate (MAC), ",
        shown(model["ac_pj"], digits),
        " pJ an accumulate (SynOp); ",
        shown(model["source"], digits),
        ". It is computed from counted operations, not measured.",
    )
    rule = element("p", {"class": "note"}, shown(operations["rule"], digits))
    layers = operations["layers"]
    count = len(operations["acs"])
    graded = range(len(operations["graded_share"]))  # older results have none
    rows = [
        [
            name,
            shown(layers[name]["kind"], digits),
            shown(layers[name]["dense_macs"], si),
            *[shown(layers[name]["count"][t], si) for t in range(count)],
            *[shown(layers[name]["density"][t], three) for t in range(count)],
            *[shown(layers[name]["graded_share"][t], three) for t in graded],
        ]
        for name in layers.value or ()
    ]
    steps = range(1, count + 1)
    header = [
        "layer",
        "kind",
        "dense MACs a timestep",
        *[f"operations, T = {t}" for t in steps],
        *[f"share of inputs, T = {t}" for t in steps],
        *[f"share of graded operations, T = {t + 1}" for t in graded],
    ]
    per_layer = table("Operations a sample, and non-zero inputs, by layer", header, rows)
    uncounted = ", ".join(map(str, operations["uncounted"].value or ()))
    missing = note(f"Not counted: {uncounted}.") if uncounted else None
    return together(
        [constants, missing, details("What is counted, layer by layer", rule, per_layer)]
    )


def _card(name: str, node: Sourced, form: Form, unit: str, small: str, *, kind: str = "") -> Html:
    return element(
        "div",
        {"class": f"card {kind}".strip()},
        element("small", None, name),
        element("b", None, shown(node, form), _unit(unit) if node else None),
        element("small", None, small if node else "not recorded"),
    )


def _unit(text: str) -> Html:
    return element("span", None, text)
