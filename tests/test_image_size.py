from tssd.image_size import as_option, height_width, in_words


def test_squares_are_one_number_and_others_two():
    for size in (28, (28, 40)):
        assert as_option(*height_width(size)) == size
    assert height_width([3, 4]) == (3, 4)  # as YAML gives it


def test_words():
    assert [in_words(28), in_words((28, 40)), in_words((3, 28, 40))] == [
        "28",
        "28 x 40",
        "3 x 28 x 40",
    ]
