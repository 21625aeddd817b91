"""What the recordings of one data set have in common."""

import json

import numpy as np
import pytest

from tssd.errors import UsageError
from tssd.simulate import DVS128, ClosedLoop, DvsCamera, Monitor, Setup, simulate


def test_a_setup_records_with_all_its_parts():
    setup = Setup(
        DvsCamera(threshold_on=0.1, noise_rate=5.0, size=16),
        ClosedLoop(amplitude=2.0),
        Monitor(gamma=1.0),
        duration=20.0,
        seed=5,
    )
    image = np.random.default_rng(0).integers(0, 256, (8, 8), dtype=np.uint8)
    own = setup.record(image, 3)
    expected = simulate(
        image,
        setup.camera,
        setup.movement,
        duration=20.0,
        seed=5,
        number=3,
        monitor=setup.monitor,
    )
    assert len(own) > 50
    for field in ("t", "x", "y", "p"):
        assert (getattr(own, field) == getattr(expected, field)).all()


def test_the_description_names_every_parameter_and_is_json():
    said = json.loads(json.dumps(Setup().description()))
    assert said["camera"]["threshold_on"] == DVS128.threshold_on
    assert said["movement"] == {"amplitude": 4.0, "period": 200.0, "step": 0.25}
    assert set(said) == {"camera", "movement", "monitor", "duration", "seed"}


@pytest.mark.parametrize("options", [{"duration": 0.0}, {"seed": -1}])
def test_a_value_out_of_range_is_refused_before_anything_is_recorded(options):
    with pytest.raises(UsageError, match="expected"):
        Setup(**options)
