"""A graph in ONNX Runtime: unrolled for each T, in float32 or quantised by its own tool."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnxruntime import quantization
from onnxruntime.quantization.shape_inference import quant_pre_process

from tssd.errors import UsageError
from tssd.exporting.onnx import session
from tssd.exporting.onnx_graphs import unrolled_model
from tssd.exporting.request import Request
from tssd.graph import INPUT, Graph

if TYPE_CHECKING:
    from tssd.bench.runtimes import Call

# What has weights; the rest, as the neurons, stays in float32.
QUANTISED = ["Conv", "Gemm", "MatMul"]


def write(folder: Path, graph: Graph, requests: Mapping[int, Request], *, images: bool) -> None:
    """A model for each T; int8 with scales of the request's samples, a channel a scale.

    Args:
        folder: to write into.
        graph: the network.
        requests: for each T.
        images: whether the input is one image for all timesteps, so that what stands in front of
            the first neurons is computed once.
    Raises: UsageError: int8 without samples.
    """
    # Here alone: whoever only opens models is measured, and imports no torch.
    from tssd.training.processor import processor

    for timesteps, request in requests.items():
        if request.weights != "float32" and not request.samples.shape[1]:
            raise UsageError(
                "samples: got no calibration samples, expected validation or training samples of "
                "the run, by which ONNX Runtime chooses scales; give --data.root a folder that has "
                "them, or leave this runtime out of --runtimes"
            )
        made, path = unrolled_model(graph, timesteps, {}, repeats=images), _path(folder, timesteps)
        if request.weights == "float32":
            onnx.save(made, path)
            continue
        plain = folder / "plain.onnx"
        onnx.save(made, plain)
        quant_pre_process(plain, plain, skip_symbolic_shape=True)
        quantization.quantize_static(
            plain,
            path,
            _Samples(request.samples[0] if images else request.samples),
            op_types_to_quantize=QUANTISED,
            per_channel=True,
            reduce_range=saturates(processor()),
        )
        plain.unlink()


def saturates(cpu: Mapping[str, Any]) -> bool:
    """Whether ONNX Runtime's sums of 8-bit products overflow there: x86 without VNNI.

    Its kernels then add two products in 16 bits, for which its documentation wants weights of 7
    bits (reduce_range): a network here fell from 76 to 63 % without.

    Args:
        cpu: see `tssd.training.processor`.
    """
    found = f"{cpu['extensions']}".split()
    return "avx2" in found and not any(name.endswith("_vnni") for name in found)


def opened(folder: Path, threads: int) -> "Call":
    """What runs the models; each is opened when it is first asked for."""
    sessions: dict[int, onnxruntime.InferenceSession] = {}

    def call(x: NDArray[np.float32], timesteps: int) -> NDArray[np.float32]:
        if timesteps not in sessions:
            sessions[timesteps] = session(str(_path(folder, timesteps)), threads)
        given = x if x.ndim == 4 else x[:timesteps]
        return cast(Any, sessions[timesteps].run(["logits"], {INPUT: given})[0])

    return call


def _path(folder: Path, timesteps: int) -> Path:
    return folder / f"{timesteps}.onnx"


class _Samples(quantization.CalibrationDataReader):
    """Samples for the ranges of activations, all at once."""

    def __init__(self, x: NDArray[np.float32]) -> None:
        self.batches = iter([{INPUT: np.ascontiguousarray(x)}])

    def get_next(self) -> dict[str, Any] | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The next batch; None = there are no more."""
        return next(self.batches, None)
