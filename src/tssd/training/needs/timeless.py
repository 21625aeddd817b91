"""Networks whose training knows no time, whatever T_t says."""

from tssd.data.events import EventData
from tssd.neurons import Neuron
from tssd.training.parts import Parts


def trains_without_time(parts: Parts) -> bool:
    """Whether an image, repeated T_t times, is computed once all the way: so with QCFS neurons.

    Frames of events differ from timestep to timestep, and each is computed.
    """
    neurons = [part for part in parts.net.modules() if isinstance(part, Neuron)]
    in_time = isinstance(parts.data, EventData) or getattr(parts.data, "kind", None) == "frames"
    return bool(neurons) and all(n.trains_without_time for n in neurons) and not in_time
