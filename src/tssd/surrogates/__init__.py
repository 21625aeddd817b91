"""Surrogate gradients: what stands for the derivative of the spike 1[s >= 0], s = H - threshold."""

from tssd.surrogates.annealed import ESG, AnnealedRectangular
from tssd.surrogates.asgl import ASGL
from tssd.surrogates.base import Surrogate, for_neuron
from tssd.surrogates.fixed import ATan, ClampedTanh, Rectangular, Sigmoid, Triangular
from tssd.surrogates.lsg import LSG
from tssd.surrogates.spike import straight_through

__all__ = [
    "ASGL",
    "ESG",
    "LSG",
    "ATan",
    "AnnealedRectangular",
    "ClampedTanh",
    "Rectangular",
    "Sigmoid",
    "Surrogate",
    "Triangular",
    "for_neuron",
    "straight_through",
]
