from tssd.earlier import PRINTED, unwritten, with_later_options

EXITS = {"class_path": "tssd.objectives.ExitPlan"}


def test_a_run_of_an_earlier_version_decayed_all_and_had_exits_with_batch_norm():
    inside = {"taps": None, "channels": None, "neuron": {"class_path": "tssd.neurons.LIF"}}
    config = {"seed": 1, "exits": EXITS | {"init_args": inside}, "trainer": {"epochs": 3}}
    assert with_later_options(config) == {
        "seed": 1,
        "exits": EXITS | {"init_args": inside | {"norm": "tssd.norms.pooled_batch_norm"}},
        "trainer": {
            "epochs": 3,
            "decay_norms_and_biases": True,
            "channels_last": False,
            "accumulate": 1,
            "sync_batch_norm": False,
        },
    }
    assert "norm" not in inside


def test_exits_that_had_what_the_network_has_take_it_from_the_network():
    lif, plif = {"class_path": "tssd.LIF"}, {"class_path": "own.PLIF"}
    config = {"exits": EXITS | {"init_args": {"taps": [1], "neuron": lif}}}
    own = {"neuron": lif, "norm": "tssd.norms.pooled_batch_norm"}
    for net, neuron, norm in (
        (own, None, None),
        (own | {"neuron": plif}, lif, None),
        (own | {"norm": "own.norm"}, None, "tssd.norms.pooled_batch_norm"),
    ):
        found = with_later_options(config | {"net": {"class_path": "a", "init_args": net}})
        assert found["exits"]["init_args"] == {"taps": [1], "neuron": neuron, "norm": norm}


def test_a_run_of_this_version_stays_as_it_is():
    inside = {"neuron": None, "norm": None}
    trainer = {"decay_norms_and_biases": False, "channels_last": True}
    trainer |= {"accumulate": 2, "sync_batch_norm": True}
    config = {"exits": EXITS | {"init_args": inside}, "trainer": trainer}
    assert with_later_options(config) == config


def test_other_content_is_left_to_whoever_checks_it():
    others = [{}, {"exits": None, "trainer": 3}, {"exits": {"init_args": []}}, {"exits": EXITS}]
    for config in others:
        assert with_later_options(config) == config


def test_what_a_version_did_not_write_down_may_be_anything():
    old, new = ({"net": {"init_args": inside}} for inside in ({}, {"printed": "a1"}))
    assert unwritten(new, new) == ()
    assert unwritten(old) == unwritten(new, old) == unwritten({"net": None}) == (PRINTED,)
