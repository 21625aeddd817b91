import math
import re
from dataclasses import replace

import pytest

from tssd.report.html import run_page
from tssd.runs.recalibration import Recalibration
from tssd.runs.results import Results


def test_a_recalibrated_run_says_so(run_files, read):
    page = read(run_page(run_files, "none", command="x"))
    assert "Batch norm recalibrated" not in page.text
    found = Recalibration(accuracy=(0.5, 0.6, 0.7), samples=400, training_samples=45)
    page = read(run_page(replace(run_files, recalibrated=found), "none", command="x"))
    assert "Batch norm recalibrated" in page.text


def leaves(value, at=""):
    """Numbers in a JSON document by their pointer."""
    if isinstance(value, dict):
        for key, inside in value.items():
            step = key.replace("~", "~0").replace("/", "~1")
            yield from leaves(inside, f"{at}/{step}")
    elif isinstance(value, list):
        for index, inside in enumerate(value):
            yield from leaves(inside, f"{at}/{index}")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield at, value


def says(text, value, at):
    """Whether a number as written is the value, rounded: plain, in per cent, or counted from 1."""
    unit = {"": 1, "k": 1e3, "M": 1e6, "G": 1e9}
    found = re.fullmatch(r"([−+]?)([\d,]+)(?:\.(\d+))?(e[+-]\d+)? ?([kMG]?)", text)
    assert found, f"{at}: {text!r} is no number"
    sign, whole, decimals, power, letter = found.groups(default="")
    factor = float(f"1{power}") * unit[letter]
    written = float(f"{whole.replace(',', '')}.{decimals}") * factor * (-1) ** (sign == "−")
    if at.endswith("/epoch"):
        return written == value + 1
    half = 0.5001 * 10.0 ** -len(decimals) * factor
    return abs(written - value) <= half or abs(written - 100 * value) <= half


def check_numbers(page, sources):
    """Every number with a place equals what is there; returns the places."""
    places = []
    for attributes, text in page.all("data"):
        if "data-at" not in attributes:
            continue
        file, _, pointer = attributes["data-at"].partition("#")
        if file not in sources:
            continue
        value = sources[file][pointer]
        if math.isfinite(value):
            assert float(attributes["value"]) == value, attributes
            assert says(text, value, pointer), (attributes, text)
        else:
            assert attributes["class"] == "nan"
        places.append(pointer)
    return places


def test_every_number_of_the_results_is_in_the_page_and_equal(run_files, results, samples, read):
    page = read(run_page(run_files, samples, command="c"))
    expected = dict(leaves(results()))
    places = check_numbers(page, {"results.json": expected})
    assert set(places) == set(expected)
    assert len(expected) > 50


def test_the_check_of_numbers_finds_a_wrong_one(run_files, results, read):
    text = run_page(run_files, "none", command="c")
    expected = {"results.json": dict(leaves(results()))}
    for old, new in (('value="0.625"', 'value="0.626"'), (">62.50<", ">62.52<")):
        assert old in text
        with pytest.raises(AssertionError):
            check_numbers(read(text.replace(old, new)), expected)


def test_numbers_of_the_metrics_are_equal_too(run_files, read):
    page = read(run_page(run_files, "none", command="c"))
    expected = {
        f"/{i}/{key}": value
        for i, row in enumerate(run_files.metrics)
        for key, value in row.items()
        if key != "epoch"
    }
    assert set(check_numbers(page, {"metrics.csv": expected})) == set(expected)


def test_all_sections_are_there(run_files, samples, read):
    page = read(run_page(run_files, samples, command="c"))
    sections = [a["id"] for a, _ in page.all("section")]
    assert sections == [
        "headline", "timesteps", "curves", "calibration", "confusion", "firing", "maps", "samples",
        "exit", "made",
    ]  # fmt: skip
    assert page.all("h1")[0][1] == "by hand"
    for expected in ("split hashabc", "runs/hand/seed0", "cafe", "✗ dog 50 %"):
        assert expected in page.text


def test_ids_are_unique_and_links_lead_somewhere(run_files, samples, read):
    page = read(run_page(run_files, samples, command="c"))
    ids = page.attributes("id")
    assert len(ids) == len(set(ids))
    for names in page.attributes("aria-labelledby"):
        assert set(names.split()) <= set(ids)
    assert {href for href in page.attributes("href") if href != "data:,"} <= {f"#{i}" for i in ids}


def test_nothing_is_fetched_and_nothing_runs(run_files, samples, read):
    page = read(run_page(run_files, samples, command="c"))
    assert not page.all("script")
    assert all(source.startswith("data:") for source in page.attributes("src"))
    assert not [name for _, a, _ in page.elements for name in a if name.startswith("on")]
    for name in ("srcset", "action", "data", "poster", "background", "xlink:href"):
        assert not page.attributes(name)


def test_every_svg_is_named_and_every_table_has_a_caption(run_files, samples, read):
    page = read(run_page(run_files, samples, command="c"))
    for attributes, _ in page.all("svg"):
        assert attributes.get("aria-hidden") == "true" or attributes["aria-labelledby"]
    assert len(page.all("caption")) == len(page.all("table")) > 8
    assert all("scope" in a for a, _ in page.all("th"))
    assert all(a["alt"] for a, _ in page.all("img"))


def test_the_page_says_why_samples_are_missing(run_files, read):
    text = read(run_page(run_files, "data/x is not there <sorry>", command="c")).text
    assert text.count("Not shown: data/x is not there <sorry>") == 2


def test_html_in_any_text_is_escaped(run_files, results, samples, read):
    evil = "<script>alert(1)</script>"
    content = results(description=evil) | {"dataset": evil}
    content["best"]["early_exit"] = {evil: content["best"]["early_exit"]["1"]}
    content["best"]["firing_rates"] = {evil: [0.1]}
    content["best"]["operations"]["rule"] = evil
    run_files = replace(run_files, results=Results.of(content))
    run_files.model["class_names"] = [evil, '" onload="x']
    run_files.environment[evil] = evil
    page = read(run_page(run_files, evil, command=evil))
    assert not page.all("script")
    assert not page.attributes("onload")
    assert page.text.count(evil) > 8


def test_equal_runs_give_equal_pages(run_files, samples):
    first, second = (run_page(run_files, samples, command="c") for _ in range(2))
    assert first == second
