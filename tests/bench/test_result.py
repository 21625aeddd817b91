import json

from tssd.bench.result import Bench, Cell
from tssd.bench.timing import Spread


def test_it_is_plain_json():
    cell = Cell(
        runtime="engine",
        timesteps=1,
        batch=16,
        wall_ms=Spread(2.0, 1.0, 3.0),
        cpu_ms=Spread(2.0, 1.0, 3.0),
        rounds=5,
        per_second=8000.0,
        speedup=None,
        cpu_speedup=None,
        memory_mib=100.0,
        accuracy=0.9,
        energy_uj=None,
    )
    bench = Bench(epoch=3, samples=10, split_hash="a", threads=1, firing_rate=(0.1,), cells=(cell,))
    content = bench.to_dict()
    assert json.loads(json.dumps(content)) == content
    assert content["cells"][0]["wall_ms"] == {"median": 2.0, "low": 1.0, "high": 3.0}
