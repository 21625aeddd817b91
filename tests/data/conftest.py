"""Imports Lightning before pytest turns warnings into errors around the tests' own imports."""

import warnings

with warnings.catch_warnings():
    # torchmetrics, which Lightning imports, imports scienceplots where that is installed, which
    # calls what Matplotlib 3.11 deprecates.
    warnings.filterwarnings(
        "ignore", message="The (read_style|update_nested)_.* function was deprecated"
    )
    import lightning  # noqa: F401
