"""Norms: a norm is a module on [T, N, C, H, W] built from its channels C.

One with something for each timestep counts the steps: it has `initial_state(x_t)` and
`scan(x, state) -> (y, state)` like a neuron, and is built for a T as `tssd.longest` says.

One that scales what it returns for the neuron behind it has `feeds(neuron, summands)`, which
whoever builds the layer calls once both are built: `summands` currents like its own, added up,
reach that neuron.

A norm of membranes stands inside a neuron: `tssd.neurons.MPBNLIF`.
"""

from tssd.norms.batch import per_step_batch_norm, pooled_batch_norm
from tssd.norms.tdbn import TdBN
from tssd.norms.tebn import TEBN

__all__ = ["TEBN", "TdBN", "per_step_batch_norm", "pooled_batch_norm"]
