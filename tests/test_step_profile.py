"""That the profile of a step sorts operations right, and that its variants train the same step."""

import pytest
import torch
from benchmarks import step_profile
from benchmarks.step_profile import ALL, REST, Step, action, kind_of, shares, table

from tssd.models.pool import MaxPool2x2
from tssd.neurons import scan


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (
            ["aten::mul_", "_ScanBackward", "autograd::engine::evaluate_function: _ScanBackward"],
            "neurons",
        ),
        (["autograd::engine::evaluate_function: ConvolutionBackward0"], REST),
        (["aten::convolution_backward", "ConvolutionBackward0"], "convolutions"),
        (["aten::copy_", "aten::to", "loss"], "loss"),
        (["aten::native_batch_norm", "aten::batch_norm", "loss"], "norms"),
        (["aten::maximum", "_HalveByMaximum", "loss"], "pools"),
        (["aten::index", "data"], "data"),
        ([], REST),
    ],
)
def test_an_operation_is_of_the_innermost_kind_that_it_is_part_of(
    names: list[str], kind: str
) -> None:
    assert kind_of(names) == kind


def test_the_shares_of_a_step_add_up_and_every_kind_is_found() -> None:
    torch.manual_seed(0)
    step = action(Step(4, torch.float32), width=1 / 16, batch=4)
    step()
    seconds = shares(step)
    assert sum(seconds.values()) == pytest.approx(2 * seconds[ALL])
    assert [kind for kind, value in seconds.items() if value <= 0] == []
    # The profiler's own names may change with torch; nearly nothing may be left over then.
    assert seconds[REST] < seconds[ALL] / 3
    lines = table({"one": seconds}).splitlines()
    assert [line.split("|")[1].strip() for line in lines[2:]] == list(seconds)
    assert lines[-1].endswith("(100 %) |")


def test_the_plain_step_is_put_back_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    before = scan.PIECE, MaxPool2x2.forward
    seen = []
    forward = torch.nn.MaxPool2d.forward
    monkeypatch.setattr(
        torch.nn.MaxPool2d, "forward", lambda *args: seen.append(scan.PIECE) or forward(*args)
    )
    action(Step(1, torch.bfloat16, plain=True), width=1 / 16, batch=4)()
    assert set(seen) == {2**62}
    assert (scan.PIECE, MaxPool2x2.forward) == before


def test_columns_say_what_they_are() -> None:
    names = [step.name for step in step_profile.STEPS]
    assert len(set(names)) == len(names)
    assert names[0] == "vanilla, T = 1, float32, plain"
    assert names[-1] == "TSSD, T = 1 and 4, bfloat16"
