"""Parts of a network that training leaves as they are."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from lightning import Callback, LightningModule, Trainer
from torch import nn

from tssd.errors import UsageError
from tssd.listed import and_dots

# Names that a message lists.
SHOWN = 12


class KeepFrozen(Callback):
    """Runs modules as in evaluation while the rest trains: norms keep their statistics.

    Args:
        modules: that are frozen.
    """

    def __init__(self, modules: Sequence[nn.Module]) -> None:
        self.modules = [*modules]

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Whatever has put the network into training mode since."""
        for module in self.modules:
            module.eval()


def freeze(net: nn.Module, names: Sequence[str]) -> list[nn.Module]:
    """Take parameters out of training; the modules that are to run as in evaluation.

    Args:
        net: the network.
        names: of modules, all of whose inside is frozen, or of parameters; `*` stands for any
            text.
    Raises: UsageError: nothing is called so, or nothing is left to train.
    """
    modules = {name: module for name, module in net.named_modules() if name}
    parameters = dict(net.named_parameters())
    frozen: dict[str, nn.Module] = {}
    for pattern in names:
        found = [name for name in [*modules, *parameters] if fnmatchcase(name, pattern)]
        if not found:
            listed = and_dots(modules, SHOWN)
            raise UsageError(
                f"freeze: got {pattern!r}, but nothing in the network is called so; it has {listed}"
            )
        frozen |= {name: modules[name] for name in found if name in modules}
        for name in found:
            part = modules.get(name)
            for parameter in [parameters[name]] if part is None else part.parameters():
                parameter.requires_grad_(False)
    if names and not any(parameter.requires_grad for parameter in parameters.values()):
        raise UsageError("freeze: no parameter of the network is left to train; freeze fewer")
    return [*frozen.values()]


def wake(net: nn.Module) -> None:
    """Put a network into training mode that is in eval mode as a whole, as one that was used.

    Where parts alone are in eval mode, somebody has frozen them, and all stays as it is.

    Args:
        net: the network, which may be wrapped.
    """
    leaves = [module for module in net.modules() if not any(True for _ in module.children())]
    if not any(leaf.training for leaf in leaves):
        net.train()
