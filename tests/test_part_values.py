"""What the parts of other systems have from their sources: numbers and choices that no loss tells.

Written down from the papers and public codes; a loss's own tests give it numbers of their own.
"""

import pytest

from tssd.config import load_recipe
from tssd.config.assemble import resolve

# Weights beside labels that count once.
OBJECTIVES = {
    "bkdsnn": {
        "bkdsnn": {"temperature": 2.0, "weight": 1.0},
        "bkdsnn_feature": {"masked": 0.15, "weight": 7e-5},
    },
    # a = 0.1 and b = 1e-6, over 1 - a: sums of 3 exits, and of 128 samples.
    "byot": {
        "exit_task": {"weight": pytest.approx(3)},
        "imitation": {"temperature": 3.0, "weight": pytest.approx(3 * 0.1 / 0.9, rel=0.02)},
        "hints": {"weight": pytest.approx(3 * 1e-6 / 0.9 * 128, rel=0.02)},
    },
    "cascade": {"ranked": {"direction": "strong2weak", "pairs": "neighbours", "temperature": 2.0}},
    # a = 0.1.
    "default_kd": {
        "default_kd": {
            "correct": 0.99,
            "temperature": 20.0,
            "multiplier": 100.0,
            "weight": pytest.approx(0.1 / 0.9),
        }
    },
    "esd": {"task": {"distillation": 0.3, "temperature": 3.0}},
    "etc": {"consistency": {"temperature": 4.0, "detach_teacher": True, "weight": 1.0}},
    # b is 1e-6 of a sum over 1,024 samples.
    "jointasnn": {
        "task": {
            "imitation": 0.1,
            "temperature": 3.0,
            "feature_weight": pytest.approx(1e-6 * 1024, rel=0.03),
            "summed": True,
            "weight": pytest.approx(1 / 0.9),
        }
    },
    "kdsnn_feature": {"kdsnn_feature": {"weight": 7e-5}},
    "mps": {"guidance": {"detach_teacher": True, "weight": 1.0}},
    "sealkd": {
        "task": {"mse_share": 0.0},
        "sealkd": {"temperature": 3.0, "weight": 0.6},
        "sealkd_steps": {"temperature": 3.0, "weight": 0.15},
    },
    "sml": {"task": {"mutual": 0.9, "head_weight": 0.5, "temperature": 3.0}},
    "sscl": {"sscl": {"temperature": 0.1}},
    "stable_spike": {"stable": {"weight": 1.0}, "perturbed": {"temperature": 2.0, "weight": 1.0}},
    "strong2weak": {
        "ranked": {"direction": "strong2weak", "pairs": "extremes", "temperature": 2.0}
    },
    "tdd": {
        "task": {"mse_share": 0.0},
        "tdd_teacher": {"weight": 0.2},
        "tdd_self": {"members": "all", "weight": 0.5},
    },
    "tet": {"task": {"mse_share": 0.05, "level": 1.0}},
    # The code lets the teacher learn.
    "tks": {"task": {"temperature": 3.0, "sharing": 0.7, "detach_teacher": False}},
    "trt": {
        "task": {"mse_share": 0.05, "level": "labels"},
        "weights": {"growth": 0.25, "epsilon": 1e-5, "weight": 1e-5},
    },
    "weak2strong": {
        "ranked": {"direction": "weak2strong", "pairs": "extremes", "temperature": 2.0}
    },
}
NEURONS = {
    "mps": {"class_path": "tssd.neurons.SmoothedLIF"},
    "qcfs": {"class_path": "tssd.neurons.QCFS", "levels": 4, "pre_steps": 0},
    "srp": {"class_path": "tssd.neurons.QCFS", "levels": 4, "pre_steps": 4},
}


def options(node):
    return {"class_path": node["class_path"], **node["init_args"]}


@pytest.mark.parametrize("part", OBJECTIVES)
def test_terms_have_the_numbers_of_their_source(part):
    found = resolve(load_recipe(f"cifar10+vgg9+{part}"))["objectives"]
    for term, expected in OBJECTIVES[part].items():
        own = options(found[term])
        assert {name: own[name] for name in expected} == expected, term


@pytest.mark.parametrize("part", NEURONS)
def test_neurons_have_the_numbers_of_their_source(part):
    net = resolve(load_recipe(f"cifar10+vgg9+{part}"))["net"]
    own = options(net["init_args"]["neuron"])
    assert {name: own[name] for name in NEURONS[part]} == NEURONS[part]


def test_mixed_timesteps_draw_three_times():
    rule = resolve(load_recipe("cifar10+vgg9+mtt"))["rule"]["init_args"]
    assert (rule["configurations"], rule["shortest"], rule["summed"]) == (3, 1, True)
