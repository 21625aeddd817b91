"""Torch and the devices it finds, each tried out."""

import os
import shutil
import statistics
import sys
import time

import lightning
import torch
import torchvision
from torch import nn

from tssd.doctor.finding import Finding
from tssd.training.fast_bfloat16 import has_fast_bfloat16
from tssd.training.processor import processor as processor_facts
from tssd.training.settings import best_device


def libraries() -> Finding:
    """What was imported, and whether torch and torchvision are a pair."""
    boxes = torch.tensor([[0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 1.0, 0.9]])
    kept = torchvision.ops.nms(boxes, torch.tensor([1.0, 0.5]), 0.5).tolist()
    build = torch.version.cuda and f"CUDA {torch.version.cuda}"
    build = build or (torch.version.hip and f"ROCm {torch.version.hip}") or "CPU"
    text = f"{torch.__version__} for {build}, torchvision {torchvision.__version__}, "
    text += f"Lightning {lightning.__version__}"
    if kept != [0]:
        return Finding("torch", "fails", f"{text}: torchvision computes wrongly", "reinstall both")
    return Finding("torch", "ok", text)


def processor() -> Finding:
    """Cores and threads."""
    facts, threads = processor_facts(), torch.get_num_threads()
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    kernels = f", kernels for {facts['kernels']}" if facts["kernels"] else ""
    text = f"{facts['model'] or 'unknown'}{kernels}; {cores} cores, {threads} threads"
    if threads > cores:
        remedy = f"train with --trainer.threads {cores}, or set OMP_NUM_THREADS={cores}"
        return Finding("processor", "note", f"{text}: more than cores is slow", remedy)
    return Finding("processor", "ok", text)


def devices() -> list[Finding]:
    """Each accelerator multiplies matrices, and is compared with the processor."""
    if torch.cuda.is_available():
        return [_tried(torch.device("cuda", n)) for n in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        return [_tried(torch.device("mps"))]
    if shutil.which("nvidia-smi") and torch.version.cuda is None:
        text = "CPU only: this torch is built for the CPU, but there is an NVIDIA driver"
        remedy = "install torch and torchvision for its CUDA version (docs/install.md)"
        return [Finding("device", "note", text, remedy)]
    return [Finding("device", "ok", "CPU only")]


def _tried(device: torch.device) -> Finding:
    generator = torch.Generator().manual_seed(0)
    a, b = (torch.rand(256, 256, generator=generator) for _ in range(2))
    far = float(((a.to(device) @ b.to(device)).cpu() - a @ b).abs().max())
    name, memory = str(device), ""
    if device.type == "cuda":
        free, total = torch.cuda.mem_get_info(device)
        name = f"{device}, {torch.cuda.get_device_name(device)}"
        memory = f", {free / 2**30:.1f} of {total / 2**30:.1f} GiB free"
    # Sums of 256 products below 1; some devices round products to ten bits.
    if not far < 0.5:
        remedy = "check the driver, or train with --trainer.accelerator cpu"
        return Finding("device", "fails", f"{name} computes wrongly, off by {far:.3g}", remedy)
    return Finding("device", "ok", f"{name}{memory}")


def bfloat16() -> Finding:
    """Time a convolution forward and back in both precisions, where training takes place."""
    device = best_device("auto")
    net = nn.Conv2d(64, 64, 3, padding=1).to(device)
    x = torch.rand(4, 64, 32, 32, device=device)
    full, half = (_seconds(net, x, enabled) for enabled in (False, True))
    text = f"takes {half / full:.2g} times as long as float32 (a convolution on {device.type})"
    auto = "bf16-mixed" if has_fast_bfloat16(device) else "32-true"
    told = f"{text}; --trainer.precision auto is {auto} here"
    if (half < full) == (auto == "bf16-mixed"):
        return Finding("bfloat16", "ok", told)
    other = "32-true" if auto == "bf16-mixed" else "bf16-mixed"
    return Finding("bfloat16", "note", told, f"{other} may be faster: compare them by --dry-run")


def _seconds(net: nn.Module, x: torch.Tensor, enabled: bool) -> float:
    """Median time of a step, the first one left out."""
    taken = []
    for _ in range(6):
        begun = time.perf_counter()
        with torch.autocast(x.device.type, torch.bfloat16, enabled=enabled):
            y = net(x)
        y.float().square().mean().backward()
        if x.device.type == "cuda":
            torch.cuda.synchronize(x.device)
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken[1:])
