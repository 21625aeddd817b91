"""Networks of the literature are a table of stages, a block or a head: none needs a new builder.

They don't ship; what ships is shaped so that each is a few lines.
"""

from functools import partial

import pytest
import torch
from torch import nn

from tssd.models import Block
from tssd.models.blocks import build_neuron, conv_norm, conv_norm_neuron, global_pool_head
from tssd.models.resnet import resnet
from tssd.models.vgg import vgg
from tssd.neurons import LIF
from tssd.norms import TdBN, pooled_batch_norm
from tssd.testing import check_network
from tssd.time import TimeFold


class AddThenSpike(Block):
    """The block of ResNet-19 and ResNet-20: the neuron behind the addition."""

    def __init__(self, c_in, c_out, neuron, norm, stride=1, *, shortcut=None):
        super().__init__()
        self.branch = nn.Sequential(
            conv_norm_neuron(c_in, c_out, neuron, norm, stride), conv_norm(c_out, c_out, norm)
        )
        same = stride == 1 and c_in == c_out
        shortcut = shortcut or partial(conv_norm, kernel=1)
        self.shortcut = nn.Identity() if same else shortcut(c_in, c_out, norm, stride)
        self.neuron = build_neuron(neuron, c_out, self.branch, self.shortcut)

    def flow(self, run, x):
        return run(self.neuron, run(self.branch, x) + run(self.shortcut, x))


def resnet19(neuron=LIF, width=1.0, **options):
    """ResNet-19 of tdBN: 1 + 16 + 2 layers."""

    def head(shape, num_classes):
        hidden = round(256 * width)
        return nn.Sequential(
            global_pool_head(shape, hidden),
            build_neuron(neuron, hidden),
            TimeFold(nn.Linear(hidden, num_classes)),
        )

    stages = ((128, 3), (256, 3), (512, 2))
    return resnet(stages, block=AddThenSpike, neuron=neuron, width=width, head=head, **options)


def resnet20(**options):
    """ResNet-20 of MPBN: three convolutions and a pool first, shortcuts that pool."""

    def stem(c_in, c_out, neuron, norm, stride):
        layers = [conv_norm_neuron(c, c_out, neuron, norm) for c in (c_in, c_out, c_out)]
        return nn.Sequential(*layers, TimeFold(nn.AvgPool2d(stride)))

    def pooled(c_in, c_out, norm, stride):
        pool = TimeFold(nn.AvgPool2d(stride))
        return nn.Sequential(pool, conv_norm(c_in, c_out, norm, kernel=1))

    stages = ((64, 2), (128, 2), (256, 2), (512, 2))
    block = partial(AddThenSpike, shortcut=pooled)
    return resnet(stages, block=block, stem=stem, stem_stride=2, **options)


def ds_resnet20(**options):
    """DS-ResNet-20 of MLF: the block of the paper in three stages."""
    return resnet(((64, 3), (128, 3), (256, 3)), **options)


class SEWBlock(Block):
    """SEW: spikes of two branches joined by a logic function."""

    def __init__(self, c_in, c_out, neuron, norm, stride=1, *, join):
        super().__init__()
        self.join = join
        self.branch = nn.Sequential(
            conv_norm_neuron(c_in, c_out, neuron, norm, stride),
            conv_norm_neuron(c_out, c_out, neuron, norm),
        )
        same = stride == 1 and c_in == c_out
        self.shortcut = (
            nn.Identity() if same else conv_norm_neuron(c_in, c_out, neuron, norm, stride, kernel=1)
        )

    def flow(self, run, x):
        return self.join(run(self.branch, x), run(self.shortcut, x))


def sew(join, **options):
    def stem(c_in, c_out, neuron, norm, stride):
        """That of networks for ImageNet."""
        first = conv_norm_neuron(c_in, c_out, neuron, norm, stride // 2, kernel=7)
        return nn.Sequential(*first, TimeFold(nn.MaxPool2d(3, 2, padding=1)))

    block = partial(SEWBlock, join=join)
    return resnet(((64, 1), (128, 2)), block=block, stem=stem, stem_stride=4, **options)


class MembraneBlock(Block):
    """The block of MS-ResNet: membranes are added, neurons stand in front of convolutions."""

    def __init__(self, c_in, c_out, neuron, norm, stride=1):
        super().__init__()
        self.branch = nn.Sequential(
            build_neuron(neuron, c_in),
            *conv_norm(c_in, c_out, norm, stride),
            build_neuron(neuron, c_out),
            *conv_norm(c_out, c_out, norm),
        )
        same = stride == 1 and c_in == c_out
        self.shortcut = nn.Identity() if same else conv_norm(c_in, c_out, norm, stride, kernel=1)

    def flow(self, run, x):
        return run(self.branch, x) + run(self.shortcut, x)


def ms_resnet18(neuron=LIF, **options):
    """MS-ResNet-18: a stem without neuron, a neuron in front of the head's pool."""

    def stem(c_in, c_out, neuron, norm, stride):
        return conv_norm(c_in, c_out, norm, stride)

    def head(shape, num_classes):
        return nn.Sequential(build_neuron(neuron, shape[0]), global_pool_head(shape, num_classes))

    stages = ((64, 2), (128, 2), (256, 2), (512, 2))
    return resnet(stages, neuron=neuron, block=MembraneBlock, stem=stem, head=head, **options)


SEW = {
    "add": torch.add,
    "and": torch.mul,
    "iand": lambda branch, shortcut: (1 - branch) * shortcut,
}


@pytest.mark.parametrize(
    ("build", "size"),
    [
        (resnet19, 8),
        (resnet20, 16),
        (ds_resnet20, 8),
        *((partial(sew, join), 17) for join in SEW.values()),
        (ms_resnet18, 8),
    ],
)
def test_it_keeps_the_contract_of_a_network(build, size):
    neuron = partial(LIF, v_threshold=0.2)  # linear layers without a norm have small outputs
    shape = dict(in_channels=2, num_classes=5, image_size=size, width=1 / 16)
    check_network(partial(build, neuron=neuron, **shape), (2, size, size), timesteps=2)


def test_parameters_of_resnet19_by_hand():
    stage_1 = 9 * 6 * 128 * 128
    stage_2 = 9 * (128 * 256 + 5 * 256 * 256) + 128 * 256
    stage_3 = 9 * (256 * 512 + 3 * 512 * 512) + 256 * 512
    norms = 2 * (128 + 6 * 128 + (6 + 1) * 256 + (4 + 1) * 512)
    linear = 512 * 256 + 256 + 256 * 10 + 10
    expected = 9 * 3 * 128 + stage_1 + stage_2 + stage_3 + norms + linear
    with torch.device("meta"):
        net = resnet19(norm=pooled_batch_norm)
    assert sum(p.numel() for p in net.parameters()) == expected
    assert net.shapes == ((128, 32, 32), (128, 32, 32), (256, 16, 16), (512, 8, 8))


def test_tdbn_has_the_factor_of_its_paper_in_resnet19():
    net = resnet19(width=1 / 64, image_size=8, norm=TdBN, neuron=partial(LIF, v_threshold=0.5))
    found = {n: m.scale for n, m in net.named_modules() if isinstance(m, TdBN)}
    halved = 0.5**0.5 / 2
    for name, scale in found.items():
        added_up = ".branch.1." in name or ".shortcut." in name
        assert scale == pytest.approx(halved if added_up else 0.5), name
    assert len(found) == 19  # a stem, eight blocks of two, two shortcuts


def test_an_image_is_as_small_as_the_pools_of_the_table_allow():
    with torch.device("meta"):
        assert vgg(((4,), (4,)), head=lambda shape, k: global_pool_head(shape, k), image_size=2)
