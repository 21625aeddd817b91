import pytest

from tssd.unwrapped import unwrapped


@pytest.mark.parametrize(
    ("names", "ways"),
    [
        (["a", "b"], []),
        (["module.a", "b"], []),
        (["module.a", "module.b"], [["a", "b"]]),
        (["_orig_mod.a"], [["a"]]),
        (["module._orig_mod.a"], [["_orig_mod.a"], ["a"]]),
        (["_orig_mod.module.a"], [["module.a"], ["a"]]),
        (["module.module.a"], [["module.a"]]),
    ],
)
def test_a_prefix_goes_if_all_names_have_it(names, ways):
    values = dict(zip(names, range(len(names)), strict=True))
    found = list(unwrapped(values))
    assert [list(each) for each in found] == ways
    assert all(list(each.values()) == list(values.values()) for each in found)
