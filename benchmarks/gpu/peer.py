"""One network that is timed, in a process of its own: it reads what to do and answers in JSON.

A process each, because SpikingJelly chooses its kernels when it is imported, and because what one
library keeps in the memory of the device would be counted for another.
"""

import argparse
import importlib
import json
import sys
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.workloads import Workload, vgg9_images
from tssd import vgg9
from tssd.processes import follow_starter


class _Logits(nn.Module):
    """Ours: `tssd.vgg9`, its logits alone."""

    def __init__(self, workload: Workload) -> None:
        super().__init__()
        self.net = vgg9(image_size=workload.sample[-1], width=workload.width or 1.0)

    def forward(self, x: Tensor) -> Tensor:
        """Logits [T, N, K] of x [T, N, C, H, W]."""
        return self.net(x).logits


def network(library: str, workload: Workload, device: str) -> nn.Module:
    """A library's VGG-9 in training mode; the weights are the same whoever builds it."""
    # Imported by name, since it may be missing.
    jelly = importlib.import_module("benchmarks.jelly") if library == "spikingjelly" else None
    net = _Logits(workload) if jelly is None else jelly.SpikingJelly(workload)
    draw = torch.Generator().manual_seed(0)
    for module in net.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            weight = module.weight.data
            weight.normal_(0, (2 / weight[0].numel()) ** 0.5, generator=draw)
            if module.bias is not None:
                module.bias.data.zero_()
    return net.to(device)


class Steps:
    """Training steps of a library at any T: forward, backward, SGD.

    Args:
        options: of the command line.
    """

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._steps: dict[int, Callable[[], Tensor]] = {}
        self._on_gpu = options.device.startswith("cuda")

    def answer(self, question: str) -> dict[str, object]:
        """Answer `memory T` (of one step, and its logits) or `time T N` (seconds a step, of N)."""
        match question.split():
            case ["memory", timesteps]:
                return self._memory(self._at(int(timesteps)))
            case ["time", timesteps, number]:
                return self._time(self._at(int(timesteps)), int(number))
            case words:
                raise ValueError(f"got {words}, expected memory T or time T N")

    def _memory(self, step: Callable[[], Tensor]) -> dict[str, object]:
        self._wait()
        idle = torch.cuda.memory_allocated() if self._on_gpu else 0
        if self._on_gpu:
            torch.cuda.reset_peak_memory_stats()
        logits = step()
        peak = torch.cuda.max_memory_allocated() - idle if self._on_gpu else None
        return {"peak": peak, "logits": logits.float().cpu().tolist()}

    def _time(self, step: Callable[[], Tensor], number: int) -> dict[str, object]:
        step()  # memory that was given back is taken again
        self._wait()
        began = time.perf_counter()
        for _ in range(number):
            step()
        self._wait()
        return {"seconds": (time.perf_counter() - began) / number}

    def _wait(self) -> None:
        if self._on_gpu:
            torch.cuda.synchronize()

    def _at(self, timesteps: int) -> Callable[[], Tensor]:
        if timesteps not in self._steps:
            self._steps[timesteps] = self._made(timesteps)
        return self._steps[timesteps]

    def _made(self, timesteps: int) -> Callable[[], Tensor]:
        options, device = self._options, self._options.device
        workload = vgg9_images(options.width, options.batch, timesteps=timesteps, size=options.size)
        x, y = workload.input(device)
        net = network(options.library, workload, device)
        if options.channels_last:
            net.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
        if options.compile:
            net.compile(dynamic=False)
        optimizer = torch.optim.SGD(net.parameters(), lr=1e-6, momentum=0.9)

        def step() -> Tensor:
            optimizer.zero_grad()
            with torch.autocast(torch.device(device).type, torch.bfloat16, enabled=options.bf16):
                logits = net(x).mean(0)
            F.cross_entropy(logits.float(), y).backward()
            optimizer.step()
            return logits.detach()

        return step


def main() -> None:
    """Take steps when asked to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu.peer", description=__doc__)
    parser.add_argument("library", choices=("tssd", "spikingjelly"))
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--width", type=float, default=1.0)
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--device", default="cuda")
    for switch in ("--bf16", "--channels_last", "--compile"):
        parser.add_argument(switch, action="store_true")
    options = parser.parse_args()
    follow_starter()
    # Answers go where libraries that print can't write into them.
    answers, sys.stdout = sys.stdout, sys.stderr
    steps = Steps(options)
    for line in sys.stdin:
        try:
            # A network is made with the first question, so that what it lacks is an answer.
            answer = steps.answer(line)
        except Exception as error:  # of any library: the others go on
            said = str(error).strip().splitlines() or [""]
            answer = {"error": f"{type(error).__name__}: {said[0]}"[:300]}
        print(json.dumps(answer), file=answers, flush=True)
        if options.device.startswith("cuda"):
            torch.cuda.empty_cache()  # the others share the device


if __name__ == "__main__":
    main()
