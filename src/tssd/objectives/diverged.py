"""Training that went astray: losses and weights that are no numbers any more."""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn.utils import get_total_norm

from tssd.errors import TssdError


class DivergedError(TssdError):
    """The loss or a weight is not a number any more.

    Args:
        what: became of what, without the remedy.
        remedy: what to do about it.
    """

    def __init__(
        self,
        what: str,
        remedy: str = "lower the learning rate or the term's weight, or clip the gradients",
    ) -> None:
        super().__init__(f"{what}; {remedy}")
        self.what = what


def check_weights(weights: Mapping[str, Tensor]) -> None:
    """Refuse weights that are not finite: a spike would hide them.

    Raises: DivergedError: names the first.
    """
    if (name := first_not_finite(weights)) is not None:
        raise DivergedError(f"weights: {name} became infinite or nan")


def are_finite(weights: Mapping[str, Tensor]) -> Tensor:
    """Whether all weights are finite, a bool [], without waiting for an accelerator.

    By their largest value: the norm that `first_not_finite` begins with may overflow.
    """
    floating = [weight.detach() for weight in weights.values() if weight.is_floating_point()]
    return get_total_norm(floating, norm_type=torch.inf).isfinite()


def first_not_finite(weights: Mapping[str, Tensor]) -> str | None:
    """The first weight that is not finite, found by one norm of them all; None = there is none."""
    floating = {name: weight for name, weight in weights.items() if weight.is_floating_point()}
    with torch.no_grad():
        if get_total_norm(floating.values()).isfinite():
            return None
        # Finite ones may overflow the norm.
        return next((n for n, weight in floating.items() if not weight.isfinite().all()), None)


def diverged(logits: Tensor, total: Tensor, terms: Mapping[str, Tensor]) -> DivergedError:
    """What to say of a total that is not finite. Shapes: logits [T, N, K], total [], terms []."""
    bad = [name for name, value in terms.items() if not value.isfinite()]
    what = f"loss: {', '.join(bad) or 'the weighted sum'} became {total.item()}"
    samples = (~logits.isfinite()).any(-1).any(0).nonzero().flatten().tolist()
    if samples:
        what += f" from the logits of sample {samples[0]} of the batch"
    return DivergedError(what)
