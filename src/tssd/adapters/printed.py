"""What print(net) shows: by it networks of one class are told apart."""

import hashlib
import re

from torch import nn

from tssd.adapters.net import AdaptedNet

# Of functions that are options, which lie elsewhere in each process.
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


def printed(net: nn.Module) -> str:
    """A short hash of what print shows of a network; of the one inside, if it is adapted.

    Constants of neurons are in it, such as tau and the threshold, and no weights. What a class
    does not show is not: the hash can tell that networks differ, and not that they are alike.
    """
    shown = str(net.module if isinstance(net, AdaptedNet) else net)
    return hashlib.sha256(_ADDRESS.sub("", shown).encode()).hexdigest()[:12]
