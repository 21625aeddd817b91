"""The sections of a recipe by name, what they mean, and what stands in those that are left out.

Needs no import of what the sections are made of: see `tssd.config.schema` for their types.
"""

from copy import deepcopy

from tssd.config.recipe import Config

MEANINGS = {
    "description": "one line on what the recipe is",
    "seed": "seed of weights, order and augmentation; the split does not depend on it",
    "data": "data module",
    "net": "network, or a function that builds it; its shapes come from the data",
    "weights": "what its convolutions compute with, such as tssd.models.QuantisedWeights; null = "
    "the weights that are trained",
    "timesteps": "timesteps of student and teacher",
    "objectives": "terms of the loss by name; null removes one, a new name adds one",
    "exits": "where exits stand and how they are built",
    "optimizer": "torch optimizer",
    "schedule": "learning-rate schedule",
    "trainer": "length, precision and machine",
    "callbacks": "callbacks of Lightning by name; null removes one, a new name adds one",
    "logger": "where metrics go besides metrics.csv: csv, tensorboard, wandb, mlflow, or a class",
    "init": "run folder or .safetensors file whose weights training starts from",
    "freeze": "names of parts of the network that are not trained; * stands for any text",
    "rule": "how gradients go back in time, such as tssd.rules.SLTT; null = through all timesteps",
}

# Sections that most recipes don't have, and what stands there then.
UNUSED: Config = {
    "weights": None,
    "callbacks": {},
    "logger": None,
    "init": None,
    "freeze": [],
    "rule": None,
}

# What options of Lightning's Trainer are called here.
AS_OURS = {
    "trainer.accumulate_grad_batches": "trainer.accumulate",
    "trainer.enable_progress_bar": "trainer.progress",
    "trainer.gradient_clip_val": "trainer.gradient_clip",
    "trainer.max_epochs": "trainer.epochs",
    "trainer.num_nodes": "trainer.nodes",
    "trainer.sync_batchnorm": "trainer.sync_batch_norm",
}

DEFAULTS: Config = {
    "description": "",
    "seed": 0,
    "exits": {"class_path": "tssd.objectives.ExitPlan"},
    "optimizer": {
        "class_path": "torch.optim.SGD",
        "init_args": {"lr": 0.1, "momentum": 0.9, "weight_decay": 1e-4},
    },
    "schedule": {"class_path": "tssd.training.schedule.StepDecay"},
    "trainer": {},
}


def with_defaults(config: Config) -> Config:
    """A recipe with the sections that it leaves out, in the order of the sections."""
    merged = deepcopy(DEFAULTS) | config
    return {name: merged[name] for name in [*MEANINGS, *merged] if name in merged}


def without_empty(config: Config) -> Config:
    """A recipe without the sections that say nothing.

    >>> without_empty({"seed": 0, "callbacks": {}, "init": None})
    {'seed': 0}
    """
    return {name: value for name, value in config.items() if value or name not in UNUSED}


def option_parts(option: str) -> list[str]:
    """The parts of an option's dotted name.

    Whoever knows jsonargparse may write out the YAML's class_path and init_args.
    """
    parts = option.split(".")
    return [part for part in parts if part not in ("class_path", "init_args")] or parts
