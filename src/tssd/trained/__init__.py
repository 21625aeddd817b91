"""A trained network as a product: with its preprocessing, class names and predictions."""

from tssd.trained.inputs import FrameInput, ImageInput
from tssd.trained.net import LONGEST, Prediction, TrainedNet

__all__ = ["LONGEST", "FrameInput", "ImageInput", "Prediction", "TrainedNet"]
