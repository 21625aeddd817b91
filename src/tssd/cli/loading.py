"""Import what training needs: it takes seconds, not in silence, and Lightning talks little."""

import logging
import sys
from collections.abc import Sequence
from importlib import import_module

CHATTY = ("lightning.pytorch", "lightning.fabric")


def load_training(overrides: Sequence[tuple[str, str]] = ()) -> None:
    """Import torch and Lightning, and say on standard error that this is being waited for.

    Says nothing where torch is loaded already, or where `--trainer.progress false` asks for
    silence.
    """
    quiet = any(name == "trainer.progress" and text == "false" for name, text in overrides)
    if not quiet and "torch" not in sys.modules:
        print("loading torch and Lightning ...", file=sys.stderr, flush=True)
    import_module("tssd.training.fit")
    hush()


def hush() -> None:
    """Only warnings of Lightning's; after its import, which sets a level of its own."""
    for chatty in CHATTY:
        logging.getLogger(chatty).setLevel(logging.WARNING)
