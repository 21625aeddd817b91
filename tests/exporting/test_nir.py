from dataclasses import replace

import numpy as np
import pytest

from tssd.exporting import nir
from tssd.exporting.request import Request, UnsupportedError

from .nir_networks import expected, frames, vgg

pytest.importorskip("nir", reason="needs the extra: pip install tssd[nir]")
pytest.importorskip("nirtorch", reason="needs the extra: pip install tssd[nir]")

REQUEST = Request(4, "float32", np.zeros((4, 0, 2, 8, 8), np.float32))


def test_it_is_written_and_run(tmp_path):
    nir.write(tmp_path, vgg(), {"classes": ["a"]}, REQUEST)
    assert [path.name for path in tmp_path.iterdir()] == ["network.nir"]
    x = frames(steps=2)
    ran, (logits, spikes) = nir.run(tmp_path, x.numpy(), REQUEST), expected(vgg(), x)
    np.testing.assert_allclose(ran.logits, logits.numpy(), rtol=0, atol=1e-6)
    assert ran.spikes.keys() == spikes.keys()
    assert all((ran.spikes[name] == spikes[name].numpy()).all() for name in spikes)
    again = nir.run(tmp_path, x.numpy(), replace(REQUEST, spikes=False))
    np.testing.assert_array_equal(again.logits, ran.logits)  # from a clean state
    assert again.spikes == {}


def test_an_image_for_all_timesteps_is_run(tmp_path):
    nir.write(tmp_path, vgg(), {}, REQUEST)
    still = np.broadcast_to(frames(1).numpy()[0], (3, 3, 2, 8, 8))
    found = nir.run(tmp_path, still, REQUEST).logits
    np.testing.assert_array_equal(found, nir.run(tmp_path, still.copy(), REQUEST).logits)


def test_of_what_is_refused_nothing_is_written(tmp_path):
    with pytest.raises(UnsupportedError, match="--soft-reset recorded"):
        nir.write(tmp_path, vgg(reset="soft"), {}, REQUEST)
    assert not [*tmp_path.iterdir()]
