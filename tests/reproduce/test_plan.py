import pytest

from tssd.errors import UsageError
from tssd.reproduce.plan import Variant
from tssd.reproduce.plan_file import load_plan

from .fabricated import VANILLA, cell, plan


def test_variants_are_what_follows_train():
    variant = Variant.parse("a/b --y.z=2 --x='[1, 2]'")
    assert variant == Variant("a/b", (("x", "[1, 2]"), ("y.z", "2")))
    assert variant.name == "a/b,x=[1, 2],y.z=2"
    assert Variant.parse(variant.words) == variant
    assert Variant.parse(variant.recipe).words == "a/b"
    assert Variant("some/where/own.yaml").name == "own"
    composed = Variant.parse("tssd+digits+vgg9 --net.width=0.5")
    assert composed.name == "digits+vgg9+tssd,net.width=0.5"
    assert Variant("digits+vgg9+../own.yaml").name == "digits+vgg9+own.yaml"
    for wrong in ("", "a/b c", "a/b --x 1"):
        with pytest.raises(UsageError, match="expected RECIPE --name=value"):
            Variant.parse(wrong)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        # Sorted, both orders would be one network: that of the larger width.
        ("a --net.width=0.1 --net.width=0.05", "gives --net.width twice"),
        ("a --exits.taps=[1] --exits.init_args.taps=[2]", "gives --exits.taps twice"),
        # Rows that differ by it alone would all be trained with the seed of --seeds.
        ("a --seed=5", "--seeds 0,1,2"),
        ("a --data.root='x", "No closing quotation"),
    ],
)
def test_options_that_would_not_count_as_they_stand_there(words, said):
    with pytest.raises(UsageError, match=said):
        Variant.parse(words)


def test_data_sets_can_be_chosen():
    table1 = load_plan("table1")
    assert {cell.data for cell in table1.at_scale("small", ("N-MNIST",))} == {"N-MNIST"}
    with pytest.raises(UsageError, match="--datasets: got 'NMNIST'; did you mean N-MNIST"):
        table1.at_scale("small", ("NMNIST",))
    assert "N-MNIST" not in {cell.data for cell in table1.at_scale("paper")}


def test_columns_are_chosen_by_a_part_of_their_names():
    controls = load_plan("controls")
    chosen = controls.at_scale("small", ("CIFAR10",), ("VGG-9, T_s = 1", "18, T_s = 2"))
    assert {cell.column for cell in chosen} == {
        "VGG-9, T_s = 1, T_t = 4",
        "ResNet-18, T_s = 2, T_t = 4",
    }
    with pytest.raises(
        UsageError, match="--columns: got 'VGG9', expected a part of 'VGG-9, T_s = 1"
    ):
        controls.at_scale("small", (), ("VGG9",))


def test_rows_are_chosen_by_their_names_or_parts_of_them():
    controls = load_plan("controls")

    def rows(*texts):
        cells = controls.at_scale("small", ("CIFAR10",), (), texts)
        return list(dict.fromkeys(cell.row for cell in cells))

    # A whole name is no part of others; both are in the plan's order.
    assert rows("TSSD", "control") == ["control", "TSSD"]
    assert rows("reading") == ["paper's reading, attached", "paper's reading, detached"]
    assert rows("control,", "TSD") == ["control, exit", "TSD"]
    with pytest.raises(UsageError, match="--rows: got 'TDSS', expected a part of 'vanilla at 1'"):
        rows("TDSS")
    with pytest.raises(UsageError, match="--rows: got '', expected a part of"):
        rows("")


def test_a_scale_that_a_plan_does_not_have():
    own = plan(cell("vanilla", VANILLA))
    assert len(own.at_scale("small")) == 1
    for scale in ("paper", "mid", "fast"):
        said = f"--scale: made-up has no {scale} scale; give --scale small$"
        with pytest.raises(UsageError, match=said):
            own.at_scale(scale)


@pytest.mark.parametrize(
    "words", ["a/b --data.root=../../data", "../../runs/x/seed0", "/etc/x", "..", "a --x='1,y=2'"]
)
def test_a_folder_is_never_made_of_raw_values(words):
    variant = Variant.parse(words)
    assert "/" not in variant.name
    assert "~" in variant.name
    assert variant.name not in (".", "..")


def test_variants_with_other_options_have_other_folders():
    one, other = (Variant.parse(f"a/{r} --data.root=../../data") for r in ("vanilla", "tssd"))
    longer = Variant.parse("a/tssd --data.root=../../data/x")
    assert len({one.name, other.name, longer.name}) == 3
