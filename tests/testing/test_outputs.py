import torch

from tssd.models import NetOutput
from tssd.testing.outputs import Watched, mapped, tensors
from tssd.time import is_constant_in_time, repeat_in_time

OUT = NetOutput(
    torch.ones(2, 3, 5),
    {0: torch.ones(2, 3, 4)},
    {0: torch.ones(2, 3, 5)},
    {"lif": torch.ones(2, 3, 6)},
    repeat_in_time(torch.ones(3, 1, 2, 2), 2),
)


def test_a_watched_output_knows_what_was_read():
    watched = Watched(**vars(OUT))
    assert watched.logits is OUT.logits and watched.was_read() == set()
    assert watched.membranes is OUT.membranes and watched.exits is OUT.exits
    assert watched.was_read() == {"membranes", "exits"}


def test_all_tensors_are_listed_by_name():
    names = ["out.logits", "out.taps[0]", "out.exits[0]", "out.membranes['lif']", "out.input"]
    assert [*tensors(OUT)] == names
    assert [*tensors(NetOutput(OUT.logits))] == ["out.logits"]


def test_all_tensors_are_changed_and_a_repeated_image_stays_one():
    twice = mapped(OUT, lambda x: torch.cat([x, x], dim=1))
    assert {value.shape[:2] for value in tensors(twice).values()} == {(2, 6)}
    assert twice.input is not None and is_constant_in_time(twice.input)
    assert mapped(NetOutput(OUT.logits), torch.zeros_like).input is None
