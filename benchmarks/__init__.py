"""Speed and memory of tssd against the libraries its users come from; `python -m benchmarks`."""
