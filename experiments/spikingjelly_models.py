"""Every network of SpikingJelly's model package through tssd.adapt: works, or refused with a line.

Small inputs, few classes, as narrow as the constructors allow; nothing is downloaded. "works"
means: one training step with T_s = 1 and T_t = 4 gives every parameter a finite gradient that
gets one from the network's own output, and the logits' mean over the first t of 4 timesteps is
what the network itself returns in a run of t, for every t.

    python experiments/spikingjelly_models.py            # Markdown on standard output
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from spikingjelly.activation_based import functional, neuron
from spikingjelly.activation_based import model as package
from spikingjelly.activation_based.model import (
    parametric_lif_net,
    sew_resnet,
    snas_net,
    spike_dhs,
    spiking_resnet,
    spiking_vgg,
    spiking_vggws_ottt,
)
from torch import Tensor, nn

import tssd
from tssd.adapters import AdaptedNet

TIMESTEPS = 4
SAMPLES = 2


@dataclass(frozen=True)
class Case:
    """A network, an input of one sample, its tap, and what tssd.adapt has to be told."""

    name: str
    build: Callable[[], nn.Module]
    shape: tuple[int, ...]
    tap: str
    options: dict[str, Any] = field(default_factory=dict)
    step_mode: str | None = None


def lif(**options: Any) -> dict[str, Any]:
    """LIF neurons that fire, for builders that ask for a neuron."""
    return {"spiking_neuron": neuron.LIFNode, "decay_input": False, "v_threshold": 0.5, **options}


def multi(builder: Callable[..., nn.Module], **options: Any) -> Callable[[], nn.Module]:
    """A builder whose network takes whole sequences."""

    def build() -> nn.Module:
        net = builder(**options)
        functional.set_step_mode(net, "m")
        return net

    return build


def set_attribute(name: str) -> dict[str, Any]:
    """Options for a network that repeats its image as often as an attribute says."""
    return {"layout": "repeating", "set_timesteps": lambda net, T: setattr(net, name, T)}


def plif(kind: str, channels: int, shape: tuple[int, ...]) -> Case:
    """A network of parametric_lif_net."""
    build = multi(getattr(parametric_lif_net, kind), channels=channels, **lif())
    return Case(f"parametric_lif_net.{kind}", build, shape, "conv_fc.2")


def snas(cell: str) -> nn.Module:
    """SNASNet with one of each operation."""
    args = SimpleNamespace(
        timestep=TIMESTEPS, second_avgpooling=8, dataset="cifar100", celltype=cell, threshold=0.5,
        tau=4.0 / 3.0,
    )  # fmt: skip
    operations = np.array([[0, 3, 1, 4], [0, 0, 2, 1], [0, 0, 0, 3], [0, 0, 0, 0]])
    return snas_net.SNASNet(args, torch.from_numpy(operations))


def dhs() -> nn.Module:
    """SpikeDHS, which is as wide as its classifier says."""
    args = SimpleNamespace(
        fea_step=3, fea_num_layers=8, fea_block_multiplier=3, fea_filter_multiplier=48
    )
    net = spike_dhs.SpikeDHS(args=args)
    functional.set_step_mode(net, "m")
    return net


def cases() -> list[Case]:
    """One a builder that differs in more than depth or width."""
    small = {"num_classes": 10}
    narrow = {"layers": (1, 1, 1), "base_channels": 8, "stem_kernel_size": 3, "stem_stride": 1}
    found = [
        plif("MNISTNet", 4, (1, 28, 28)),
        plif("FashionMNISTNet", 4, (1, 28, 28)),
        plif("NMNISTNet", 4, (2, 34, 34)),
        plif("CIFAR10Net", 4, (3, 32, 32)),
        plif("CIFAR10DVSNet", 4, (2, 128, 128)),
        plif("DVSGestureNet", 4, (2, 128, 128)),
        Case("Spikformer", lambda: package.Spikformer(
            img_size_h=16, img_size_w=16, patch_size=4, embed_dims=16, num_heads=2, depths=1,
            **small), (3, 16, 16), "patch_embed"),
        Case("MSResNet", lambda: package.MSResNet(**narrow, **small), (3, 16, 16), "layer2"),
        Case("MaxResNet", lambda: package.MaxResNet(**narrow, **small), (3, 16, 16), "layer2"),
        Case("AttMSResNet", lambda: package.AttMSResNet(**narrow, **small), (3, 16, 16), "layer2"),
        Case("MASNN", lambda: package.MASNN(
            T=TIMESTEPS, in_channels=2, channels=(8, 8, 8), fc_hidden=16, reduction_t=2,
            reduction_c=2, **small), (2, 32, 32), "conv_blocks.1"),
        Case("MaxFormer", lambda: package.MaxFormer(
            embed_dims=16, depths=(1, 1, 1), **small), (3, 32, 32), "patch_embed2"),
        Case("MaxFormer, cifar", lambda: package.MaxFormer(
            embed_dims=32, depths=(1, 1, 1), cifar=True, **small), (3, 16, 16), "patch_embed2"),
        Case("QKFormer", lambda: package.QKFormer(
            embed_dims=16, num_heads=(1, 2, 2), depths=(1, 1, 1), **small),
            (3, 32, 32), "patch_embed2"),
        Case("SpikeDrivenTransformer", lambda: package.SpikeDrivenTransformer(
            embed_dims=16, num_heads=2, depths=1, **small), (3, 32, 32), "blocks.0"),
        Case("snas_net.SNASNet, forward", lambda: snas("forward"), (3, 32, 32), "downconv1",
             {**set_attribute("total_timestep"), "head": "boost"}),
        Case("snas_net.SNASNet, backward", lambda: snas("backward"), (3, 32, 32), "downconv1",
             {**set_attribute("total_timestep"), "head": "boost"}),
        Case("spike_dhs.SpikeDHS", dhs, (3, 32, 32), "feature.stem0",
             set_attribute("_time_step")),
    ]  # fmt: skip
    for cnf in ("ADD", "AND", "IAND"):
        found.append(Case(
            f"sew_resnet.sew_resnet18, {cnf}", multi(sew_resnet.sew_resnet18, cnf=cnf, **lif()),
            (3, 32, 32), "layer2"))  # fmt: skip
    for name in ("sew_resnet50", "sew_resnext50_32x4d"):
        builder = getattr(sew_resnet, name)
        found.append(Case(f"sew_resnet.{name}", multi(builder, cnf="ADD", **lif()), (3, 32, 32),
                          "layer2"))  # fmt: skip
    for name in ("spiking_resnet18", "spiking_resnet50"):
        builder = getattr(spiking_resnet, name)
        found.append(Case(f"spiking_resnet.{name}", multi(builder, **lif()), (3, 32, 32),
                          "layer2"))  # fmt: skip
    for name in ("spiking_vgg11", "spiking_vgg11_bn"):
        builder = getattr(spiking_vgg, name)
        found.append(Case(f"spiking_vgg.{name}", multi(builder, **lif()), (3, 32, 32),
                          "features.2"))  # fmt: skip
    ottt = {"num_classes": 10}
    for name in ("ottt_spiking_vgg11", "ottt_spiking_vgg11_ws"):
        builder = getattr(spiking_vggws_ottt, name)
        found.append(Case(
            f"spiking_vggws_ottt.{name}", lambda b=builder: b(**ottt), (3, 32, 32), "features",
            {"layout": "stepped"}))  # fmt: skip
    return found


def attempt(case: Case) -> tuple[str, float]:
    """What happened, and how long the dry run took in seconds."""
    torch.manual_seed(0)
    module = case.build()
    lively(module)
    images = torch.rand(SAMPLES, *case.shape)
    labels = torch.arange(SAMPLES)
    begin = time.perf_counter()
    try:
        net = tssd.adapt(module, taps=[case.tap], example=images, **case.options)
    except tssd.UsageError as error:
        return f"refused: {error}", time.perf_counter() - begin
    seconds = time.perf_counter() - begin
    net.train()
    own = with_gradient(net.module, net(tssd.repeat_in_time(images, TIMESTEPS)).logits.sum())
    net.zero_grad()
    criterion = tssd.tssd(student=1, teacher=TIMESTEPS).connect(net)
    loss = criterion.run(net, images, labels).total
    mine = with_gradient(net.module, loss)
    if own - mine:
        return f"no finite gradient in {', '.join(sorted(own - mine)[:3])}", seconds
    return differs_alone(net, images) or "works", seconds


def lively(module: nn.Module) -> None:
    """Make a fresh network fire in eval mode too: low thresholds, true statistics."""
    for part in module.modules():
        if isinstance(getattr(part, "v_threshold", None), float):
            part.v_threshold *= 0.2
        if isinstance(part, nn.modules.batchnorm._BatchNorm):
            part.momentum = None


def with_gradient(module: nn.Module, loss: Tensor) -> set[str]:
    """Names of the parameters that get a finite gradient."""
    loss.backward()
    return {
        n for n, p in module.named_parameters() if p.grad is not None and p.grad.isfinite().all()
    }


def differs_alone(net: AdaptedNet, images: Tensor) -> str:
    """Which T of one run to T = 4 is not what the network itself returns in a run of T."""
    net.double().train()  # so that no rounding tips a spike over
    images = images.double()
    with torch.no_grad():
        net(tssd.repeat_in_time(images, TIMESTEPS))
        net.eval()
        together = net(tssd.repeat_in_time(images, TIMESTEPS)).logits
        for steps in range(1, TIMESTEPS + 1):
            alone = returned(net, tssd.repeat_in_time(images, steps))
            mean = together[:steps].mean(0)
            if not torch.allclose(alone, mean, rtol=1e-6, atol=1e-6 * float(mean.abs().max())):
                return f"T = {steps} alone differs by {float((alone - mean).abs().max()):.2g}"
        if not (together[0] != together[1]).any():
            return "works, but a fresh one is silent: all timesteps are equal"
    return ""


def returned(net: AdaptedNet, x: Tensor) -> Tensor:
    """The mean over time of the network itself, called as its own documentation does."""
    functional.reset_net(net.module)
    if net.layout == "repeating":
        net.call.set_timesteps(net.module, len(x))
        out = net.module(x[0])
    elif net.layout == "stepped":
        out = torch.stack([net.module(x_t) for x_t in x])
    else:
        out = net.module(x.contiguous())
    out = out[0] if isinstance(out, tuple) else out
    return out.mean(0) if out.dim() == 3 else out


def main(only: str | None = None) -> None:
    """Print a table of all networks, or of those with a part of a name."""
    print("| network | layout | options | tap | | dry run |")
    print("| --- | --- | --- | --- | --- | --- |")
    for case in cases():
        if only is not None and only not in case.name:
            continue
        layout = case.options.get("layout", "time_first")
        more = ", ".join(k for k in case.options if k != "layout")
        try:
            result, seconds = attempt(case)
        except Exception as error:
            result, seconds = f"fails: {type(error).__name__}: {error}".splitlines()[0], 0.0
        row = (case.name, layout, more, case.tap, result, f"{seconds:.1f} s")
        print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", help="a part of the names of those to try")
    main(**vars(parser.parse_args()))
