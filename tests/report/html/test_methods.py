import pytest

from tssd.errors import UsageError
from tssd.report.collection import Collection
from tssd.report.html import Methods
from tssd.report.html.methods import DRAWN


def test_the_reference_is_the_fair_baseline_or_the_one_asked_for(collection):
    def reference(name):
        return Methods.of(collection, reference=name, epoch="best").reference

    assert reference(None) == "d/vanilla"
    assert reference("d/tsd") == reference("tsd") == "d/tsd"
    with pytest.raises(UsageError, match="'ssd' is none of the methods d/tssd, d/tsd, d/vanilla"):
        reference("ssd")


def test_a_name_that_fits_several_is_refused(collection):
    methods = {f"{top}/a": collection.methods["d/tsd"] for top in ("x", "y")}
    with pytest.raises(UsageError, match="fits several of"):
        Methods.of(Collection(methods, []), reference="a", epoch="best")


def test_all_are_drawn_in_the_order_of_the_runs(methods, collection):
    assert methods.drawn == list(collection.methods) == list(methods.labels)
    assert methods.undrawn == ""


def test_of_many_the_answer_is_drawn_and_the_others_are_named(collection):
    one = collection.methods["d/tsd"]
    many = {f"m{i:02}": one for i in range(30)} | {"vanilla": collection.methods["d/vanilla"]}
    methods = Methods.of(Collection(many, []), reference=None, epoch="best")
    assert methods.drawn == [*(f"m{i:02}" for i in range(DRAWN - 1)), "vanilla"]
    assert methods.undrawn.endswith("m07; m08; m09; m10; m11 and 18 more.")


def test_one_method_alone(collection):
    only = Collection({"d/tsd": collection.methods["d/tsd"]}, [])
    methods = Methods.of(only, reference=None, epoch="best")
    assert (methods.reference, methods.labels) == ("d/tsd", {"d/tsd": "by hand (tsd)"})


def test_labels_are_what_the_recipes_say(changed):
    for name in ("d/tssd", "d/tsd", "d/vanilla"):
        said = f"digits, {name.upper()} <b>"
        collection = changed(lambda content, said=said: content.update(description=said), name)
    methods = Methods.of(collection, reference=None, epoch=None)
    assert methods.labels["d/tssd"] == "D/TSSD <b> (tssd)"
    assert methods.headings["d/tssd"] == "D/TSSD &lt;b&gt;<small>tssd</small>"
