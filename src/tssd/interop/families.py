"""How SpikingJelly's networks name their layers, in the order in which tssd's build theirs."""

from collections.abc import Iterable
from typing import NamedTuple

from tssd.errors import UsageError


class Family(NamedTuple):
    """Networks that name their layers in the same way.

    The names of a state_dict are put in order by these words, not by its own order: safetensors
    keeps none. Numbers in names count up.

    Args:
        name: of the module in `spikingjelly.activation_based.model`.
        words: that names of layers are made of, in the order in which the network of the same kind
            builds its own.
    """

    name: str
    words: tuple[str, ...]

    def place(self, layer: str) -> tuple[int, ...]:
        """Where a layer stands among the others. Raises: ValueError: a word that is not known."""
        parts = layer.split(".")
        return tuple(int(part) if part.isdigit() else self.words.index(part) for part in parts)


_STAGES = ("layer1", "layer2", "layer3", "layer4")
_FIRST = ("conv1", "bn1", "sn1", "conv2", "bn2")

FAMILIES = (
    Family("spiking_vgg", ("features", "classifier")),
    Family("parametric_lif_net", ("conv_fc",)),
    # The neuron behind an addition comes after both branches. Without trained neurons the weights
    # of sew_resnet have the same names and the same order.
    Family("spiking_resnet", (*_FIRST, "downsample", "sn2", *_STAGES, "fc")),
    Family("sew_resnet", (*_FIRST, "sn2", "downsample", "downsample_sn", *_STAGES, "fc")),
    Family(
        "ms_resnet",
        (
            "stem",
            "spike1",
            "conv1",
            "bn1",
            "spike2",
            "conv2",
            "bn2",
            "downsample",
            *_STAGES,
            "head_lif",
            "head",
        ),
    ),
    # In the layers of `tssd.interop.restated`.
    Family(
        "spikformer",
        (
            *("patch_embed", "stages", "conv_bn", "block", "neuron", "positional_encoding"),
            *("blocks", "attn", "qkv_conv_bn", "qkv_lif", "attn_lif", "proj_conv_bn", "proj_lif"),
            *("mlp", "fc1", "neuron1", "fc2", "neuron2", "head"),
        ),
    ),
    Family(
        "spike_driven_transformer",
        (
            *("patch_embed", "stages", "final_stage", "final_lif", "rpe_conv", "rpe_bn"),
            *("blocks", "attn", "shortcut_lif", "qkv_conv", "qkv_bn", "attn_lif"),
            *("proj_conv", "proj_bn"),
            *("mlp", "lif1", "fc1", "bn1", "lif2", "fc2", "bn2", "head_lif", "head"),
        ),
    ),
)


def in_order(layers: Iterable[str]) -> list[str]:
    """Names of SpikingJelly's layers as tssd's network has its own.

    Raises: UsageError: they are of no network that is known.
    """
    layers = list(layers)
    unknown: list[tuple[int, str]] = []
    for family in FAMILIES:
        strange = [name for name in layers if not _is_known(name, family)]
        if not strange:
            return sorted(layers, key=family.place)
        unknown.append((len(strange), strange[0]))
    # That of the family which knows most of them.
    _, name = min(unknown)
    known = ", ".join(family.name for family in FAMILIES)
    raise UsageError(
        f"weights: {name!r} is the name of no layer of SpikingJelly's {known}; tssd.adapt trains "
        "any other network as it is"
    )


def _is_known(layer: str, family: Family) -> bool:
    return all(part.isdigit() or part in family.words for part in layer.split("."))
