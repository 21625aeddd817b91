import copy

import pytest
import torch
from torch import Tensor, nn

import tssd
from tssd.adapters import adapt

from .nets import CLASSES, Remembering, images, sequence


class Repeating(nn.Module):
    """[N, 1, 8, 8] -> [T, N, K]: shows its image as often as `num_steps` says."""

    def __init__(self, end=torch.stack) -> None:
        super().__init__()
        self.num_steps = 7
        self.linear = nn.Linear(64, 16)
        self.head = nn.Linear(16, CLASSES)
        self.end = end

    def forward(self, x: Tensor) -> object:
        membrane, logits = 0.0, []
        for _ in range(self.num_steps):
            membrane = 0.5 * membrane + self.linear(x.flatten(1))
            logits.append(self.head(torch.relu(membrane)))
        return self.end(logits)


def set_steps(net: nn.Module, steps: int) -> None:
    net.num_steps = steps


ENDS = {
    "all": (torch.stack, {}),
    "list": (list, {}),
    "mean": (lambda z: torch.stack(z).mean(0), {}),
    "added up": (lambda z: sum(z) / len(z), {"head": "head"}),
}


def repeating(end: str = "all", **options):
    function, more = ENDS[end]
    return adapt(
        Repeating(function), ["linear"], example=images(4), layout="repeating",
        set_timesteps=set_steps, **more, **options,
    )  # fmt: skip


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("steps", [1, 3, 4])
def test_a_network_that_repeats_its_input_runs_once_for_any_t(end, steps):
    net = repeating(end).eval()
    assert net.module.num_steps == 7  # the dry run leaves it as it was
    x = images(5)
    out = net(tssd.repeat_in_time(x, steps), ["linear"])
    reference = Repeating()
    reference.load_state_dict(net.module.state_dict())
    reference.num_steps = steps
    torch.testing.assert_close(out.logits, reference(x))
    assert out.taps["linear"].shape == (steps, 5, 16)


def test_it_trains_with_its_tap():
    net = repeating("mean")
    criterion = tssd.tssd(1, 4).connect(net)
    criterion.run(net, images(5), torch.arange(5)).total.backward()
    assert all(p.grad.isfinite().all() and p.grad.any() for p in net.parameters())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layout": "repeating"}, "set_timesteps: got none, but layout='repeating' needs it"),
        ({"set_timesteps": set_steps}, "set_timesteps: is for layout='repeating', not for 'time_f"),
        ({"set_timesteps": 4, "layout": "repeating"}, "set_timesteps: got 4, expected a function"),
        ({"layout": "repeating", "set_timesteps": lambda net, T: None}, r"\[7, 3, 5\].*no effect"),
        ({"layout": "stepped"}, r"got shape \[7, 3, 5\].*layout='repeating'"),
        ({"layout": "stepped", "head": "head"}, "head: got a module, but a stepped"),
        ({"layout": "repeating", "set_timesteps": set_steps, "head": "linear"}, "head: the mean"),
        ({"layout": "repeating", "set_timesteps": set_steps, "head": "haed"}, "head: got 'haed'"),
    ],
)
def test_a_wrong_option_is_refused_with_the_right_one(options, message):
    with pytest.raises(tssd.UsageError, match=message) as error:
        adapt(Repeating(), example=images(4), **options)
    assert "\n" not in str(error.value)


def test_a_repeating_network_refuses_sequences_that_change():
    net = repeating()
    with pytest.raises(tssd.UsageError, match="one input at every timestep.*a sequence that chang"):
        net(sequence(4, 3))
    net(sequence(1, 3).expand(4, 3, 1, 8, 8).contiguous())  # the same image, written out


def test_a_list_of_t_tensors_is_a_sequence():
    class Listing(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(64, CLASSES)

        def forward(self, x: Tensor) -> list[Tensor]:
            return list(self.linear(x.flatten(2)))

    net = adapt(Listing(), example=images(4))
    x = sequence(3, 2)
    for series in (x, x[:1], x[:, :1]):
        assert torch.equal(net(series).logits, torch.stack(net.module(series)))


@pytest.mark.parametrize("in_place", [False, True])
def test_a_reset_in_place_goes_on_after_evaluation_and_after_a_backward_pass(in_place):
    def reset(module: Remembering) -> None:
        if in_place and module.membrane is not None:
            module.membrane.zero_()
        else:
            module.clear()

    net = adapt(Remembering(), example=images(3), layout="stepped", reset=reset)
    x = sequence(2, 3)
    with torch.inference_mode():
        expected = net(x).logits
    for _ in range(2):
        logits = net(x).logits
        assert torch.equal(logits, expected)
        logits.sum().backward()
    copy.deepcopy(net)
