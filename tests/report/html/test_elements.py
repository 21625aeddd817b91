from tssd.report.html.elements import Html, details, element, note, paragraph, together


def test_text_and_attributes_are_escaped_and_markup_is_not():
    made = element("p", {"title": '"<&'}, "<b>&", Html("<i>x</i>"), None)
    assert made == '<p title="&quot;&lt;&amp;">&lt;b&gt;&amp;<i>x</i></p>'


def test_attributes_may_stand_alone_or_be_left_out():
    assert element("details", {"open": "", "class": None}) == "<details open></details>"


def test_void_elements_do_not_close():
    assert element("br") == "<br>"
    assert element("img", {"src": "data:,"}) == '<img src="data:,">'


def test_what_is_made_is_markup_that_is_not_escaped_again():
    for made in (paragraph("<"), note("<"), details("<", "<"), together(["<"])):
        assert isinstance(made, Html)
        assert "&lt;" in made
        assert together([made]) == made
