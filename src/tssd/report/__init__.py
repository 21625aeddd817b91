"""Reports: they only read run folders."""

from tssd.report.comparison import Comparison, Row
from tssd.report.comparison_files import write_comparison
from tssd.report.differences import Differences
from tssd.report.plot import plot_comparison

__all__ = ["Comparison", "Differences", "Row", "plot_comparison", "write_comparison"]
