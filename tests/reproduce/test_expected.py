import pytest

from tssd.reproduce.expected import expected


@pytest.mark.parametrize(
    ("recipe", "line"),
    [
        ("cifar10/vgg9_vanilla_ts", "93.35 ± 0.12 % at T = 2 (table1)"),
        ("cifar10+resnet18+tsd", "93.42 ± 0.13 % at T = 2 (table1)"),
        ("cifar100+vgg9+tssd", "74.69 ± 0.10 % at T = 2 (table3)"),
        ("tssd+dvsgesture+t16+resnet18", "95.60 ± 0.16 % at T = 16 (table4)"),
        ("dvsgesture/vgg9_extension", "88.08 % at T = 5 (table5)"),
        ("cifar10dvs/resnet18_vanilla_tt", "57.27 % at T = 5 (table2)"),
        ("cifar10/vgg9_tssd", "94.30 % at T = 2 with --timesteps.teacher=6 (table2)"),
    ],
)
def test_the_papers_numbers_are_those_of_the_plans(recipe, line):
    assert line in expected(recipe)


def test_what_the_paper_does_not_report_is_empty():
    for recipe in ("nmnist+vgg9+tssd", "cifar10+vgg9+small+tssd", "cifar10+vgg9+atan+tssd"):
        assert expected(recipe) == []
