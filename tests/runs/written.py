"""Folders of runs as they are on disk, written without training."""

import json

CONFIG = "seed: 0\ntimesteps:\n  student: 2\nobjectives: {}\ntrainer:\n  x: 1\n  epochs: 9\n"


def content(seed=0, split="abc", accuracy=(0.5, 0.6)):
    return {
        "seed": seed,
        "timesteps": {"student": 2, "teacher": 4},
        "split_hash": split,
        "best": {
            "accuracy": list(accuracy),
            "samples": 1,
            "confusion": [[1]],
            "operations": {
                "layers": {},
                "macs": [0.0],
                "acs": [1.0],
                "energy_uj": [0.9],
                "energy_model": {"mac_pj": 4.6, "ac_pj": 0.9, "source": "45 nm"},
                "rule": "what counts",
            },
            "reliability": {"samples": [1], "confidence": [0.8], "accuracy": [1.0]},
        },
        "last": {"accuracy": list(accuracy)},
    }


def write(root, name, results=None, *, config=CONFIG, metrics=None):
    """A run folder below the root; results are a mapping or the text of the file."""
    folder = root / name
    folder.mkdir(parents=True)
    if config is not None:
        (folder / "config.yaml").write_text(config)
    if results is not None:
        text = results if isinstance(results, str) else json.dumps(results)
        (folder / "results.json").write_text(text)
    if metrics is not None:
        (folder / "metrics.csv").write_text(metrics)
    return folder
