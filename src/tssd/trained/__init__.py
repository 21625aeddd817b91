"""A trained network as a product: with its preprocessing, class names and predictions."""

from tssd.trained.inputs import FrameInput, GivenInput, ImageInput
from tssd.trained.net import LONGEST, Prediction, TrainedNet

__all__ = ["LONGEST", "FrameInput", "GivenInput", "ImageInput", "Prediction", "TrainedNet"]
