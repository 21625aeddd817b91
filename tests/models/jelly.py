"""A network of ours beside SpikingJelly's of the same name: the same weights, the same numbers."""

from functools import partial

import torch
from spikingjelly.activation_based import functional, neuron, surrogate

from tssd.neurons import IF
from tssd.surrogates import ATan

T, N, K = 2, 2, 7

# SEW-ResNet's neuron, in both libraries.
OURS = partial(IF, v_reset=0.0, detach_reset=True, surrogate=ATan(slope=2.0))
THEIRS = {
    "spiking_neuron": neuron.IFNode,
    "detach_reset": True,
    "surrogate_function": surrogate.ATan(alpha=2.0),
}


def shapes(build):
    """Shapes of a network's weights, in the order in which both libraries have them."""
    with torch.device("meta"):
        return [value.shape for value in build().state_dict().values()]


def expect_the_same(ours, build_theirs, size, *, means=False):
    """Logits, gradients and statistics of a training step, and logits in eval mode.

    Both have their layers in the same order, so that weights go over without names.

    Args:
        ours: the network.
        build_theirs: builds SpikingJelly's; on the meta device, since its weights are replaced.
        size: side of the images.
        means: whether theirs returns the mean over time.
    """
    ours = ours.double()
    with torch.device("meta"):
        theirs = build_theirs()
    weights = [value.clone() for value in ours.state_dict().values()]
    theirs.load_state_dict(dict(zip(theirs.state_dict(), weights, strict=True)), assign=True)
    functional.set_step_mode(theirs, "m")
    x = torch.randn(T, N, 3, size, size, dtype=torch.double)

    def outcome(net):
        logits = net(x)
        return logits if net is theirs else logits.logits.mean(0) if means else logits.logits

    found = []
    for net in (ours, theirs):
        logits = outcome(net)
        factors = torch.arange(logits.numel(), dtype=logits.dtype).cos().view(logits.shape)
        (logits * factors).sum().backward()
        found.append([logits.detach(), *(p.grad for p in net.parameters()), *net.buffers()])
    assert len(found[0]) == len(found[1])
    for a, b in zip(*found, strict=True):
        if not torch.equal(a, b):  # which is quicker
            torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-8)
    assert all(gradient.any() for gradient in found[0][1 : 1 + len(list(ours.parameters()))])
    functional.reset_net(theirs)
    with torch.no_grad():
        torch.testing.assert_close(outcome(ours.eval()), outcome(theirs.eval()))
