"""A teacher: a network that answers and never learns."""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from tssd.errors import UsageError
from tssd.longest import longest
from tssd.models.base import NetOutput, SpikingNet, Tap, eval_mode
from tssd.objectives.distance import check_same_classes
from tssd.objectives.precise import precise
from tssd.time import is_constant_in_time, repeat_in_time
from tssd.whole import whole


class Frozen(nn.Module):
    """Any network as a teacher: in eval mode and without gradient, whatever it is told.

    It follows its input to another device. Whoever holds it has none of its parameters or weights:
    they are in no optimiser, no `state_dict` and no checkpoint.

    Args:
        module: a network that takes sequences, as tssd trains and adapts them; or any other, such
            as an ANN, that takes images [N, C, H, W] and returns logits [N, K]: it is called once.
            None = `load` gives it.
        timesteps: that the teacher runs for, whatever the student does; None = as many as the
            input has.
    Shapes: x [T, N, ...] -> logits [T', N, K] in float32 at least; T' = 1 of a plain module.
    Raises: UsageError: timesteps < 1, or no module; when called: a sequence that is shorter, or
        that changes where a plain module takes images, or more timesteps than the teacher can run.
    """

    # The folder of its run, where it has one.
    run: Path | None = None

    def __init__(self, module: nn.Module | None, *, timesteps: int | None = None) -> None:
        super().__init__()
        loads = module is None and type(self).load is not Frozen.load
        if not (loads or isinstance(module, nn.Module)):
            raise UsageError(
                f"teacher: got {module!r:.80}, expected a module; of a run: tssd.Teacher(run=...)"
            )
        # In a list, where torch does not look.
        self._held = [] if module is None else [module]
        self.timesteps = None if timesteps is None else whole("timesteps", timesteps, 1)

    def load(self) -> nn.Module:
        """The network of a subclass that has it read when it is first needed."""
        raise NotImplementedError

    def module(self) -> nn.Module:
        """The network itself."""
        if not self._held:
            self._held.append(self.load())
        return self._held[0]

    def as_own(self, x: Tensor) -> Tensor:
        """The student's input x [T, N, ...] as the teacher knows it: another normalisation."""
        return x

    def forward(self, x: Tensor) -> Tensor:
        """Logits at each of the teacher's timesteps."""
        return precise(self._answer(x).logits)

    def taught(self, out: NetOutput) -> Tensor:
        """What it says of the input that a network has answered to, the mean over its own time.

        Shapes: out.input [T, N, ...] -> logits [N, K].
        Raises: UsageError: as `forward`, or classes that are not the network's in number.
        """
        assert out.input is not None  # the loss saw to it
        logits = self(out.input).mean(0)
        check_same_classes(out.logits, logits)
        return logits

    def features(self, x: Tensor, taps: Iterable[Tap]) -> dict[Tap, Tensor]:
        """What the teacher shows at some of its places, the mean over its own time.

        Shapes: x [T, N, ...] -> {tap: [N, C, H, W] or [N, F]} in float32 at least.
        Raises: UsageError: as `forward`, or a network that can't be tapped, or not there.
        """
        shown = self._answer(x, tuple(taps)).taps
        return {tap: precise(value).mean(0) for tap, value in shown.items()}

    def _answer(self, x: Tensor, taps: tuple[Tap, ...] = ()) -> NetOutput:
        module = self.module()
        x = self.as_own(x)
        steps = self.timesteps or len(x)
        still = is_constant_in_time(x) or len(x) == 1
        x = self._like(module, x[:1] if still else x)
        with torch.no_grad(), eval_mode(module):
            if isinstance(module, SpikingNet):
                _check_length(module, steps)
                x = self._sequence(x, steps, still=still)
                return module(x, taps) if taps else module(x)
            if taps:
                raise UsageError(
                    f"teacher: {type(module).__name__} shows no features, expected a network of "
                    "tssd; make it one with tssd.adapt(net, taps=[...], example=...)"
                )
            return NetOutput(self._plain(module, x, still=still))

    def fit_to(
        self,
        *,
        class_names: Sequence[str],
        sample_shape: tuple[int, int, int],
        mean: Sequence[float] | None,
        std: Sequence[float] | None,
    ) -> None:
        """Learn what data the student is trained on; of any network nothing can be said.

        Args:
            class_names: in the order of the labels.
            sample_shape: channels, height and width.
            mean: see `know_statistics`.
            std: the same.
        Raises: UsageError: the teacher knows other classes, or samples of another shape.
        """

    def know_statistics(self, mean: Sequence[float] | None, std: Sequence[float] | None) -> None:
        """Learn how the student's samples are normalised; of any network nothing can be said.

        Args:
            mean: of each channel; None = not known, of samples that are used as they are given.
            std: the same.
        Raises: UsageError: whether they are normalised as the teacher's has to be said.
        """

    def fingerprint(self) -> str:
        """Of the weights and timesteps: differs where the teacher would say something else."""
        state = self.module().state_dict()  # a run says only now for how long it runs
        digest = hashlib.sha256(f"{self.timesteps}".encode())
        for name, tensor in state.items():
            digest.update(f"{name} {tensor.dtype} {list(tensor.shape)}".encode())
            digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy())
        return digest.hexdigest()[:16]

    def __deepcopy__(self, memo: dict[int, Any]) -> "Frozen":
        """The same teacher: it is never changed."""
        return self

    def _like(self, module: nn.Module, x: Tensor) -> Tensor:
        """An input of the type of the network's weights, which go where the input is."""
        weight = next((p for p in module.parameters() if p.is_floating_point()), None)
        if weight is None:
            return x
        if weight.device != x.device:
            module.to(x.device)
        return x if torch.is_autocast_enabled(x.device.type) else x.to(weight.dtype)

    def _sequence(self, x: Tensor, steps: int, *, still: bool) -> Tensor:
        if still:
            return repeat_in_time(x[0], steps)
        if len(x) < steps:
            raise UsageError(
                f"teacher: runs for {steps} timesteps, but the data has {len(x)}; raise "
                "timesteps.teacher, or give it fewer (timesteps)"
            )
        return x[:steps]

    def _plain(self, module: nn.Module, x: Tensor, *, still: bool) -> Tensor:
        kind = type(module).__name__
        if not still:
            raise UsageError(
                f"teacher: {kind} takes images, but the data are sequences; make it take them with "
                "tssd.adapt(net, taps=[], example=...)"
            )
        logits = cast(Any, module(x[0]))
        if not isinstance(logits, Tensor) or logits.dim() != 2 or len(logits) != x.shape[1]:
            found = list(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
            raise UsageError(
                f"teacher: {kind} returned {found} for {x.shape[1]} images, expected logits "
                "[N, K]; return these alone, or use tssd.adapt"
            )
        return logits.unsqueeze(0)


def frozen(teacher: nn.Module) -> Frozen:
    """A teacher as a term takes it: a `Frozen`, or any network."""
    return teacher if isinstance(teacher, Frozen) else Frozen(teacher)


def _check_length(module: nn.Module, steps: int) -> None:
    most = longest(module)
    if most is not None and steps > most:
        raise UsageError(
            f"teacher: is to run for {steps} timesteps, but some of its parameters stand for one "
            f"timestep each, for {most}; give it at most {most} (timesteps)"
        )
