import torch
from torch import nn

from tssd.adapters.from_recipe import adapted, random_images


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 3, 3)
        self.head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 5))

    def forward(self, x, state=0.0):
        v = self.conv(x) + 0.5 * state
        return self.head(v), v


def test_a_module_is_adapted_to_a_shape_without_data():
    module = Small()
    net = adapted(module, in_channels=2, image_size=7, taps=["conv"], layout="stepped", timesteps=3)
    assert (net.num_classes, net.tap_shape("conv")) == (5, (3, 5, 5))
    x = torch.randn(4, 6, 2, 7, 7)
    out = net(x, ["conv"])
    expected, state = [], 0.0
    for x_t in x:
        logits, state = module(x_t, state)
        expected.append(logits)
    assert torch.equal(out.logits, torch.stack(expected))
    assert out.taps["conv"].shape == (4, 6, 3, 5, 5)


def test_the_images_are_always_the_same_and_draw_nothing():
    torch.manual_seed(3)
    before = torch.get_rng_state()
    assert torch.equal(random_images(1, 4), random_images(1, 4))
    assert torch.equal(torch.get_rng_state(), before)


def test_images_need_not_be_squares():
    net = adapted(Small(), in_channels=2, image_size=(7, 9), layout="stepped")
    assert net(torch.randn(1, 2, 2, 7, 9)).logits.shape == (1, 2, 5)
    assert random_images(1, (4, 6)).shape[1:] == (1, 4, 6)
