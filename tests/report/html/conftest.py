"""Hand-made runs, and a reader of the pages made from them."""

from html.parser import HTMLParser

import pytest

VOID = {"meta", "link", "br", "img", "wbr"}


class Page(HTMLParser):
    """What a page holds; refuses elements that do not close."""

    def __init__(self, text):
        super().__init__()
        self.elements = []  # [tag, attributes, text inside]
        self.open = []
        self.text = ""
        self.feed(text)
        self.close()
        assert not self.open, f"not closed: {[self.elements[i][0] for i in self.open]}"

    def handle_starttag(self, tag, attrs):
        self.elements.append([tag, dict(attrs), ""])
        if tag not in VOID:
            self.open.append(len(self.elements) - 1)

    def handle_endtag(self, tag):
        assert self.elements[self.open[-1]][0] == tag
        self.open.pop()

    def handle_data(self, data):
        self.text += data
        for i in self.open:
            self.elements[i][2] += data

    def all(self, tag):
        return [(attributes, text) for name, attributes, text in self.elements if name == tag]

    def attributes(self, name):
        return [a[name] for _, a, _ in self.elements if name in a]


@pytest.fixture(scope="session")
def read():
    return Page


def make_results(
    seed=0, *, accuracy=(0.5, 0.625, 0.75), student=2, teacher=4, split="abc", description="by hand"
):
    """Content of results.json of a network with one layer and one exit."""
    steps = len(accuracy)
    grow = [float(t) for t in range(1, steps + 1)]
    layer = {
        "kind": "ac",
        "count": [1234.5 * t for t in grow],
        "density": [0.1 + 0.011 * t for t in grow],
        "dense_macs": 5000.0,
    }
    return {
        "description": description,
        "seed": seed,
        "timesteps": {"student": student, "teacher": teacher},
        "dataset": "digits",
        "split_hash": split,
        "split_sizes": {"train": 160, "val": 40, "test": 8},
        "parameters": 145554,
        "epochs": 3,
        "train_seconds": 71.7,
        "training": {
            "network_steps": teacher,
            "operations": 3.1e14,
            "seconds": 61.25,
            "seconds_to": {"50": 12.5, "60": 30.75},
        },
        "best": {
            "epoch": 1,
            "timesteps": steps,
            "report_at": 2,
            "samples": 8,
            "accuracy": list(accuracy),
            "nll": [1.5 / t for t in grow],
            "calibration_error": [0.0466 + 0.01 * t for t in grow],
            "reliability": {
                "samples": [0, 3, 5],
                "confidence": [None, 0.5625, 0.875],
                "accuracy": [None, 0.25, 0.8],
            },
            "confusion": [[3, 1], [2, 2]],
            "firing_rates": {"stages.0/1": [0.2 + 0.01 * t for t in grow]},
            "mean_firing_rate": [0.2 + 0.01 * t for t in grow],
            "operations": {
                "layers": {"stages.0": layer},
                "macs": [55296.0] * steps,
                "acs": [1234567.0 * t for t in grow],
                "energy_uj": [0.7307 * t for t in grow],
                "energy_model": {"mac_pj": 4.6, "ac_pj": 0.9, "source": "45 nm"},
                "uncounted": [],
                "rule": "what counts",
            },
            "uncounted": [],
            "early_exit": {
                "1": {
                    "thresholds": [0.0, 0.5, 1.0],
                    "accuracy": [0.25, 0.5, 0.625],
                    "leaving": [1.0, 0.375, 0.0],
                }
            },
        },
        "last": {"epoch": 2, "accuracy": [a - 0.125 for a in accuracy]},
    }


@pytest.fixture(scope="session")
def results():
    return make_results


METRICS = [
    {"epoch": 0.0, "lr": 0.05, "train/task": 2.3, "train/temporal": 0.004, "val/accuracy": 0.1,
     "val/accuracy_t1": 0.1, "val/accuracy_t2": 0.2},
    {"epoch": 1.0, "lr": 0.03, "train/task": 1.9, "train/temporal": 0.01, "val/accuracy": 0.4,
     "val/accuracy_t1": 0.3, "val/accuracy_t2": 0.4},
    {"epoch": 2.0, "lr": 0.01, "train/task": 1.7, "train/temporal": 0.02, "val/accuracy": 0.35,
     "val/accuracy_t1": 0.3, "val/accuracy_t2": 0.35},
]  # fmt: skip


@pytest.fixture
def metrics():
    return [dict(row) for row in METRICS]


CONFIG = """description: by hand
seed: 0
timesteps:
  student: 2
  teacher: 4
objectives:
  task: tssd.objectives.TaskCrossEntropy
trainer:
  epochs: 3
"""


@pytest.fixture(scope="session")
def config():
    return CONFIG


@pytest.fixture
def run_files(metrics, results):
    from tssd.runs.files import RunFiles
    from tssd.runs.results import Results

    return RunFiles(
        name="runs/hand/seed0",
        results=Results.of(results()),
        metrics=metrics,
        config=CONFIG,
        environment={"packages": {"torch": "2.14"}, "cuda": None, "commit": "cafe"},
        model={"class_names": ["cat", "dog"]},
    )


@pytest.fixture
def collection(results):
    """Two methods with three seeds, one with two."""
    from pathlib import Path

    from tssd.report.collection import Collection
    from tssd.runs.results import Results
    from tssd.runs.state import FinishedRun, LeftOut

    accuracies = {
        "d/tssd": [(0.60, 0.70, 0.71), (0.62, 0.73, 0.72), (0.61, 0.75, 0.73)],
        "d/tsd": [(0.55, 0.66, 0.70), (0.56, 0.65, 0.70)],
        "d/vanilla": [(0.50, 0.60, 0.70), (0.53, 0.61, 0.71), (0.50, 0.62, 0.72)],
    }
    methods = {
        name: [
            FinishedRun(
                Path("runs") / name / f"seed{seed}",
                f"{name}/seed{seed}",
                Results.of(results(seed, accuracy=accuracy, teacher=2 if "vanilla" in name else 4)),
            )
            for seed, accuracy in enumerate(seeds)
        ]
        for name, seeds in accuracies.items()
    }
    left = [LeftOut(Path("runs/d/x"), "d/x", "half-finished", "2 of 3 epochs; continue")]
    return Collection(methods, left)


@pytest.fixture
def changed(collection):
    """The same runs, of methods that a text begins, after a change of what their files hold."""
    from dataclasses import replace

    from tssd.runs.results import Results

    def change_all(change, names="d/"):
        for name, group in collection.methods.items():
            for index, run in enumerate(group if name.startswith(names) else ()):
                content = run.results.to_dict()
                change(content)
                group[index] = replace(run, results=Results.of(content))
        return collection

    return change_all


@pytest.fixture
def methods(collection):
    from tssd.report.html import Methods

    return Methods.of(collection, reference=None, epoch="best")


@pytest.fixture
def samples():
    import numpy as np

    from tssd.report.html import Sample, Samples

    image = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    maps = {"stages.0": np.linspace(0, 1, 48).reshape(3, 4, 4).astype(np.float32)}
    found = [
        Sample(image, "cat", ["dog", "cat", "cat"], [0.5, 0.6, 0.7], maps),
        Sample(image, "dog", ["dog", "dog", "cat"], [0.5, 0.6, 0.7], maps),
    ]
    return Samples(found, 2, "the first ones", latency_ms=(1.0, 2.5, 4.0), device="cpu, 1 threads")
