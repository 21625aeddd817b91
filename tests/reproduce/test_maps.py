import pytest
import torch

from tssd.reopened.open_run import load_parts
from tssd.reproduce.maps import plot_maps, rate_maps


@pytest.fixture(scope="module")
def maps(trained):
    return rate_maps(trained, "TSSD", samples=2)


def test_rates_are_the_taps_means(trained, maps):
    parts = load_parts(trained, [])
    dataset = parts.data.dataset("test")
    first = dataset.labels.tolist().index(1)
    x = dataset[first][0]
    with torch.inference_mode():
        out = parts.net.eval()(x.expand(2, 1, *x.shape), [0, 3])
    assert [tuple(rate.shape) for rate in maps.rates] == [
        (2, 16, 16),
        (2, 8, 8),
        (2, 4, 4),
        (2, 2, 2),
    ]
    for stage in (0, 3):
        expected = out.taps[stage][:, 0].mean((0, 1))
        torch.testing.assert_close(maps.rates[stage][1], expected)
    assert maps.classes == ("0", "1")


def test_inputs_are_between_0_and_1(maps):
    assert maps.inputs.shape == (2, 16, 16)
    assert (maps.inputs.min(), maps.inputs.max()) == (0, 1)


def test_two_networks_side_by_side(maps, tmp_path):
    plot_maps([maps, maps._replace(name="vanilla")], tmp_path / "m", title="<maps>")
    text = (tmp_path / "m.svg").read_text()
    assert "<maps>" not in text
    assert (tmp_path / "m.png").stat().st_size > 1000
