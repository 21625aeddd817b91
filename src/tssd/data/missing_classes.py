"""Classes that a part has no sample of: no result says anything of them."""

import logging
from collections.abc import Sequence

import numpy as np

from tssd.data.splits import Indices
from tssd.listed import and_more

log = logging.getLogger("tssd")

# Classes that a message lists.
SHOWN = 5


def missing_classes(labels: Indices, class_names: Sequence[str]) -> list[str]:
    """The classes without a sample.

    Args:
        labels: Class of each sample, [M].
        class_names: Of all K classes.
    """
    counts = np.bincount(labels, minlength=len(class_names)).tolist()
    return [name for name, count in zip(class_names, counts, strict=True) if not count]


def tell_of_missing_classes(
    where: object, part: str, labels: Indices, class_names: Sequence[str]
) -> None:
    """Warn of the classes that a part with samples has none of.

    Args:
        where: The folder, for the message.
        part: What its samples are for: training, validation or test.
        labels: Class of each sample, [M].
        class_names: Of all K classes.
    """
    missing = missing_classes(labels, class_names)
    if not missing or not len(labels):
        return
    so = "they cannot be learnt" if part == "training" else "no result says anything of them"
    log.warning(
        "%s: no %s samples of %d of the %d classes (%s): %s",
        where, part, len(missing), len(class_names), and_more(missing, SHOWN), so,
    )  # fmt: skip
