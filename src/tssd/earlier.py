"""Runs of earlier versions: what those did where an option has been added since."""

from typing import Any

Config = dict[str, Any]

# Options of the trainer, and what was done before they were there.
_TRAINER = {
    "decay_norms_and_biases": True,
    "channels_last": False,
    "accumulate": 1,
    "sync_batch_norm": False,
}
_BATCH_NORM = "tssd.norms.pooled_batch_norm"
# What print shows of a network that was given as an object.
PRINTED = "net.init_args.printed"


def with_later_options(config: Config) -> Config:
    """The complete configuration of a run, with the options that its version did not have.

    Args:
        config: content of a run's config.yaml; other content is left as it is.
    """
    trainer, exits = config.get("trainer"), config.get("exits")
    if isinstance(trainer, dict):
        config = config | {"trainer": _TRAINER | trainer}
    exits = exits if isinstance(exits, dict) else {}
    inside = exits.get("init_args")
    if isinstance(inside, dict) and "neuron" in inside and "norm" not in inside:
        # Exits had batch norm, whatever the network had. Where it had the same, they have its own.
        had = {"neuron": inside["neuron"], "norm": _BATCH_NORM}
        own = options_of(config.get("net"))
        exits = exits | {
            "init_args": inside | {k: None if own.get(k) == v else v for k, v in had.items()}
        }
        config = config | {"exits": exits}
    return config


def unwritten(*configs: Config) -> tuple[str, ...]:
    """Dotted names of options that a run's version did not write down: they may be anything.

    Args:
        configs: contents of the config.yaml of each run that is compared.
    """
    *_, name = PRINTED.split(".")
    known = all(name in options_of(config.get("net")) for config in configs)
    return () if known else (PRINTED,)


def options_of(node: Any) -> dict[str, Any]:
    """What a section that names a class says of it; nothing of other content."""
    found = node.get("init_args") if isinstance(node, dict) else None
    return found if isinstance(found, dict) else {}
