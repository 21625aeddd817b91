"""That the benchmark of rules counts right. Nothing is timed, and no process is started."""

import torch
from benchmarks.memory import Footprint
from benchmarks.rule_memory import WAYS, Held, most_held, report

from tssd import tssd, vgg9


def test_what_is_held_at_once_counts_shared_memory_once_and_what_is_let_go_no_more():
    own = torch.ones(10, requires_grad=True)
    held = Held([own])
    with torch.autograd.graph.saved_tensors_hooks(held.pack, lambda kept: kept.tensor):
        for _ in range(3):
            y = (own * 1).exp()  # keeps its result
            (y * y[:]).sum().backward()  # keeps y twice
            del y
    assert (held.now, held.peak) == (0, 40)


def test_one_way_is_flat_in_time_and_another_grows():
    sizes = {}
    for way in ("all timesteps", "SLTT"):
        neuron, rule = WAYS[way]
        for steps in (2, 4, 8):
            net = vgg9(image_size=16, width=1 / 32, neuron=neuron)
            x, y = torch.randn(3, 3, 16, 16), torch.tensor([0, 1, 2])
            sizes[way, steps] = most_held(net, tssd(1, steps).connect(net), rule, x, y)
    assert sizes["all timesteps", 8] > 1.8 * sizes["all timesteps", 4]
    assert sizes["SLTT", 8] < 1.05 * sizes["SLTT", 2]


def test_the_report_has_a_slope():
    found = {way: [Footprint(2**20, 2**21), Footprint(3 * 2**20, 2**21)] for way in WAYS}
    text = report(found, (2, 4))
    assert "| SLTT | 1.0 | 3.0 | 1.00 |" in text
    assert "| DSR | 2.0 | 2.0 | 0.00 |" in text
