"""Reports as one HTML file each, which fetches nothing and runs no script."""

from tssd.report.html.comparison_page import comparison_page
from tssd.report.html.methods import Methods
from tssd.report.html.run_page import run_page
from tssd.report.html.samples import Sample, Samples

__all__ = ["Methods", "Sample", "Samples", "comparison_page", "run_page"]
