"""Convolutions by the singular values of their kernels, so that another network can share the rest.

    W = U diag(s) V        [O, I k k], the kernels of each output channel in a row

U, s and V are trained, from the singular value decomposition of the weights at first. Nothing keeps
U and V orthogonal afterwards.
"""

import torch
from torch import Tensor, nn

from tssd.models.weights import Weights, as_kind


class FactoredConv2d(nn.Conv2d):
    """A convolution whose weights are `left` [O, R], `scale` [R] and `right` [R, I k k]."""

    left: nn.Parameter
    scale: nn.Parameter
    right: nn.Parameter

    @classmethod
    def of(cls, conv: nn.Conv2d) -> "FactoredConv2d":
        """The same as another one, whose bias it has."""
        made = as_kind(conv, cls)
        weight = made._parameters.pop("weight")
        assert weight is not None
        factors = torch.linalg.svd(weight.detach().flatten(1), full_matrices=False)
        for name, factor in zip(("left", "scale", "right"), factors, strict=True):
            setattr(made, name, nn.Parameter(factor.contiguous()))
        return made

    @property
    def weight(self) -> Tensor:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The weights, [O, I / groups, k, k]."""
        return self.scaled(self.scale)

    def scaled(self, scale: Tensor) -> Tensor:
        """Weights of the same singular vectors with other values [R]."""
        shape = self.out_channels, self.in_channels // self.groups, *self.kernel_size
        return ((self.left * scale) @ self.right).view(shape)

    def convolve(self, input: Tensor, scale: Tensor) -> Tensor:
        """Convolve input [N, C, H, W] with those."""
        return self._conv_forward(input, self.scaled(scale), self.bias)

    def forward(self, input: Tensor) -> Tensor:
        """Convolve input [N, C, H, W]."""
        return self.convolve(input, self.scale)

    def folded(self) -> nn.Conv2d:
        """The plain convolution."""
        made = as_kind(self, nn.Conv2d)
        for name in ("left", "scale", "right"):
            del made._parameters[name]
        made.weight = nn.Parameter(self.weight.detach())
        return made


class FactoredWeights(Weights):
    """Convolutions by singular values and vectors, for `tssd.objectives.JointANN`."""

    def layer(self, conv: nn.Conv2d) -> FactoredConv2d:
        """See `Weights.layer`."""
        return FactoredConv2d.of(conv)
