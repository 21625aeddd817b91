"""The head of a card, which the hub reads: licence, library, tags, accuracy as a model index."""

import re
from collections.abc import Mapping
from typing import Any

import yaml

from tssd.hub.name import HubName, is_hub_name
from tssd.runs.files import RunFiles
from tssd.runs.results import Results

TAGS = ["spiking-neural-network", "snn", "neuromorphic", "pytorch"]
# Data sets that the hub has under a name of its own.
ON_THE_HUB = {
    "CIFAR-10": "uoft-cs/cifar10",
    "CIFAR-100": "uoft-cs/cifar100",
    "Fashion-MNIST": "zalando-datasets/fashion_mnist",
    "ImageNet": "ILSVRC/imagenet-1k",
}


def front_matter(run: RunFiles, results: Results, *, licence: str | None) -> str:
    """The YAML between two lines of dashes.

    Args:
        run: its name is that of the network.
        results: of it.
        licence: as the hub abbreviates it, such as mit; None = none is given.
    """
    name, _ = data_set(results)
    of_images = is_of_images(run.model)
    head: dict[str, Any] = {"license": licence} if licence else {}
    head["library_name"] = "tssd"
    if of_images:
        head["pipeline_tag"] = "image-classification"
    head["tags"] = [*TAGS, *(["self-distillation"] if "Distillation" in run.config else [])]
    if name in ON_THE_HUB:
        head["datasets"] = [ON_THE_HUB[name]]
    source = began_with(run)
    if source and is_hub_name(source) and (known := HubName.parse(source)).owner:
        head["base_model"] = known.repository
    head["metrics"] = ["accuracy"]
    head["model-index"] = [{"name": run.name, "results": [_result(results, _task(run.model))]}]
    return f"---\n{yaml.safe_dump(head, sort_keys=False, allow_unicode=True)}---\n"


def began_with(run: RunFiles) -> str | None:
    """What the weights were that a training began with; None = random ones."""
    init = run.environment.get("init")
    source = init.get("weights") if isinstance(init, dict) else None
    return source if isinstance(source, str) else None


def is_of_images(model: Mapping[str, Any]) -> bool:
    """Whether the network takes images: the hub has no word for recordings of events."""
    if model.get("as_given") == "frames":
        return False
    shape = model.get("sample_shape")
    if not isinstance(shape, list) or len(shape) != 3:
        return False
    return shape[0] in (1, 3) and shape[1:] != [1, 1]


def data_set(results: Results) -> tuple[str, str | None]:
    """Name of the data set, and of event data the fingerprint of how its frames are made.

    >>> from types import SimpleNamespace
    >>> data_set(SimpleNamespace(dataset="N-MNIST eea990a0a29c"))
    ('N-MNIST', 'eea990a0a29c')
    """
    name = results.dataset or "data that is not named"
    frames = re.fullmatch(r"(.*\S) ([0-9a-f]{12})", name)
    return (frames[1], frames[2]) if frames else (name, None)


def _task(model: Mapping[str, Any]) -> dict[str, str]:
    if is_of_images(model):
        return {"type": "image-classification", "name": "Image classification"}
    # Samples of a Dataset that are neither pictures nor frames, such as features.
    of_others = model.get("as_given") == "image"
    return {
        "type": "other",
        "name": "Classification" if of_others else "Classification of event recordings",
    }


def _result(results: Results, task: Mapping[str, str]) -> dict[str, Any]:
    evaluation = results.evaluated()
    name, frames = data_set(results)
    own = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    fingerprints = {"split_hash": results.split_hash, "content_hash": results.content_hash}
    fingerprints["frames"] = frames
    return {
        "task": dict(task),
        "dataset": {
            "type": ON_THE_HUB.get(name, own),
            "name": name,
            "split": "test",
            "args": {key: value for key, value in fingerprints.items() if value},
        },
        "metrics": [
            {
                "type": "accuracy",
                "value": round(share, 6),
                "name": f"accuracy at T = {t}",
                "args": {"T": t, "samples": evaluation.samples},
            }
            for t, share in enumerate(evaluation.accuracy, start=1)
        ],
    }
