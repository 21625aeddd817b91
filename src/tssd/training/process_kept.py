"""What a training changes in the process that it runs in, put back."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from tssd.data.global_generators import generators_kept

# What Lightning's seed_everything leaves for the processes that it starts.
SEEDS = ("PL_GLOBAL_SEED", "PL_SEED_WORKERS")


@contextmanager
def process_kept() -> Iterator[None]:
    """Leave this process as it was: its generators, seeds, threads, and torch's algorithms."""
    seeds = {name: os.environ.get(name) for name in SEEDS}
    threads = torch.get_num_threads()
    deterministic = torch.are_deterministic_algorithms_enabled()
    warns = torch.is_deterministic_algorithms_warn_only_enabled()
    benchmark = torch.backends.cudnn.benchmark
    fills = torch.utils.deterministic.fill_uninitialized_memory  # pyright: ignore
    try:
        with generators_kept():
            yield
    finally:
        for name, seed in seeds.items():
            if seed is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = seed
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(deterministic, warn_only=warns)
        torch.backends.cudnn.benchmark = benchmark
        torch.utils.deterministic.fill_uninitialized_memory = fills  # pyright: ignore
