"""What each part of another system came to, as docs/methods/measured.md.

    python experiments/measured_parts.py

Reads the table that `tssd reproduce components` left in results/components, and beside it what
`python -m benchmarks.table_costs` measured; tests compare the page with both.
"""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "results" / "components"
PAGE = ROOT / "docs" / "methods" / "measured.md"
# The sections of the page: a data set of the table, a number of timesteps, and the heading.
SECTIONS = (
    ("CIFAR10", 1, "T = 1"),
    ("CIFAR10", 4, "T = 4"),
    ("N-MNIST", 5, "Events: N-MNIST, T = 5"),
    ("CIFAR10-DVS", 5, "Events: simulated CIFAR10-DVS, T = 5"),
)
# Where a part is described: its kind's page, and its section there.
PLACES = {
    "no part": "",
    "plif": "neurons.md#plif",
    "glif": "neurons.md#glif",
    "mlf": "neurons.md#mlf",
    "mlf2": "neurons.md#mlf",
    "lif_tet": "neurons.md#dialects-of-the-lif",
    "lif_tdbn": "neurons.md#dialects-of-the-lif",
    "lif_sltt": "neurons.md#dialects-of-the-lif",
    "asgl": "surrogates.md#asgl",
    "dspike": "surrogates.md#dspike-and-the-clamped-tanh",
    "clamped_tanh": "surrogates.md#dspike-and-the-clamped-tanh",
    "esg": "surrogates.md#esg",
    "lsg": "surrogates.md#lsg",
    "gsg_placeholder": "surrogates.md#gsg-a-placeholder",
    "per_step_norm": "norms.md",
    "tdbn": "norms.md#tdbn",
    "tebn": "norms.md#tebn",
    "mpbn": "norms.md#mpbn",
    "tet": "losses.md#tet-labels-at-every-timestep",
    "rmp": "losses.md#membranes-rmp-im-recdis",
    "im": "losses.md#membranes-rmp-im-recdis",
    "recdis": "losses.md#membranes-rmp-im-recdis",
    "sml": "losses.md#sml-surrogate-modules",
    "sscl": "losses.md#sscl-contrast-with-an-ann",
    "real_spike": "rules.md#real_spike-heights-that-fold-away",
    "dsr": "rules.md#dsr-and-dsr_if-the-gradient-of-a-rate",
    "sltt": "rules.md#sltt-every-timestep-goes-backward-by-itself",
    "sltt_k": "rules.md#sltt-every-timestep-goes-backward-by-itself",
}
INTRO = """\
# What the parts came to

Each part of [another system](README.md) in one network at one small budget, alone (trained at T = 1), with the labels at T = 1 and 4 (the control), and with TSSD (T_s = 1, T_t = 4; on events 5 and 10, alone at 5): [results/components](../../results/components/README.md) has the command, the network, T = 2, what is read from it, and the runs; [the leaderboard](../../results/leaderboard/README.md) has the distillation methods. Test accuracy in per cent with the deviation over n seeds, and differences of the same seed; parts have the numbers of their papers or codes, nothing was tuned.
"""  # noqa: E501
COSTS = """\
## Cost of training

The processor's time of an optimisation step with TSSD, and what autograd holds at most for the backward pass, times those of TSSD without a part: [results/components/components-costs.md](../../results/components/components-costs.md) has them with their spread, alone and with the control.
"""  # noqa: E501


def page() -> str:
    """The page, from what lies in results/components."""
    table = (RESULTS / "components.md").read_text(encoding="utf-8")
    text = INTRO
    for data, steps, heading in SECTIONS:
        text += f"\n## {heading}\n\n" + "".join(_rows(table, data, steps))
    costs = RESULTS / "components-costs.csv"
    return f"{text}\n{COSTS}\n{_costs(costs)}" if costs.exists() else text


def _rows(table: str, data: str, steps: int) -> Iterator[str]:
    _, found = table.split(f"\n## {data}, T = {steps}\n", 1)
    for line in found.strip().splitlines():
        if not line.startswith("|"):
            return
        _, name, rest = line.split("|", 2)
        yield f"| {_linked(name.strip())} |{rest}\n"


def _linked(name: str) -> str:
    part, *more = re.split(r"(?=, )", name, maxsplit=1)
    place = PLACES.get(part, "")
    return f"[`{part}`]({place}){''.join(more)}" if place else name


def _costs(path: Path) -> str:
    with path.open(newline="", encoding="utf-8") as file:
        own = [
            row for row in csv.DictReader(file) if (row["data"], row["row"]) == ("CIFAR10", "TSSD")
        ]
    (base,) = (row for row in own if row["column"] == "no part")
    lines = ["|  | step | held |", "| --- | ---: | ---: |"]
    for row in own:
        step, held = (float(row[name]) / float(base[name]) for name in ("time", "held"))
        lines.append(f"| {_linked(row['column'])} | {step:.2f} | {held:.2f} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(PAGE)
