"""Early exits, against the mean logits of all timesteps."""

import numpy as np
import pytest

from tssd.engine import Network
from tssd.errors import UsageError

from .small import frames, images, leveled, network


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


@pytest.fixture(scope="module")
def net():
    return Network(network(), backend="numpy")


@pytest.mark.parametrize("x", [images(20), frames(5, 20)], ids=["images", "frames"])
def test_a_sample_stops_as_soon_as_its_mean_logits_are_clear(net, x):
    logits = net.run(x, 5).astype(np.float64)
    means = logits.cumsum(0) / np.arange(1, 6)[:, None, None]
    sure = softmax(means).max(-1)
    level = float(np.median(sure))
    first = np.where((sure > level).any(0), (sure > level).argmax(0), 4)
    found = net.predict(x, 5, confidence=level)
    assert found.timesteps.tolist() == (first + 1).tolist()
    assert len(set(found.timesteps.tolist())) > 1
    at = means[first, np.arange(20)]
    assert found.classes.tolist() == at.argmax(-1).tolist()
    np.testing.assert_allclose(found.confidences, softmax(at).max(-1))
    assert not found.exited.any()


@pytest.mark.parametrize("make", [network, leveled])
@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_what_sees_an_image_is_computed_once(make, backend, monkeypatch):
    if backend == "numba":
        pytest.importorskip("numba", reason="needs the extra: pip install tssd[engine]")
    net = Network(make(), backend=backend, dense_above=np.inf)
    seen, layer = [], type(net._alone).layer

    def counted(self, step, x, *rest):
        seen.extend([x.array.shape[1]] if step.weights is not None and not x.counts else [])
        return layer(self, step, x, *rest)

    x = images(20)
    logits = net.run(x, 5).astype(np.float64)
    monkeypatch.setattr(type(net._alone), "layer", counted)
    sure = softmax(logits.cumsum(0) / np.arange(1, 6)[:, None, None]).max(-1)
    level = float(np.median(sure))
    found = net.predict(x, 5, confidence=level)
    assert seen == [20]
    first = np.where((sure > level).any(0), (sure > level).argmax(0), 4)
    assert found.timesteps.tolist() == (first + 1).tolist()
    assert 1 < found.timesteps.mean() < 5


def test_without_a_confidence_all_timesteps_are_run(net):
    found = net.predict(images(4), 3)
    assert found.classes.tolist() == net.run(images(4), 3).mean(0).argmax(-1).tolist()
    assert found.timesteps.tolist() == [3] * 4


@pytest.mark.parametrize("confidence", [None, 0.6])
def test_a_sample_that_the_auxiliary_head_knows_stops_there(net, confidence):
    x = images(20)
    everywhere = net.predict(x, 4, exit="0", exit_confidence=0.0)
    assert everywhere.exited.all()
    level = float(np.median(everywhere.confidences))
    found = net.predict(x, 4, exit="0", exit_confidence=level, confidence=confidence)
    assert found.exited.any() and not found.exited.all()
    if confidence is None:
        leaves = everywhere.confidences > level
        assert (found.exited == leaves).all()
        final = net.predict(x, 4)
        expected = np.where(leaves, everywhere.classes, final.classes)
        assert found.classes.tolist() == expected.tolist()


def test_what_stays_is_not_changed_by_what_leaves():
    """The compiled path, whose membranes go on with fewer samples."""
    pytest.importorskip("numba", reason="needs the extra: pip install tssd[engine]")
    compiled = Network(network(), dense_above=np.inf)
    oracle = Network(network(), backend="numpy")
    options = {"confidence": 0.7, "exit": "0", "exit_confidence": 0.8}
    a, b = (n.predict(frames(5, 20), **options) for n in (compiled, oracle))
    assert a.timesteps.tolist() == b.timesteps.tolist()
    assert a.classes.tolist() == b.classes.tolist()


def test_what_is_not_there_is_refused(net):
    with pytest.raises(UsageError, match="exit: got '7', but the network has 0"):
        net.predict(images(), 2, exit="7")
    for wrong in (2, "0.9", float("nan")):
        with pytest.raises(UsageError, match=f"confidence: got {wrong!r}, expected a probability"):
            net.predict(images(), 2, confidence=wrong)


def test_an_exit_may_be_named_by_its_number(net):
    by_number, by_name = (
        net.predict(images(), 2, exit=name, exit_confidence=0.4) for name in (0, "0")
    )
    assert by_number.exited.tolist() == by_name.exited.tolist()
    assert by_number.exited.any()
