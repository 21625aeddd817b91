"""Which precision `auto` is: bfloat16 where the machine computes it faster than float32."""

import logging
from dataclasses import replace
from typing import get_args

import torch

from tssd.runs.folder import RunFolder
from tssd.training.beginning import read_facts
from tssd.training.fast_bfloat16 import has_fast_bfloat16
from tssd.training.parts import Parts
from tssd.training.settings import Precision, SettledPrecision

log = logging.getLogger("tssd")


def precision_on(device: torch.device, asked: Precision) -> SettledPrecision:
    """The precision to compute in; what is not `auto` stays.

    Args:
        device: where the steps are taken.
        asked: the setting.
    """
    if asked != "auto":
        return asked
    return "bf16-mixed" if has_fast_bfloat16(device) else "32-true"


def settle_precision(parts: Parts, run: RunFolder) -> None:
    """Put what `auto` means into the settings of a run, the same as long as the run lasts.

    A run that is resumed on another machine goes on in the precision with which it began, which
    environment.json holds.

    Args:
        parts: the run; its `trainer` is replaced, its configuration stays.
        run: the run folder, before environment.json is written anew.
    Raises: DataError: environment.json is damaged.
    """
    if parts.trainer.precision != "auto":
        return
    here = precision_on(parts.device, "auto")
    noted = read_facts(run.environment).get("precision")
    began = noted if noted in get_args(SettledPrecision) else here
    if began == here:
        told = "%s: precision %s, the fastest that this device (%s) has"
        log.info(told, run.path, began, parts.device)
    else:
        told = "%s: goes on in precision %s, as it began; this device (%s) alone would take %s"
        log.warning(told, run.path, began, parts.device, here)
    parts.trainer = replace(parts.trainer, precision=began)
