"""What methods are called: by their recipe, and by what it says about itself."""

from collections.abc import Sequence

# More would not fit beside a picture.
LONGEST = 60


def split_names(names: Sequence[str]) -> tuple[str, list[str]]:
    """The folders that all names have in common, and what is left of each name.

    >>> split_names(["digits/tssd", "digits/vanilla_ts"])
    ('digits', ['tssd', 'vanilla_ts'])
    """
    folders = [name.split("/")[:-1] for name in names]
    depth = 0
    while all(len(f) > depth and f[depth] == folders[0][depth] for f in folders):
        depth += 1
    return "/".join(folders[0][:depth]), ["/".join(name.split("/")[depth:]) for name in names]


def short_descriptions(descriptions: Sequence[str]) -> list[str]:
    """Descriptions without the beginning that all have in common, cut to what fits.

    >>> short_descriptions(["digits, vanilla, trained at T = 1", "digits, TSSD"])
    ['vanilla, trained at T = 1', 'TSSD']

    Edge cases: "" where nothing is left, as where all say the same.
    """
    parts = [" ".join(text.split()).split(", ") for text in descriptions]
    depth = 0
    if len(parts) > 1:
        while all(len(own) > depth and own[depth] == parts[0][depth] for own in parts):
            depth += 1
    left = [", ".join(own[depth:]) for own in parts]
    return [text if len(text) <= LONGEST else f"{text[: LONGEST - 1].rstrip()}…" for text in left]


def labels(names: Sequence[str], descriptions: Sequence[str]) -> list[str]:
    """Both for each method, on one line.

    >>> labels(["d/tssd", "d/mine"], ["x, TSSD", "x"])
    ['TSSD (tssd)', 'mine']
    """
    pairs = zip(split_names(names)[1], short_descriptions(descriptions), strict=True)
    return [f"{text} ({name})" if text else name for name, text in pairs]
