"""How well samples are told apart: contrast of two views, and how alike two layers see them."""

import torch
import torch.nn.functional as F
from torch import Tensor

from tssd.objectives.precise import no_autocast

# Norm below which features count as none: the mean of one spike in a hundred timesteps. Without it
# the gradient of a silent sample's direction would have no bound.
SILENT = 1e-2


def info_nce(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """Mean over i of -log(exp(c_ii / k) / mean_j exp(c_ij / k)), c the cosines of both views.

    InfoNCE with a mean in place of the sum over the batch, which is less log N: 0 where the view
    of the teacher says nothing about which sample the student's is of, whatever the batch. The
    gradient is the same.

    Args:
        student: features of each sample.
        teacher: of the same samples, in the same order.
        temperature: k > 0, dimensionless.
    Shapes: [N, D], [N, D] -> [].
    Source: van den Oord et al. 2018, arXiv 1807.03748, eq. 4.
    """
    with no_autocast(student):
        one, other = (F.normalize(x, dim=1, eps=SILENT) for x in (student, teacher))
        scores = one @ other.T / temperature
        told = scores.logsumexp(1) - scores.diagonal()
        return (told - torch.full_like(told, len(scores)).log()).mean()


def linear_cka(x: Tensor, y: Tensor) -> Tensor:
    """How alike two layers see a batch, 0 to 1: linear centred kernel alignment; 0 if one is blind.

    Shapes: x [N, D], y [N, E] -> [].
    Source: Kornblith et al. 2019, arXiv 1905.00414, section 3.
    """
    with no_autocast(x):
        k, other = (_centred_products(z) for z in (x, y))
        norms = torch.linalg.matrix_norm(k) * torch.linalg.matrix_norm(other)
        return torch.where(norms > 0, (k * other).sum() / norms.clamp_min(1e-30), 0.0)


def _centred_products(x: Tensor) -> Tensor:
    centred = x - x.mean(0)
    return centred @ centred.T
