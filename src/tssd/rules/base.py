"""What a training rule is: it takes a network's loss, and says how the gradient comes about."""

from torch import Tensor

from tssd.models.base import SpikingNet
from tssd.objectives import Loss, SelfDistillation
from tssd.objectives.later import LaterChecks


class Rule:
    """Runs a network and takes its loss, in the place of `SelfDistillation.run`.

    Without a rule the gradient goes back through all timesteps of the run together, which keeps the
    activations of all of them. In a loop of one's own a rule is one word more:

        rule = tssd.rules.SLTT()
        rule.run(criterion, net, x, y).total.backward()
    """  # noqa: D400, D415 - the summary ends in an example

    def check(self, criterion: SelfDistillation, net: SpikingNet, x_t: Tensor) -> None:
        """Refuse what the rule does not go with, before anything is trained.

        Args:
            criterion: connected to the network.
            net: the network.
            x_t: an input of one timestep, [N, ...].
        Raises: UsageError: names the rule, the other part and the way out.
        """

    def run(
        self,
        criterion: SelfDistillation,
        net: SpikingNet,
        x: Tensor,
        target: Tensor,
        *,
        later: LaterChecks | None = None,
    ) -> Loss:
        """The loss of a batch, whose `total.backward()` gives every parameter its gradient.

        Args and Raises: as `SelfDistillation.run`.
        """
        raise NotImplementedError

    def held(self, timesteps: int) -> int:
        """How many of T timesteps a backward pass needs the activations of at once."""
        return timesteps
