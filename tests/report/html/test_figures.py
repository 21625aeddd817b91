from tssd.report.html.elements import Html
from tssd.report.html.figures import figure, figures


def test_a_figure_has_its_numbers_behind_it(read):
    page = read(figures(figure("<c>", Html("<svg></svg>"), Html("<table></table>"), small="s")))
    assert page.all("figcaption")[0][1] == "<c>s"
    tags = [tag for tag, _, _ in page.elements]
    assert tags.index("svg") < tags.index("details") < tags.index("table")
    assert page.all("summary")[0][1] == "The numbers"


def test_a_wide_figure(read):
    made = figure("c", Html(""), Html(""), wide=True)
    assert read(made).all("figure")[0][0] == {"class": "wide"}
