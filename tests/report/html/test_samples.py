from dataclasses import replace

from tssd.report.html.samples import firing_maps, predictions


def test_predictions_are_marked_right_or_wrong_and_bold_at_the_students_t(samples, read):
    page = read(predictions(samples))
    steps = [text for a, text in page.all("li") if text.startswith("T = ")]
    assert steps == [
        "T = 1: ✗ dog 50 %", "T = 2: ✓ cat 60 %", "T = 3: ✓ cat 70 %",
        "T = 1: ✓ dog 50 %", "T = 2: ✓ dog 60 %", "T = 3: ✗ cat 70 %",
    ]  # fmt: skip
    bold = [text for a, text in page.all("b") if a.get("class") == "meant"]
    assert bold == ["T = 2: ✓ cat 60 %", "T = 2: ✓ dog 60 %"]
    assert "the first ones" in page.text


def test_labels_are_escaped(samples, read):
    bad = replace(samples.samples[0], label="<script>x</script>", predicted=["<i>"] * 3)
    page = read(predictions(replace(samples, samples=[bad])))
    assert not page.all("script")
    assert not page.all("i")
    assert "<script>x</script>" in page.text


def test_maps_are_shown_at_the_students_t_and_one_sample_at_every_t(samples, read):
    page = read(firing_maps({"": samples}))
    alts = [a["alt"] for a, _ in page.all("img") if a["class"] == "map" and "mean" in a["alt"]]
    rates = samples.samples[0].maps["stages.0"]
    expected = [f"stages.0, cat: mean {rates[t].mean():.3f}" for t in (1, 0, 1, 2)]
    assert [alt for alt in alts if "cat" in alt] == expected
    assert page.all("summary")[0][1] == "The first sample at every T"


def test_networks_are_shown_one_above_the_other_on_one_scale(samples, read):
    page = read(firing_maps({"vanilla": samples, "tssd": samples}))
    assert [text for _, text in page.all("h3")] == ["vanilla", "tssd"]
    assert page.text.count("or more") == 1


def test_networks_without_maps_say_so(samples, read):
    flat = replace(samples, samples=[replace(s, maps={}) for s in samples.samples])
    assert "No layer of the network keeps" in read(firing_maps({"": flat})).text


def test_a_network_that_is_not_known_says_why_beside_the_others(samples, read):
    page = read(firing_maps({"a": samples, "b": "b.json: damaged <x>"}))
    assert [text for _, text in page.all("h3")] == ["a", "b"]
    assert "Not shown: b.json: damaged <x>" in page.text
    assert len(page.all("table")) == 1
