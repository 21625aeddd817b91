"""Doctests are looked for in every module, and one can be imported only where triton is."""

import importlib.util

collect_ignore = [] if importlib.util.find_spec("triton") else ["tssd/neurons/triton_kernels.py"]
