"""The size of images as an option: the side of a square, or height and width."""

from collections.abc import Sequence

ImageSize = int | tuple[int, int]


def height_width(size: ImageSize) -> tuple[int, int]:
    """Both in pixels.

    >>> height_width(32), height_width((24, 32))
    ((32, 32), (24, 32))
    """
    return (size, size) if isinstance(size, int) else (size[0], size[1])


def as_option(height: int, width: int) -> ImageSize:
    """The side of a square, or both: squares are named as they always were."""
    return height if height == width else (height, width)


def in_words(size: ImageSize | Sequence[int]) -> str:
    """For a message.

    >>> in_words(32), in_words((24, 32))
    ('32', '24 x 32')
    """
    return str(size) if isinstance(size, int) else " x ".join(map(str, size))
