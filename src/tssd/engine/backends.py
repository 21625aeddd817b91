"""What runs layers: numba's kernels, or NumPy."""

import importlib.util

from tssd.errors import UsageError

BACKENDS = ("numba", "numpy")


def backend_named(name: str | None) -> str:
    """The backend of a name; None = numba if it is installed.

    Raises: UsageError: an unknown name, or numba is asked for and missing.
    """
    there = importlib.util.find_spec("numba") is not None
    if name is None:
        return "numba" if there else "numpy"
    if name not in BACKENDS:
        raise UsageError(f"backend: got {name!r}, expected one of {', '.join(BACKENDS)}")
    if name == "numba" and not there:
        raise UsageError(
            "backend: got 'numba', which is not installed; pip install tssd[engine], or take "
            "'numpy', which gives the same spikes"
        )
    return name
