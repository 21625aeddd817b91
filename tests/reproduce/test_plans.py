"""The plans inside the package: counted by hand, and checked against the paper and each other."""

import re
from pathlib import Path

import pytest

from tssd.config.compose import composition_of
from tssd.config.pieces import room_of, rooms
from tssd.reproduce.plan import SCALES
from tssd.reproduce.plan_file import load_plan, plan_names
from tssd.reproduce.runs import read

PAPER = Path(__file__).parents[2] / "docs" / "paper.md"
RECALIBRATED = "vanilla, recalibrated"

# Counted on the paper by hand: cells, and networks that are trained for them, at the paper's scale.
NETS, DATA = 2, 2  # VGG-9 and ResNet-18; CIFAR10 and CIFAR10-DVS
BY_HAND = {
    # 4 methods of 2 networks on 2 data sets, each its own training.
    "table1": (4 * NETS * DATA, 4 * NETS * DATA),
    # 4 pairs (T_t, T_s) of 2 methods; a vanilla network is trained for 2 T_t, TSSD for 4 pairs.
    "table2": (4 * 2 * NETS * DATA, (2 + 4) * NETS * DATA),
    # VGG-9 at T = 2 and 1, ResNet-18 at T = 2, on CIFAR10 and CIFAR100; ResNet-34 on ImageNet.
    # Rivals: RMP-Loss at 2 T, TET, MPBN and default KD on both data sets; Real Spike and IM-Loss on
    # each with another network; MLF, Spikformer, KDSNN; SRP, one network read at 2 T.
    "table3": (3 * 2 + 1 + 5 * 2 + 2 * 2 + 3 + 2, 3 * 2 + 1 + 5 * 2 + 2 * 2 + 3 + 1),
    # On CIFAR10-DVS and DVS-Gesture VGG-9 at T = 5, 8, 16 and ResNet-18 at 8, 16. Rivals: DSR, LSG,
    # GLIF, TET, MPBN, Real Spike; Spike-driven Transformer twice; ASGL, MLF, PLIF, TEBN, Spikformer
    # and default KD three times.
    "table4": ((3 + 2) * 2 + 6 + 2 + 6 * 3, (3 + 2) * 2 + 6 + 2 + 6 * 3),
    # TSSD, the extension, and 3 methods without and with TSSD, on 2 data sets.
    "table5": ((2 + 3 * 2) * 2, (2 + 3 * 2) * 2),
    # A baseline and T_t = 2 to 6 (5), a baseline and T_t = 6 to 15 (10).
    "figure3": ((1 + 5) + (1 + 10), (1 + 5) + (1 + 10)),
    # A baseline, 5 alphas, 5 betas; alpha = 1 and beta = 1 are one network.
    "figure4": (1 + 5 + 5, 1 + 5 + 5 - 1),
    # Vanilla and TSSD on 2 data sets.
    "curves": (2 * DATA, 2 * DATA),
    "firing-rates": (2 * DATA, 2 * DATA),
    # TSSD on 2 data sets.
    "early-exit": (DATA, DATA),
    # TSSD on digits and CIFAR10.
    "theory": (2, 2),
    # Images: 2 networks, T_s = 1 and 2, vanilla of 3 lengths twice (one recalibrated) and 8 methods
    # read at 3 T; vanilla networks are those of both T_s. Events: one network, 2 lengths, at 4 T.
    "controls": (
        NETS * 2 * (3 * 2 + 8) * 3 + (2 * 2 + 8) * 4,
        NETS * (3 + 2 * 8) + (2 + 8),
    ),
    # Vanilla of 2 lengths (one twice), 5 methods, 14 systems without and 7 with a teacher (6 and 5
    # of them twice, recalibrated), MTT twice, 6 systems at T_s, a conversion, 3 systems with 2
    # methods, read at 4 T; events without teachers and the last three, at 5 T.
    "leaderboard": (
        (3 + 5 + 14 + 6 + 7 + 5 + 2 + 6 + 1 + 6) * 4 + (3 + 5 + 14 + 6 + 2) * 5,
        (2 + 5 + 14 + 7 + 1 + 6 + 1 + 6) + (2 + 5 + 14 + 1),
    ),
    # No part and 27, six of them twice (recalibrated), with 3 methods, read at 3 T.
    # GLIF and TEBN alone at one T instead of 3. Events: no part and Table 5's three.
    "components": ((1 + 27 + 6) * 3 * 3 - 2 * 2 + 4 * 3 * 3, (1 + 27 + 4) * 3),
    "networks": (6 * 3 * 3, 6 * 3),
    # Trainings in little alone.
    "long": (0, 0),
    "epochs": (0, 0),
}
# The same at the small scale, which has the control, vanilla at T_s in Table 2, N-MNIST in Table 1
# and CIFAR10 in Figure 4, and neither ImageNet nor rivals in Tables 3 to 5.
SMALL = BY_HAND | {
    "table1": (5 * NETS * 3, 5 * NETS * 3),
    # 4 pairs of 5 rows, vanilla twice; 2 vanilla networks by T_t, 2 by T_s, a control and a TSSD a
    # pair.
    "table2": (4 * 5 * NETS * DATA, (2 + 2 + 4 + 4) * NETS * DATA),
    "table3": (3 * 2, 3 * 2),
    "table4": ((3 + 2) * 2, (3 + 2) * 2),
    "table5": (2 * 2, 2 * 2),
    "figure3": ((1 + 5 + 5) + (1 + 10 + 10), (1 + 5 + 5) + (1 + 10 + 10)),
    "figure4": ((2 + 5 + 5) * 2, (2 + 5 + 5 - 1) * 2),
    "curves": (3 * DATA, 3 * DATA),
    "firing-rates": (3 * DATA, 3 * DATA),
    "early-exit": (2 * DATA, 2 * DATA),
    # N-MNIST too.
    "components": ((1 + 27 + 6) * 3 * 3 - 2 * 2 + 2 * 4 * 3 * 3, (1 + 27 + 2 * 4) * 3),
    # Besides the paper's, each network at T_s = 1 for as many steps as at T_t, and that of events.
    "controls": (
        NETS * 2 * (3 * 2 + 8) * 3 + (2 * 2 + 8) * 4 + NETS * 3 + 4,
        NETS * (3 + 2 * 8) + (2 + 8) + NETS + 1,
    ),
    # 17 rows of 15 networks on few images, 6 on many, read at 3 T; 2 methods at 4 lengths.
    "long": ((19 + 6) * 3, 17 + 6),
    "epochs": (2 * 4, 2 * 4),
}
AT = {
    "paper": BY_HAND,
    "small": SMALL,
    # T_s = 1 alone, every row of the small scale and 2 readings more. Vanilla of 2 lengths (one
    # twice), 3 methods and 6 systems, at 4 T.
    "mid": {
        "controls": ((3 * 2 + 1 + 8 + 2) * 3, 3 + 1 + 8 + 2),
        "leaderboard": ((3 + 3 + 6) * 4, 2 + 3 + 6),
    },
    # Vanilla at 1 and at 4, the control, TSSD, and the paper's reading twice.
    "fast": {"controls": ((2 * 2 + 4) * 3, 2 + 4)},
}


def test_there_is_a_plan_for_every_name():
    assert set(plan_names()) == set(BY_HAND)
    assert plan_names()[0] == "figure3"
    assert set(AT) == set(SCALES)


@pytest.mark.parametrize("scale", SCALES)
def test_cells_and_networks_counted_by_hand(scale):
    for name in plan_names():
        plan = load_plan(name)
        cells = [cell for cell in plan.cells if scale in cell.runs]
        networks = len(plan.variants(cells, scale))
        assert (len(cells), networks) == AT[scale].get(name, (0, 0)), name


def test_the_page_about_the_paper_counts_the_same_networks():
    row = re.compile(r"`tssd reproduce (\S+)(?: --scale (\w+))?` \| (\d+)")
    rows = row.findall(PAPER.read_text(encoding="utf-8"))
    assert {name for name, _, _ in rows} == set(plan_names())
    for name, scale, networks in rows:
        assert int(networks) == AT[scale or "paper"][name][1], name


@pytest.mark.parametrize("scale", SCALES)
def test_every_recipe_exists_and_says_its_scale(scale):
    for name in plan_names():
        cells = [cell for cell in load_plan(name).cells if scale in cell.runs]
        for recipe in {cell.runs[scale].recipe for cell in cells}:
            words = composition_of(recipe).split("+")
            assert all(map(room_of, words)), recipe
            of_scale = [word for word in words if word in rooms()["scales"]]
            expected = [] if scale == "paper" or words[0] == "digits" else [scale]
            assert of_scale == expected, recipe


def test_the_control_stands_beside_every_comparison_of_tssd_with_vanilla():
    for name in plan_names():
        cells = [cell for cell in load_plan(name).cells if "small" in cell.runs]
        for data in {cell.data for cell in cells}:
            methods = {
                composition_of(cell.runs["small"].recipe).split("+")[-1]
                for cell in cells
                if cell.data == data
            }
            if {"tssd", "vanilla_ts"} <= methods:
                assert "control" in methods, (name, data)


def test_a_control_of_the_plans_runs_at_the_timesteps_of_its_tssd():
    for name in ("table1", "table2", "figure3", "curves", "firing-rates", "controls"):
        cells = [cell for cell in load_plan(name).cells if "small" in cell.runs]
        options = {
            method: {
                (cell.data, cell.column, cell.at): dict(cell.runs["small"].options)
                for cell in cells
                if composition_of(cell.runs["small"].recipe).endswith(f"+{method}")
            }
            for method in ("control", "tssd")
        }
        assert options["control"] == options["tssd"] != {}, name


def test_figure3_is_at_one_timestep_on_images_by_the_numbers_of_table2():
    cells = [cell for cell in load_plan("figure3").cells if cell.data == "CIFAR10"]
    assert {cell.at for cell in cells} == {1}
    known = {cell.x: cell.paper for cell in cells if cell.paper is not None}
    table2 = {
        cell.column: cell.paper
        for cell in load_plan("table2").cells
        if (cell.data, cell.row) == ("CIFAR10", "TSSD")
    }
    assert (
        known == {t: table2[f"VGG-9, T_t = {t}, T_s = 1"] for t in (4, 6)} == {4: 93.49, 6: 93.80}
    )


def test_the_numbers_of_the_paper_s_tables_by_their_sums():
    """Sums of each table's means, added up from the paper and not from the plans."""
    expected = {
        "table1": (93.35 + 93.99 + 93.90 + 94.41) + (92.85 + 93.42 + 93.14 + 93.48)
        + (66.87 + 70.93 + 70.63 + 72.90) + (58.60 + 59.13 + 60.70 + 63.57),
        "table2": (35.67 + 44.53 + 92.77 + 93.20) + (93.80 + 93.49 + 94.30 + 94.41)
        + (39.25 + 50.29 + 91.66 + 92.65) + (92.27 + 92.25 + 93.66 + 93.48)
        + (62.45 + 66.07 + 69.67 + 70.23) + (73.20 + 72.90 + 77.30 + 76.40)
        + (54.47 + 57.27 + 60.80 + 62.83) + (65.50 + 62.97 + 69.93 + 67.83),
        "table3": (94.41 + 74.69) + (93.49 + 73.33) + (93.37 + 73.40) + 66.13
        + (94.39 + 73.30 + 93.33 + 72.55) + 94.25 + 93.94 + 93.41 + (94.16 + 72.87)
        + (94.01 + 70.62) + (93.85 + 70.18) + (93.54 + 70.79) + (93.49 + 74.31) + (74.31 + 71.52),
        "table4": (72.90 + 78.70 + 84.37) + (86.69 + 90.85 + 97.45) + (72.90 + 81.60)
        + (87.96 + 95.60) + 77.27 + (80.00 + 94.33) + 76.80 + 77.90 + 77.33 + 74.40 + 72.85
        + (92.13 + 76.33 + 79.28) + (67.07 + 85.77 + 97.29) + (66.77 + 79.98 + 94.68)
        + (67.70 + 78.70 + 94.56) + (68.55 + 79.86 + 95.25) + (66.37 + 82.75 + 96.18),
        "table5": (72.90 + 0.43 + 72.90) + (86.69 + 1.39 + 86.69)
        + (76.33 + 92.13) + (67.07 + 85.77) + (67.70 + 78.70),
    }  # fmt: skip
    for name, total in expected.items():
        cells = load_plan(name).at_scale("paper")
        told = [cell.paper for cell in cells if cell.paper is not None]
        assert sum(told) == pytest.approx(total), name


def test_a_vanilla_network_of_table2_is_trained_once_and_read_twice():
    plan = load_plan("table2")
    cells = [c for c in plan.cells if (c.data, c.row) == ("CIFAR10", "vanilla")]
    at = {}
    for cell in cells:
        at.setdefault(cell.runs["paper"], []).append(cell.at)
    assert list(at.values()) == [[1, 2]] * 4


def test_recalibrated_rows_of_table2_are_its_vanilla_networks():
    cells = load_plan("table2").at_scale("small")
    vanilla, again = ([c for c in cells if c.row == row] for row in ("vanilla", RECALIBRATED))
    assert [(c.data, c.column, c.at, c.runs["small"]) for c in vanilla] == [
        (c.data, c.column, c.at, c.runs["small"]) for c in again
    ]
    assert {c.row for c in cells if c.recalibrated} == {RECALIBRATED}
    assert all(c.recalibrated for c in again)


def test_no_network_is_read_at_timesteps_that_it_has_no_parameters_for():
    with_rows = {"glif", "tebn", "widenet7b_glif"}
    seen = 0
    for plan in map(load_plan, plan_names()):
        for cell in plan.cells:
            for variant in cell.runs.values():
                if with_rows & {*composition_of(variant.recipe).split("+")}:
                    trained_at = read(variant)["timesteps"]
                    method = composition_of(variant.recipe).rpartition("+")[2]
                    own = trained_at["student" if method == "vanilla_ts" else "teacher"]
                    assert cell.at <= int(own), (plan.name, cell.row, cell.column)
                    seen += 1
    assert seen > 20


def test_rows_that_are_longer_train_for_so_many_times_the_epochs_of_their_neighbours():
    longer = 0
    for name in plan_names():
        cells = load_plan(name).cells
        for cell in (cell for cell in cells if cell.longer > 1):
            (short,) = [
                other
                for other in cells
                if (other.column, other.at) == (cell.column, cell.at)
                and f"{other.row}, " == cell.row[: len(other.row) + 2]
            ]
            for scale, variant in cell.runs.items():
                epochs = [read(v)["trainer"]["epochs"] for v in (variant, short.runs[scale])]
                assert epochs[0] == cell.longer * epochs[1], cell.row
                longer += 1
    assert longer == 3 * 3 + 4 + 3  # of images at 3 T: 3 networks; events at 4; long training
