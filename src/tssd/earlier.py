"""Runs of earlier versions: what those did where an option has been added since."""

from typing import Any

Config = dict[str, Any]

_BATCH_NORM = "tssd.norms.pooled_batch_norm"


def with_later_options(config: Config) -> Config:
    """The complete configuration of a run, with the options that its version did not have.

    Args:
        config: content of a run's config.yaml; other content is left as it is.
    """
    trainer, exits = config.get("trainer"), config.get("exits")
    if isinstance(trainer, dict):
        config = config | {"trainer": {"decay_norms_and_biases": True} | trainer}
    exits = exits if isinstance(exits, dict) else {}
    inside = exits.get("init_args")
    if isinstance(inside, dict) and "neuron" in inside:
        # Exits had batch norm, whatever the network had.
        exits = exits | {"init_args": inside | {"norm": inside.get("norm", _BATCH_NORM)}}
        config = config | {"exits": exits}
    return config
