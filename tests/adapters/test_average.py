import pytest
import torch
from torch import Tensor, nn

import tssd
from tssd.adapters import adapt
from tssd.adapters.average import logits_of_means
from tssd.evaluation import evaluate
from tssd.evaluation.run import accuracy_at_every_timestep

from .nets import CLASSES, images, sequence

T, N = 4, 6


class Averaging(nn.Module):
    """[T, N, 1, 8, 8] -> [N, K] by a function of itself and its spikes [T, N, 16]."""

    def __init__(self, end, head: nn.Module | None = None) -> None:
        super().__init__()
        self.linear = nn.Linear(64, 16)
        self.lif = tssd.LIF(v_threshold=0.2)
        self.head = head or nn.Linear(16, CLASSES)
        self.end = end

    def forward(self, x: Tensor) -> Tensor:
        return self.end(self, self.lif(self.linear(x.flatten(2))))


def deep_head() -> nn.Module:
    return nn.Sequential(
        nn.Linear(16, 8), nn.LayerNorm(8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, CLASSES)
    )


ENDS = {
    "mean of logits": lambda net, s: net.head(s).mean(0),
    "logits of the mean": lambda net, s: net.head(s.mean(0)),
    "torch.mean": lambda net, s: net.head(torch.mean(s, dim=0)),
    "axis": lambda net, s: net.head(torch.mean(s, axis=0)),
    "with space": lambda net, s: net.head(s.unflatten(2, (16, 1)).mean((0, 3))),
    "negative axis": lambda net, s: net.head(s.movedim(0, -1).mean(-1)),
    "kept axis": lambda net, s: net.head(s.mean(0, keepdim=True)).squeeze(0),
    "sum / T": lambda net, s: net.head(s.sum(0) / len(s)),
    "stacked on dim 1": lambda net, s: torch.stack([net.head(t) for t in s], 1).mean(1),
    "followed by another mean": lambda net, s: net.head(s.mean(0)) + s.mean((0, 1)).mean(0) * 0,
    "in a tuple": lambda net, s: (net.head(s.mean(0)), s),
}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("deep", [False, True])
def test_the_mean_over_any_first_steps_is_what_a_run_of_them_returns(end, deep):
    net = adapt(
        Averaging(ENDS[end], deep_head() if deep else None), ["lif"], example=2 * images(N)
    ).eval()
    x = 2 * sequence(T, N)
    out = net(x, ["lif"])
    assert out.logits.shape == (T, N, CLASSES)
    assert (out.logits[0] != out.logits[1]).any()
    assert torch.equal(out.taps["lif"], net.module.lif(net.module.linear(x.flatten(2))))
    for steps in range(1, T + 1):
        alone = net.module(x[:steps])
        alone = alone[0] if isinstance(alone, tuple) else alone
        torch.testing.assert_close(out.logits[:steps].mean(0), alone)


def test_batch_norm_after_the_mean_sees_a_batch():
    head = nn.Sequential(nn.Linear(16, 8), nn.BatchNorm1d(8), nn.Linear(8, CLASSES))
    net = adapt(Averaging(ENDS["logits of the mean"], head), example=2 * images(N)).eval()
    x = 2 * sequence(T, N)
    torch.testing.assert_close(net(x).logits.mean(0), net.module(x))


def test_means_that_hooks_take_are_not_counted():
    net = adapt(Averaging(ENDS["logits of the mean"]), example=images(N)).eval()
    x = 2 * sequence(T, N)
    expected = net(x).logits

    def hook(module: nn.Module, args: object, output: Tensor) -> None:
        output.mean(0), output.sum(0)

    net.module.linear.register_forward_hook(hook)
    assert torch.equal(net(x).logits, expected)


@pytest.mark.parametrize(("steps", "samples"), [(1, 1), (1, 3), (3, 1), (3, 3), (4, 16)])
def test_any_number_of_steps_and_samples_will_do(steps, samples):
    net = adapt(Averaging(ENDS["logits of the mean"]), example=images(2)).eval()
    x = 2 * sequence(steps, samples)
    torch.testing.assert_close(net(x).logits.mean(0), net.module(x))


def test_evaluation_at_every_t_equals_runs_at_each_t():
    net = adapt(Averaging(ENDS["mean of logits"], deep_head()), example=2 * images(N))
    x, y = 2 * sequence(T, 64), torch.arange(64) % CLASSES
    together = evaluate(net, [(x, y)], T).accuracy
    alone = [
        accuracy_at_every_timestep(net, [(x[:steps], y)], steps)[-1] for steps in range(1, T + 1)
    ]
    assert list(together) == alone


def test_it_trains_in_training_mode_with_dropout_after_the_mean():
    net = adapt(Averaging(ENDS["logits of the mean"], deep_head()), ["lif"], example=images(N))
    criterion = tssd.tssd(1, T).connect(net)
    criterion.run(net.train(), 2 * images(N), torch.arange(N) % CLASSES).total.backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in net.parameters())


@pytest.mark.parametrize(
    ("end", "message"),
    [
        (lambda net, s: net.head(s).amax(0), "return the logits of every timestep.*head="),
        (lambda net, s: net.head(s)[-1], "return the logits of every timestep"),
        (lambda net, s: sum(net.head(t) for t in s) / len(s), r"head=\.\.\."),
        (lambda net, s: net.head(s).sum(0), r"divide by the timesteps of this run"),
        (lambda net, s: net.head(s).sum(0) / 4, r"divide by the timesteps of this run"),
        (lambda net, s: net.head(s - s.mean(0)).mean(0), "all before has to be causal"),
    ],
)
def test_what_is_no_mean_over_time_is_refused_with_the_line_to_change(end, message):
    with pytest.raises(tssd.UsageError, match=message) as error:
        adapt(Averaging(end), example=2 * images(N))
    assert "\n" not in str(error.value)


def test_what_follows_the_mean_cannot_be_tapped():
    module = Averaging(ENDS["logits of the mean"], deep_head())
    with pytest.raises(tssd.UsageError, match=r"'head.2': returned \[3, 8\]"):
        adapt(module, ["head.2"], example=images(N))


def test_logits_of_means_by_hand():
    means = torch.tensor([[2.0], [3.0], [1.0]])  # of 2; 2, 4; 2, 4, -3
    assert logits_of_means(means, 3).flatten().tolist() == [2, 4, -3]
