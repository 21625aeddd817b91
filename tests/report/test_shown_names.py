import pytest

from tssd.report.shown_names import in_csv, in_markdown, in_plot, printable


@pytest.mark.parametrize(
    ("text", "expected"),
    [("plain [x] :cat: ü", "plain [x] :cat: ü"), ("a\nb", "a b"), ("\x1b[31mred", "\\x1b[31mred"),
     ("a\ud800", "a\\ud800"), ("\u202egnp.exe", "\\u202egnp.exe"), ("", "")],
)  # fmt: skip
def test_nothing_reaches_the_terminal_but_text(text, expected):
    assert printable(text) == expected
    printable(text).encode()


def test_markdown_shows_what_was_written():
    assert in_markdown("a|b") == r"a\|b"
    assert in_markdown("<img> [x](y) `c`") == r"\<img> \[x\](y) \`c\`"
    assert in_markdown("vanilla_ts _em_ T_s") == r"vanilla_ts \_em\_ T_s"


def test_a_spreadsheet_computes_nothing():
    for text in ("=HYPERLINK(1)", "+1", "-1", "@SUM(1)", "\t=1"):
        assert in_csv(text) == f"'{text}"
    assert in_csv("VGG-9 = x") == "VGG-9 = x"


def test_a_plot_draws_dollars_and_keeps_underscores_in_its_legend():
    from matplotlib.figure import Figure

    figure = Figure()
    axes = figure.subplots()
    axes.plot([0, 1], label=in_plot("_x $^$ \\$ $\\bad{$"))
    legend = axes.legend()
    figure.canvas.draw()
    (text,) = legend.get_texts()
    assert text.get_text().replace(r"\$", "$") == " _x $^$ \\$ $\\bad{$"
