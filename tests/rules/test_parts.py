"""Each part of a recipe alone and with TSSD: weights get gradients, in mixed precision too."""

from contextlib import nullcontext

import pytest
import torch

from tssd.config import load_recipe
from tssd.config.make import make
from tssd.config.options import content
from tssd.models import vgg9
from tssd.neurons import LIF
from tssd.objectives import tssd, vanilla


@pytest.mark.parametrize("part", ["sltt", "mtt", "dsr", "dsr_if", "real_spike"])
def test_all_weights_get_gradients(part):
    config = load_recipe(f"digits+vgg9+{part}+tssd")
    path = content(config["net"])["neuron"]["class_path"]
    neuron = LIF if path == "tssd.LIF" else make({"net": {"class_path": path}}, "net").__class__
    rule = make(config, "rule") if "rule" in config else None
    x, y = torch.rand(6, 1, 16, 16), torch.arange(6)
    for criterion, precision in (
        (vanilla(2), nullcontext()),
        (tssd(1, 3), torch.autocast("cpu", torch.bfloat16)),
    ):
        torch.manual_seed(0)
        net = vgg9(in_channels=1, image_size=16, width=1 / 32, neuron=neuron)
        criterion.connect(net)
        with precision:
            loss = criterion.run(net, x, y) if rule is None else rule.run(criterion, net, x, y)
        loss.total.backward()
        # A threshold of DSR learns from inputs above it, which a new network has none of.
        trained = {n: p.grad for n, p in net.named_parameters() if "v_threshold" not in n}
        trained |= {n: p.grad for n, p in criterion.named_parameters() if "v_threshold" not in n}
        silent = [n for n, g in trained.items() if g is None or not g.any()]
        assert not silent
        assert all(g.isfinite().all() for g in trained.values())
