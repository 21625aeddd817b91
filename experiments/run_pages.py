"""Run README, quickstart and commands from top to bottom, in the state that `make train` leaves.

    make train
    .venv/bin/python experiments/run_pages.py --images FOLDER/cifar10-jpeg

Their Python, every command of the table and those that make event recordings are run in the
checkout's folder, and what the quickstart says of the result is checked. `make train` and `make
test` themselves are run with --make. Data and runs of the event commands go into a temporary
folder. Exit code 1 if anything is not as it says.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", "docs/quickstart.md", "docs/commands.md")
TEXT = "\n".join((ROOT / page).read_text(encoding="utf-8") for page in PAGES)
RUN = "runs/digits+vgg9+quick+tssd/seed0"

QUICK = "digits+vgg9+quick+"
# What `make train` must find with any seeds, threads and processor: a network trained at one T is
# far below one with labels at two when it runs at another, and TSSD is at most a few points away.
LEAST, MOST = 10.0, 6.0

# What the commands of the table stand for, by their first words. What takes an hour is planned
# only, and training of one's own images is cut short.
SHORT = "--net.width 0.03125 --trainer.epochs 1 --data.train_samples 50 --output {tmp}/short"
EXAMPLES = {
    "tssd recipes": ["tssd recipes", "tssd recipes digits+vgg9+tssd"],
    "tssd train": [
        f"tssd train digits+vgg9+tssd {SHORT}",
        f"tssd train digits+vgg9+tssd {SHORT} --resume",
        "tssd train cifar10+vgg9+tssd --dry-run",
    ],
    "tssd compare": ["tssd compare digits+vgg9+quick+control digits+vgg9+quick+tssd"],
    "tssd report": [f"tssd report {RUN}", "tssd report runs"],
    "tssd reproduce": ["tssd reproduce table1 --scale small --dry-run --data.root {tmp}/data"],
    "tssd evaluate": [f"tssd evaluate {RUN} --timesteps 8"],
    "tssd export": [
        f"tssd export {RUN} --format engine --output {{tmp}}/engine",
        f"tssd export {RUN} --format onnx --output {{tmp}}/onnx",
        f"tssd export {RUN} --format nir --soft-reset recorded --output {{tmp}}/nir",
        f"tssd export {RUN} --format torch --output {{tmp}}/torch",
    ],
    "tssd bench": [f"tssd bench {RUN} --timesteps 1,4 --seconds 1"],
    "tssd predict": [f"tssd predict {RUN} {{tmp}}/digit.png"],
    "tssd hub": ["tssd hub", "tssd predict hub:digits-vgg9 {tmp}/digit.png"],
    "tssd push": [
        f"tssd push {RUN} jane/digits --dry-run",
        f"tssd push {RUN} jane/digits --license mit --output {{tmp}}/pushed",
    ],
    "tssd data": ["tssd data info digits/tssd"],
    "tssd doctor": ["tssd doctor"],
    "tssd completion": ["tssd completion bash"],
}


def blocks() -> Iterator[tuple[str, str]]:
    """Language and text of the code blocks, in order."""
    for found in re.finditer(r"^```(\w*)\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE):
        yield found[1], found[2]


def table_commands() -> list[str]:
    """The first two words of each command in the table."""
    return re.findall(r"^\| `(tssd \w+)", TEXT, re.MULTILINE)


def shell(line: str, cwd: Path) -> bool:
    """Run a command; whether it ended well."""
    began = time.monotonic()
    done = subprocess.run(line, shell=True, cwd=cwd, capture_output=True, text=True, check=False)
    last = [*done.stdout.strip().splitlines(), *done.stderr.strip().splitlines(), ""]
    told = done.stderr.strip().splitlines()[-1:] if done.returncode else last[-2:-1]
    print(f"[{done.returncode}] {time.monotonic() - began:6.1f} s  {line}\n      {' '.join(told)}")
    sys.stdout.flush()
    return done.returncode == 0


def check_table() -> bool:
    """Whether `make train`'s accuracies are those of the quickstart, as far as its spread tells."""
    made = ROOT / "runs/comparison.json"
    if not made.exists():
        sys.exit("runs/comparison.json: not there, run `make train` first")
    table = json.loads(made.read_text())
    rows = {row["method"]: row["accuracy"] for row in table["rows"]}
    named = {
        "vanilla, trained at T = 1": f"{QUICK}vanilla_ts",
        "vanilla, trained at T = 4": f"{QUICK}vanilla_tt",
        "control, labels at T = 1 and 4": f"{QUICK}control",
        "TSSD, T_s = 1, T_t = 4": f"{QUICK}tssd",
    }
    good = True
    for line in TEXT.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[0] not in named or len(cells) != 4:
            continue
        for t, cell in zip((1, 2, 4), cells[1:], strict=True):
            mean, spread = map(float, re.findall(r"[\d.]+", cell))
            found = rows[named[cells[0]]][str(t)]["mean"]
            fits = abs(found - mean) <= 2 * spread
            good &= fits
            end = "" if fits else "  NOT"
            print(f"      {cells[0]}, T = {t}: {found:.1f}, quickstart {cell}{end}")
    return good and check_reading(table["differences"])


def check_reading(differences: dict[str, Any]) -> bool:
    """Whether what `make train` is read for holds here."""
    rows = {row["method"]: row["timesteps"] for row in differences["rows"]}
    collapse, taught = rows[f"{QUICK}vanilla_ts"]["4"], rows[f"{QUICK}tssd"]["1"]
    low, high = collapse["interval"]
    found = {
        f"vanilla trained at 1 at T = 4, minus control: {low:.1f} to {high:.1f}": (
            collapse["told_apart"] and high < -LEAST
        ),
        f"TSSD at T = 1, minus control: {taught['difference']:.1f}": (
            abs(taught["difference"]) < MOST
        ),
    }
    for words, holds in found.items():
        print(f"      {words}{'' if holds else '  NOT'}")
    return all(found.values())


def main() -> int:
    """Run all, print each with its exit code and time."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=Path, help="cifar10-jpeg, for the event commands")
    parser.add_argument("--make", action="store_true", help="run make train and make test, too")
    args = parser.parse_args()
    os.environ["PATH"] = f"{ROOT / '.venv/bin'}{os.pathsep}{os.environ['PATH']}"
    os.chdir(ROOT)
    # First, since the table of `tssd compare` below takes its place.
    bad = [] if check_table() else ["the table of make train"]
    names: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        tmp = Path(folder)
        (tmp / "data").mkdir()
        if args.images:
            (tmp / "data/cifar10-jpeg").symlink_to(args.images.resolve())
        make_digit(tmp / "digit.png")
        for language, text in blocks():
            if language == "python":
                try:
                    exec(compile(text, "pages", "exec"), names)
                    print(f"[ok] {text.splitlines()[0]} ...")
                except Exception as error:
                    bad.append(f"{text.splitlines()[0]}: {error!r}")
                continue
            # Those that train a network stand for themselves in EXAMPLES.
            if language != "bash" or not re.search(r"^make |data simulate", text, re.MULTILINE):
                continue
            for line in text.splitlines():
                command = line.partition("  #")[0].strip()
                is_make = command.startswith("make ")
                skip = not args.make if is_make else not args.images
                if not command or command.startswith("#") or skip:
                    continue
                if not shell(command, ROOT if is_make else tmp):
                    bad.append(command)
        for command in table_commands():
            if command not in EXAMPLES:
                bad.append(f"{command}: not known here")
            for line in EXAMPLES.get(command, []):
                if not shell(line.format(tmp=tmp), ROOT):
                    bad.append(line)
        accuracy = check_predictions(names)
        results = json.loads((ROOT / RUN / "results.json").read_text())
        stated = results[results["selected"]]["accuracy"][1]
        print(
            f"      predict at T = 2 on the test digits: {accuracy:.4f}, results.json {stated:.4f}"
        )
        if abs(accuracy - stated) > 1e-9:
            bad.append("accuracy of predict")
    print("\n".join([f"{len(bad)} not as the pages say", *bad]))
    return int(bool(bad))


def make_digit(path: Path) -> None:
    """A picture of a digit."""
    import numpy as np
    from PIL import Image
    from sklearn.datasets import load_digits

    Image.fromarray((load_digits().images[3] * 255 / 16).astype(np.uint8)).save(path)


def check_predictions(names: dict[str, Any]) -> float:
    """Accuracy of the quickstart's `classes` on the digits that the run was tested on."""
    from sklearn.datasets import load_digits

    from tssd.data.digits import TEST_SHARE
    from tssd.data.splits import TEST_SEED, hold_out

    labels = load_digits().target
    _, tested = hold_out(labels, TEST_SHARE, seed=TEST_SEED)
    return float((names["classes"].numpy() == labels)[tested].mean())


if __name__ == "__main__":
    sys.exit(main())
