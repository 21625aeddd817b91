import pytest
import torch
from spikingjelly.activation_based import neuron
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

import tssd
from tssd.adapters import adapt
from tssd.errors import UsageError

from .nets import CLASSES, LoopInside, Plain, Turning, images, sequence


class Branching(nn.Module):
    """A network whose parts can't all be tapped."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(64, 8)
        self.act = nn.ReLU()  # used twice
        self.unused = nn.Linear(8, 8)
        self.inplace = nn.Linear(8, 8)
        self.relu = nn.ReLU(inplace=True)
        self.pairs = Pair()
        self.table = Table()
        self.whole = nn.Flatten(0)
        self.image = nn.Unflatten(2, (2, 2, 2, 1))
        self.fired = Fired()
        self.head = nn.Linear(8, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        y = self.act(self.linear(x.flatten(2)))
        y = self.relu(self.inplace(self.act(y)))
        y = self.pairs(y)[0]
        self.table(y), self.whole(y), self.image(y), self.fired(y)
        return self.head(y)


class Pair(nn.Module):
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return x + 1, x


class Table(nn.Module):
    def forward(self, x: Tensor) -> dict[str, Tensor]:
        return {"x": x}


class Fired(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x > 0


@pytest.mark.parametrize(
    ("tap", "message"),
    [
        ("act", r"'act'.*called 2 times, .*module of its own"),
        ("unused", r"'unused'.*never called"),
        ("inplace", r"'inplace'.*changed in place.*inplace=True"),
        ("table", r"'table'.*returned dict, expected a floating-point tensor"),
        ("fired", r"'fired'.*returned torch.bool, expected a floating-point tensor"),
        ("whole", r"'whole'.*returned \[96\] in a run of T = 4, N = 3, expected \[T, N, ...\]"),
        ("image", r"'image'.*returned \[4, 3, 2, 2, 2, 1\].* C, H, W, or"),
    ],
)
def test_refuses_a_tap_that_is_not_one_tensor_per_timestep(tap, message):
    with pytest.raises(tssd.UsageError, match=message) as error:
        adapt(Branching(), [tap], example=images(4))
    assert "\n" not in str(error.value)


def test_refuses_a_module_used_twice_a_timestep():
    class Shared(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.act = nn.Sigmoid()

        def forward(self, x_t: Tensor) -> Tensor:
            return self.act(self.act(x_t.flatten(1)))

    with pytest.raises(tssd.UsageError, match="'act': called 2 times a timestep"):
        adapt(Shared(), ["act"], example=images(4), layout="stepped")


def test_a_network_that_goes_through_the_samples_as_timesteps_is_told_its_layout():
    class Turned(LoopInside):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return super().forward(x.transpose(0, 1)).transpose(0, 1)

    with pytest.raises(tssd.UsageError, match="goes through the samples .*'batch_first'"):
        adapt(Turned(), ["conv"], example=images(4))
    adapt(Turned(), ["conv"], example=images(4), layout="batch_first")


def test_of_a_tuple_the_first_entry_is_tapped():
    net = adapt(Branching(), ["pairs"], example=images(4))
    seen = []
    net.module.pairs.register_forward_hook(lambda module, args, output: seen.append(output[0]))
    assert torch.equal(net(sequence(2, 3), ["pairs"]).taps["pairs"], seen[0])
    assert net.tap_shape("pairs") == (8,)


@pytest.mark.parametrize(
    ("wrong", "nearest"),
    [("stem.O", "stem.0, stem"), ("haed", "head"), ("", "head"), (1, "head"), (None, "head")],
)
def test_a_tap_that_does_not_exist_is_refused_with_the_nearest_names(wrong, nearest):
    with pytest.raises(tssd.UsageError, match=r"expected the name of a module in Plain") as error:
        adapt(Plain(), [wrong], example=images(4))
    message = str(error.value)
    assert nearest in message
    assert message.endswith("(9 in all)")
    assert "\n" not in message


def test_a_network_without_parts_has_nothing_to_tap():
    with pytest.raises(tssd.UsageError, match="Flatten: it has none"):
        adapt(nn.Flatten(2), ["layer"], example=images(4))


def test_a_module_with_two_names_is_tapped_by_either():
    module = Plain()
    module.alias = module.stem
    net = adapt(module, ["stem", "alias"], example=images(4)).eval()
    taps = net(sequence(2, 3), ["stem", "alias"]).taps
    assert torch.equal(taps["stem"], taps["alias"])


def test_a_single_name_is_one_tap():
    assert set(adapt(Plain(), "stem", example=images(4)).places) == {"stem"}


@pytest.mark.parametrize(
    ("tap", "message"),
    [
        ("head", r"got 'head', expected one of stem, stem.1; add taps with .*taps=\['head'\]"),
        (1, r"got 1, expected one of stem, stem.1; add taps .*a module's name"),
        ("steam", r"got 'steam', expected the name of a module in Plain: stem"),
    ],
)
def test_only_declared_taps_resolve(tap, message):
    net = adapt(Plain(), ["stem", "stem.1"], example=images(4))
    for call in (net.resolve_tap, net.tap_shape, lambda tap: net(sequence(2, 2), [tap])):
        with pytest.raises(tssd.UsageError, match=message):
            call(tap)
    with pytest.raises(tssd.UsageError, match=message):
        tssd.tssd(tap=tap).connect(net)


def test_unless_told_the_middle_one_of_the_taps_is_meant():
    net = adapt(Plain(), ["stem", "stem.1"], example=images(4))
    assert net.resolve_tap(None) == "stem"
    assert list(tssd.tssd().connect(net).taps) == ["stem"]
    with pytest.raises(tssd.UsageError, match=r"got none, but there is none; .*a module's name"):
        tssd.tssd().connect(adapt(Plain(), example=images(4)))


def test_without_taps_the_error_says_so():
    with pytest.raises(tssd.UsageError, match="got 'stem', but there is none; add taps"):
        adapt(Plain(), example=images(4)).resolve_tap("stem")


def test_a_tap_that_arrives_otherwise_than_in_the_dry_run_is_refused():
    class Moody(LoopInside):
        def forward(self, x: Tensor) -> Tensor:
            out = super().forward(x)
            if len(x) == 2:
                self.conv(x[0])
            return out

    net = adapt(Moody(), ["conv"], example=images(4))
    assert net(sequence(3, 3), ["conv"]).taps["conv"].shape == (3, 3, 6, 8, 8)
    with pytest.raises(tssd.UsageError, match="'conv': called 3 times in 2 timesteps"):
        net(sequence(2, 3), ["conv"])


def test_taps_work_in_inference_mode():
    net = adapt(Plain(), ["stem"], example=images(4)).eval()
    x = sequence(2, 3)
    expected = net(x, ["stem"]).taps["stem"]
    with torch.inference_mode():
        assert torch.equal(net(x, ["stem"]).taps["stem"], expected)


@pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad")
def test_a_tap_without_gradients_is_refused_in_training_alone():
    class Checkpointed(Plain):
        reentrant = True

        def forward(self, x):
            x = (x + 0 * next(self.parameters()).sum()) if self.reentrant else x
            return self.head(checkpoint(self.stem, x, use_reentrant=self.reentrant))

    net = adapt(Checkpointed(), taps=["stem"], example=images(3))
    x, y = images(4), torch.arange(4)
    criterion = tssd.tssd(1, 2).connect(net)
    with pytest.raises(UsageError, match=r"^tap 'stem': runs without gradients .*use_reentrant"):
        criterion.run(net, x, y)
    with torch.no_grad():
        expected = criterion.run(net, x, y).total
    net.module.reentrant = False
    loss = criterion.run(net, x, y).total
    torch.testing.assert_close(loss.detach(), expected)
    loss.backward()
    assert all(p.grad is not None for p in net.parameters())


def jelly():
    return neuron.LIFNode(decay_input=False, v_threshold=0.3, step_mode="m")


@pytest.mark.parametrize("spiking", [lambda: tssd.LIF(v_threshold=0.3), jelly])
def test_taps_in_folds_are_of_the_order_that_the_network_folds_in(spiking):
    module = Turning(spiking())
    names = ["early", "conv", "norm", "spiking"]
    net = adapt(module, names, example=images(4), layout="batch_first").eval()
    x = sequence(4, 5)
    taps = net(x, names).taps
    # What has no memory is the same alone, and knows no order.
    early = torch.stack([module.early(x_t) for x_t in x])
    conv = torch.stack([module.conv(x_t) for x_t in early])
    torch.testing.assert_close(taps["early"], early)
    torch.testing.assert_close(taps["conv"], conv)
    torch.testing.assert_close(taps["norm"], torch.stack([module.norm(x_t) for x_t in conv]))
    tssd.adapters.clear_state(module)
    torch.testing.assert_close(taps["spiking"], module.spiking(taps["norm"]))
    assert 0 < taps["spiking"].mean() < 1


def test_a_head_in_a_fold_is_of_the_order_whose_mean_the_network_returns():
    class Summing(Turning):
        def forward(self, x: Tensor) -> Tensor:
            y = self.conv(x.transpose(0, 1).flatten(0, 1)).unflatten(0, (x.shape[1], len(x)))
            logits = self.head(self.spiking(y).flatten(0, 1).flatten(1))
            total = torch.zeros(len(x), CLASSES)
            for z_t in logits.unflatten(0, y.shape[:2]):
                total = total + z_t
            return total / x.shape[1]

    module = Summing(tssd.LIF(v_threshold=0.1))
    net = adapt(module, example=images(4), layout="batch_first", head="head").eval()
    x = sequence(4, 5)
    current = torch.stack([module.conv(x_t) for x_t in x])
    expected = module.head(module.spiking(current).flatten(2))
    torch.testing.assert_close(net(x).logits, expected)


class Noise(nn.Module):
    """Random numbers that are no dropout."""

    def forward(self, x: Tensor) -> Tensor:
        return x + torch.randn_like(x)


def test_a_tap_in_a_fold_of_unknown_order_is_refused_unless_dropout_alone_hides_it():
    noisy = Turning(jelly(), mixed=Noise())
    with pytest.raises(UsageError, match=r"^tap 'conv': .*\[12, 6, 8, 8\].*T = 4, N = 3.*outside"):
        adapt(noisy, ["conv"], example=images(4), layout="batch_first")
    dropping = Turning(jelly(), mixed=nn.Dropout(0.5))
    net = adapt(dropping, ["conv"], example=images(4), layout="batch_first").eval()
    x = sequence(4, 5)
    conv = torch.stack([dropping.conv(dropping.early(x_t)) for x_t in x])
    torch.testing.assert_close(net(x, ["conv"]).taps["conv"], conv)
