"""SpikingJelly's transformers in the layers that tssd's have: the same functions, other tensors.

Queries, keys and values are three layers of its Spike-driven Transformer and one here. Linear
layers of its Spikformer are convolutions of one dimension, and of two here. And a bias in front of
a batch norm is a shift of the running mean: here linear layers have one and stems have none, there
Spikformer has none and the Spike-driven Transformer has them in its stem, too.
"""

import re
from collections.abc import Mapping

import torch
from torch import Tensor

_QKV = re.compile(r"(blocks\.\d+\.attn\.)([qkv])(_(?:conv|bn)\.\w+)")
_STEM_BIAS = re.compile(r"(patch_embed\.(?:stages\.\d+|final_stage))\.0\.bias")
_FLAT = re.compile(r"blocks\.\d+\.(?:attn\.(?:qkv|proj)_conv_bn|mlp\.fc[12])\.0\.weight")
_UNBIASED = re.compile(r"(blocks\.\d+\.(?:attn\.proj_conv_bn|mlp\.fc[12]))\.0\.weight")


def restated(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A state_dict of SpikingJelly's in layers like tssd's; of other networks it is as it was.

    Names stay SpikingJelly's, but for `qkv_conv` and `qkv_bn`, each of which stands for three.
    """
    found: dict[str, Tensor] = {}
    for name, value in tensors.items():
        if parts := _three(name, tensors):
            if (match := _QKV.fullmatch(name)) and match[2] == "q":
                joined = torch.cat([tensors[part] for part in parts]) if value.dim() else value
                found[f"{match[1]}qkv{match[3]}"] = joined
        elif _mean_behind(name, tensors) is None:
            is_flat = _FLAT.fullmatch(name) and value.dim() == 3
            found[name] = value.unsqueeze(-1) if is_flat else value
        if (match := _UNBIASED.fullmatch(name)) and f"{match[1]}.0.bias" not in tensors:
            found[f"{match[1]}.0.bias"] = value.new_zeros(len(value))
    for name, bias in tensors.items():
        if mean := _mean_behind(name, tensors):
            found[mean] = tensors[mean] - bias
    return found


def stated_back(found: Mapping[str, Tensor], tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Values by the names of `restated(tensors)`, as SpikingJelly has them, in its order."""
    back: dict[str, Tensor] = {}
    for name, was in tensors.items():
        if parts := _three(name, tensors):
            match = _QKV.fullmatch(name)
            assert match is not None  # or there were no three
            value = found[f"{match[1]}qkv{match[3]}"]
            back[name] = value.chunk(3)[parts.index(name)].clone() if was.dim() else value
        elif _mean_behind(name, tensors) is not None:
            back[name] = torch.zeros_like(was)
        elif name in found:  # a batch norm's counter may be in neither
            is_flat = _FLAT.fullmatch(name) and was.dim() == 3
            back[name] = found[name].squeeze(-1) if is_flat else found[name]
    for name in tensors:
        match = _UNBIASED.fullmatch(name)
        if match and f"{match[1]}.0.bias" not in tensors:
            mean = f"{match[1]}.1.running_mean"
            back[mean] = back[mean] - found[f"{match[1]}.0.bias"]
    return back


def _three(name: str, tensors: Mapping[str, Tensor]) -> list[str]:
    """Names of the q, k and v of which this is one; none if one of them is missing."""
    match = _QKV.fullmatch(name)
    parts = [f"{match[1]}{of}{match[3]}" for of in "qkv"] if match else []
    return parts if all(part in tensors for part in parts) else []


def _mean_behind(name: str, tensors: Mapping[str, Tensor]) -> str | None:
    """The running mean that takes in a bias of a stem's convolution; None for anything else."""
    match = _STEM_BIAS.fullmatch(name)
    mean = f"{match[1]}.1.running_mean" if match else ""
    return mean if mean in tensors else None
