"""Short passes that are done again as they were noted."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from .small import frames, images, leveled, network

pytest.importorskip("numba", reason="needs the extra: pip install tssd[engine]")

from tssd.engine import Network, events  # noqa: E402
from tssd.engine import tape as module  # noqa: E402
from tssd.engine.tape import Tape, Tapes  # noqa: E402
from tssd.engine.values import Signal  # noqa: E402


@pytest.fixture
def again(monkeypatch):
    """How often a tape did it again."""
    done = []
    own = Tape.again

    def counted(tape, x, state):
        done.append(own(tape, x, state))
        return done[-1]

    monkeypatch.setattr(Tape, "again", counted)
    return done


@pytest.mark.parametrize("graph", [network(), leveled()], ids=["all", "levels"])
@pytest.mark.parametrize("weights", ["float32", "int7"])
@pytest.mark.parametrize("take", [images, frames])
def test_each_of_many_inputs_has_its_own_output(graph, weights, take, again):
    net = Network(graph, weights=weights, dense_above=np.inf)
    oracle = Network(graph, weights=weights, backend="numpy")
    x = [take(seed=seed) for seed in range(5)]
    if take is frames:  # counts of another size are another kind of pass
        x = [np.minimum(one, 2) for one in x]
    found = [net.run(one, 4) for one in x]
    assert again == [True] * 3
    for one, logits in zip(x, found, strict=True):
        np.testing.assert_allclose(logits, oracle.run(one, 4), atol=1e-5)
    assert not np.array_equal(found[2], found[3])
    assert np.array_equal(net.predict(x[4], 4).classes, found[4].mean(0).argmax(1))


def test_steps_of_a_stream_are_noted_and_old_states_stay(again):
    net = Network(leveled(), dense_above=np.inf)
    x = np.minimum(frames(timesteps=6), 2)
    state, states, logits = net.initial_state(3), [], []
    for x_t in x:
        one, state = net.step(x_t, state)
        states.append({name: v.copy() for name, v in state.items()})
        logits.append((one, one.copy(), state))
    assert again == [True] * 4
    assert np.array_equal(np.stack([one for one, _, _ in logits]), net.run(x))
    for (one, then, kept), expected in zip(logits, states, strict=True):
        assert np.array_equal(one, then)
        assert all(np.array_equal(kept[name], v) for name, v in expected.items())
    # From an old state the same follows again.
    assert np.array_equal(net.step(x[4], states[3])[0], logits[4][0])


def test_what_the_note_does_not_suit_runs_as_it_must(again):
    quiet, crowded = np.zeros((1, 3, 2, 9, 8), np.float32), np.ones((1, 3, 2, 9, 8), np.float32)
    net = Network(network(), dense_above=0.3)
    expected = Network(network(), backend="numpy").run(crowded)
    for x in (quiet, quiet, quiet):
        net.run(x)
    assert again == [True]
    found = [net.run(crowded) for _ in range(module.MISSES + 2)]
    # It is tried no longer.
    assert again == [True] + [False] * module.MISSES
    assert all(np.allclose(logits, expected, atol=1e-5) for logits in found)
    # A pass with a layer that ran dense is not noted.
    net, again[:] = Network(network(), dense_above=0.3), []
    assert all(np.allclose(net.run(crowded), expected, atol=1e-5) for _ in range(4))
    assert again == []


def test_long_passes_are_not_noted_and_no_more_than_some(again, monkeypatch):
    net = Network(network(), dense_above=np.inf)
    many = frames(timesteps=4, samples=events.SHORT // 4 + 1)
    for _ in range(3):
        net.run(many)
    assert again == []
    monkeypatch.setattr(module, "NOTED", 2)
    tapes = Tapes()
    x = Signal(np.zeros(1, np.float32))
    ran = []
    for kind in (0, 1, 2, 3, 0, 0):
        tapes.run(kind, x, None, lambda x, state, room: (ran.append(room), (x, {}))[1])
    # Forgotten meanwhile, the first kind is seen anew, then noted.
    assert [room is None for room in ran] == [True] * 5 + [False]


def test_every_thread_has_its_own():
    net = Network(network(), dense_above=np.inf)
    x = [images(seed=seed) for seed in range(8)]
    expected = [net.run(one, 3) for one in x]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            for found, logits in zip(
                pool.map(lambda one: net.run(one, 3), x), expected, strict=True
            ):
                assert np.array_equal(found, logits)
