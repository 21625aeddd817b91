"""Damages the files of a run in many ways: load, predict and evaluate answer with one line or work.

    python experiments/damaged_runs.py --cases 300

Every case takes a sound run, damages one file of it (a value replaced, a key removed, bytes
changed, cut off), and reads it in this process. What may not happen: any exception but TssdError, a
message of more than a line, or a case that takes longer than --seconds.
"""

import argparse
import copy
import json
import math
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml

from tssd import TssdError, load
from tssd.config import build, load_recipe
from tssd.evaluation import evaluate
from tssd.reopened.open_run import load_parts
from tssd.training.fit import fit

OPTIONS = {
    "net.width": "0.03125",
    "data.train_samples": "50",
    "trainer.epochs": "1",
    "trainer.threads": "1",
    "trainer.progress": "false",
}
VALUES: list[Any] = [
    None, True, False, 0, -1, 1, 7, 10**9, 10**30, 0.5, -0.5, 1e308, math.nan, math.inf, "", "x",
    "a.b", "tssd.LIF", "tssd.models.vgg9", "os.system", [], {}, [[]], [1, 2, 3], {"a": 1},
    {"class_path": "tssd.LIF"}, {"class_path": 5}, {"class_path": "tssd.LIF", "init_args": 5}, "\0",
    "\ud800", "x" * 10_000, [0] * 10_000,
]  # fmt: skip
TEXTS = ("[" * 10_000, '{"a": ' * 10_000, "", "null", "5", "[1]", "\0", "a: &a [*a]", "{}")
TEXT_FILES = ("model.json", "config.yaml", "results.json", "environment.json")
TENSOR_FILES = ("checkpoints/last.ckpt", "checkpoints/best.ckpt")
FILES = (*TEXT_FILES, *TENSOR_FILES, "model.safetensors", "exits.safetensors")


def places(content: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where a value could be replaced, as keys from the top."""
    keys: Any = ()
    if isinstance(content, dict):
        keys = list(content)
    elif isinstance(content, list):
        keys = range(min(len(content), 3))
    found = [(*above, key) for key in keys]
    for key in keys:
        found += places(content[key], (*above, key))
    return found


def change(content: Any, dice: random.Random) -> str:
    """Replace or remove one value in place; what was done, in words."""
    *above, last = dice.choice(places(content))
    for key in above:
        content = content[key]
    if isinstance(content, dict) and dice.random() < 0.2:
        del content[last]
        return f"{[*above, last]} removed"
    content[last] = copy.deepcopy(dice.choice(VALUES))
    return f"{[*above, last]} = {content[last]!r:.40}"


def damage(run: Path, dice: random.Random) -> str:
    """Damage one file of a run; what was done, in words."""
    name = dice.choice([file for file in FILES if (run / file).exists()])
    path = run / name
    way = dice.random()
    if way < 0.6 and name in TEXT_FILES:
        is_json = path.suffix == ".json"
        content = json.loads(path.read_text()) if is_json else yaml.safe_load(path.read_text())
        done = change(content, dice)
        text = json.dumps(content) if is_json else yaml.safe_dump(content)
        path.write_text(text, errors="surrogatepass")
        return f"{name}: {done}"
    if way < 0.7 and name in TEXT_FILES:
        path.write_text(text := dice.choice(TEXTS))
        return f"{name}: is {text!r:.30}"
    if way < 0.6 and name in TENSOR_FILES:
        content = torch.load(path, weights_only=True)
        done = change(content, dice)
        torch.save(content, path)
        return f"{name}: {done}"
    content = bytearray(path.read_bytes())
    if dice.random() < 0.3:
        size = dice.randrange(len(content))
        path.write_bytes(content[:size])
        return f"{name}: cut off at {size}"
    for _ in range(dice.choice((1, 3, 30))):
        content[dice.randrange(min(len(content), dice.choice((200, 10**9))))] = dice.randrange(256)
    path.write_bytes(content)
    return f"{name}: bytes changed"


def read(run: Path, images: torch.Tensor) -> None:
    """All that reads a run."""
    net = load(run)
    net.predict(images)
    parts = load_parts(run, [])
    batch = parts.data.dataset("test").__getitems__([0, 1])
    evaluate(parts.net, [batch], parts.evaluate_timesteps, criterion=parts.criterion)


def main() -> int:
    """Run the cases; 1 if any went wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--cases", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=60.0)
    args = parser.parse_args()
    dice, answers, wrong = random.Random(args.seed), Counter[str](), list[str]()
    images = torch.from_numpy(np.zeros((2, 1, 16, 16), np.uint8))
    with tempfile.TemporaryDirectory() as folder:
        sound, run = Path(folder, "sound"), Path(folder, "run")
        fit(build(load_recipe("digits/tssd", list(OPTIONS.items()))), sound)
        for case in range(args.cases):
            shutil.rmtree(run, ignore_errors=True)
            shutil.copytree(sound, run)
            if dice.random() < 0.3:  # the checkpoints are read of unfinished runs alone
                for file in ("results.json", "model.safetensors", "exits.safetensors"):
                    (run / file).unlink()
            done, start = damage(run, dice), time.perf_counter()
            try:
                read(run, images)
                answers["worked"] += 1
            except TssdError as error:
                answers["refused"] += 1
                if "\n" in str(error):
                    wrong.append(f"{case}: {done}: more than a line: {error}")
            except BaseException as error:  # what may not happen
                wrong.append(f"{case}: {done}: {type(error).__name__}: {error!s:.300}")
            if (seconds := time.perf_counter() - start) > args.seconds:
                wrong.append(f"{case}: {done}: took {seconds:.0f} s")
    print(f"{args.cases} cases: {dict(answers)}, {len(wrong)} wrong")
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
