import numpy as np

from tssd.events import Events


def recording(t):
    n = len(t)
    return Events(
        t=np.array(t, dtype=np.int64),
        x=np.arange(n, dtype=np.uint16),
        y=np.arange(n, dtype=np.uint16) + 1,
        p=(np.arange(n) % 2).astype(np.uint8),
        height=8,
        width=9,
        notes=("one event dropped",),
    )


def test_length_and_duration():
    events = recording([5, 5, 9, 30])
    assert (len(events), events.duration) == (4, 25)
    assert (len(recording([])), recording([]).duration) == (0, 0)


def test_between_includes_the_start_and_excludes_the_end():
    part = recording([5, 5, 9, 30]).between(5, 30)
    assert part.t.tolist() == [5, 5, 9]
    assert part.x.tolist() == [0, 1, 2]
    assert part.y.tolist() == [1, 2, 3]
    assert part.p.tolist() == [0, 1, 0]
    assert (part.height, part.width, part.notes) == (8, 9, ("one event dropped",))


def test_between_outside_the_recording_is_empty():
    assert len(recording([5, 9]).between(10, 20)) == 0
    assert len(recording([]).between(0, 20)) == 0
