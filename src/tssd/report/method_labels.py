"""What methods are called: by their recipe, and by what it says about itself."""

from collections.abc import Sequence

from tssd.errors import UsageError

# More would not fit beside a picture.
LONGEST = 60
# Methods that have the labels of others and no distillation; the plain one is preferred.
CONTROLS = ("control", "control_exit")
# Parts that make the network one without spikes.
ANNS = ("ann", "ann_frames")


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


def without_shared(names: Sequence[str]) -> tuple[str, list[str]]:
    """The same, and of compositions in one folder the pieces that all have in common.

    >>> without_shared(["digits+vgg9+tssd", "digits+vgg9+vanilla_ts"])
    ('digits+vgg9', ['tssd', 'vanilla_ts'])

    Edge cases: a name of which nothing would be left keeps all pieces, as do the others.
    """
    shared, rest = split_names(names)
    pieces = [name.split("+") for name in rest]
    common = [piece for piece in pieces[0] if all(piece in own for own in pieces)]
    left = ["+".join(piece for piece in own if piece not in common) for own in pieces]
    if not common or not all(left) or any("/" in name for name in rest):
        return shared, rest
    return "/".join(filter(None, (shared, "+".join(common)))), left


def control_of(name: str) -> str | None:
    """Which of the controls a method is; None = none of them.

    >>> control_of("digits+vgg9+control"), control_of("digits+vgg9+tssd")
    ('control', None)
    >>> control_of("digits+vgg9+control,timesteps.student=1"), control_of("digits/vgg9_control")
    ('control', 'control')
    """
    return next((own for own in CONTROLS if own in _pieces(name)), None)


def is_ann(name: str) -> bool:
    """Whether a method is the network without spikes.

    >>> is_ann("digits+vgg9+ann"), is_ann("digits+vgg9+kdsnn")
    (True, False)
    """
    return any(part in _pieces(name) for part in ANNS)


def method_named(wanted: str, names: Sequence[str], option: str) -> str:
    """The one method that is called so, or whose name ends so.

    >>> method_named("tssd", ["digits+vgg9+control", "digits+vgg9+tssd"], "against")
    'digits+vgg9+tssd'
    >>> method_named("tssd", ["digits+vgg9+tssd,timesteps.student=1"], "against")
    'digits+vgg9+tssd,timesteps.student=1'

    Args:
        wanted: a name, or the end of one.
        names: of the methods.
        option: of the command, without its dashes.
    Raises: UsageError: no such method, or several.
    """
    ends = (f"/{wanted}", f"+{wanted}")
    fitting = [n for n in names if n == wanted] or [n for n in names if n.endswith(ends)]
    fitting = fitting or [n for n in names if _without_options(n).endswith(ends)]
    if len(fitting) != 1:
        problem = "fits several of" if fitting else "is none of"
        raise UsageError(f"--{option}: {wanted!r} {problem} the methods {', '.join(names[:20])}")
    return fitting[0]


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


def _pieces(name: str) -> list[str]:
    """What a method is composed of, as far as its name or its run's folder tells."""
    own = _without_options(name.removesuffix(".yaml").removesuffix(".yml")).rpartition("/")[2]
    if "~" in own:  # a folder's name that was too long, see `tssd.runs.places`
        return own.partition("~")[0].split("-")
    if "+" in own:
        return own.split("+")
    # An alias, such as cifar10/vgg9_control_exit, is NETWORK_METHOD.
    return [own, own.partition("_")[2]]


def _without_options(name: str) -> str:
    return name.partition(",")[0]
