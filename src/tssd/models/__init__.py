"""Networks as tappable stages."""

from tssd.models.base import MakeNeuron, MakeNorm, NetOutput, SpikingNet, StagedNet, Tap
from tssd.models.classic_vgg import vgg11, vgg16
from tssd.models.dsresnet import dsresnet14, dsresnet20
from tssd.models.factored import FactoredWeights
from tssd.models.flow import Block, Run
from tssd.models.mlp import mlp
from tssd.models.msresnet8 import msresnet8
from tssd.models.msresnet18 import msresnet18
from tssd.models.plif_nets import plif_net
from tssd.models.quantised import QuantisedWeights
from tssd.models.resnet import resnet18, resnet34
from tssd.models.resnet19 import resnet19
from tssd.models.resnet20 import resnet20, resnet20_modified
from tssd.models.sewresnet import sewresnet18, sewresnet34
from tssd.models.spike_driven import spike_driven_transformer
from tssd.models.spikformer import spikformer
from tssd.models.standard_resnet import standard_resnet18, standard_resnet34
from tssd.models.vgg import vgg9, vggsnn
from tssd.models.weights import Weights
from tssd.models.widenet import widenet7b_glif, widenet7b_sew

__all__ = [
    "Block",
    "FactoredWeights",
    "MakeNeuron",
    "MakeNorm",
    "NetOutput",
    "QuantisedWeights",
    "Run",
    "SpikingNet",
    "StagedNet",
    "Tap",
    "Weights",
    "dsresnet14",
    "dsresnet20",
    "mlp",
    "msresnet8",
    "msresnet18",
    "plif_net",
    "resnet18",
    "resnet19",
    "resnet20",
    "resnet20_modified",
    "resnet34",
    "sewresnet18",
    "sewresnet34",
    "standard_resnet18",
    "standard_resnet34",
    "spike_driven_transformer",
    "spikformer",
    "vgg9",
    "vgg11",
    "vgg16",
    "vggsnn",
    "widenet7b_glif",
    "widenet7b_sew",
]
