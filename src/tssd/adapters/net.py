"""A network that we did not write, as the `SpikingNet` that training and evaluation need."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any, NoReturn

import torch
from torch import Tensor, nn

from tssd.adapters.at_rest import put_back
from tssd.adapters.call import Call, Layout
from tssd.adapters.exclusive import exclusive
from tssd.adapters.taps import TapPlace, check_name, gather
from tssd.errors import UsageError
from tssd.models.base import NetOutput, Tap

# The axes of one sample, by how many there are.
AXES = {1: "F", 2: "C, L", 3: "C, H, W"}


class AdaptedNet(nn.Module):
    """A network with named taps, whose every call starts from clean membranes; see `adapt`.

    `adapted.module` is the network itself: its parameters and its `state_dict` are what they were.
    Calls in several threads run one after the other: the state is inside the network.
    A copy or a pickle is of a network at rest: state that calls left behind is cleared first.

    Args:
        module: the network.
        num_classes: classes K.
        places: where and in which shape each tap arrives, by the module's name.
        call: how the network is called.
        sample_dims: axes of one sample: 1 = F, 2 = C, L, 3 = C, H, W.
        states: buffers that a call leaves in the shape of its batch, as they are at rest: so they
            are saved and loaded.
    Shapes: x [T, N, C, H, W], [T, N, C, L] or [T, N, F], any T and N -> NetOutput. Counts
        of events may be whole numbers.
    """

    # Of a network unpickled from an earlier version, too.
    states: Mapping[str, Tensor | None] = {}  # noqa: RUF012

    def __init__(
        self,
        module: nn.Module,
        num_classes: int,
        *,
        places: Mapping[str, TapPlace],
        call: Call,
        sample_dims: int,
        states: Mapping[str, Tensor | None] | None = None,
    ) -> None:
        super().__init__()
        self.module = module
        self.num_classes = num_classes
        self.places = dict(places)
        self.call = call
        self.sample_dims = sample_dims
        self.states = dict(states or {})

    @property
    def layout(self) -> Layout:
        """What the network takes and returns."""
        return self.call.layout

    def resolve_tap(self, tap: Tap | None) -> str:
        """The name, if it is one of `adapt`'s taps; None is the one in their middle.

        A number is the name of a module of a torch.nn.Sequential: YAML reads "1" so.
        """
        if tap is None and self.places:
            return list(self.places)[(len(self.places) - 1) // 2]
        if f"{tap}" in self.places:
            return f"{tap}"
        known = f"expected one of {', '.join(self.places)}" if self.places else "but there is none"
        remedy = repr(check_name(self.module, tap)) if isinstance(tap, str) else "a module's name"
        got = "none" if tap is None else repr(tap)
        raise UsageError(f"tap: got {got}, {known}; add taps with tssd.adapt(taps=[{remedy}])")

    def tap_shape(self, tap: Tap) -> tuple[int, ...]:
        """(C, H, W), (C, L) or (F,) of one sample at a tap; tokens [L, D] count as (D, L)."""
        return self.places[self.resolve_tap(tap)].shape

    def forward(self, x: Tensor, taps: Iterable[Tap] = ()) -> NetOutput:
        """Logits and the requested taps of a sequence x [T, N, ...]."""
        if x.dim() != 2 + self.sample_dims:
            axes = AXES[self.sample_dims]
            raise UsageError(
                f"input: got shape {list(x.shape)}, expected [T, N, {axes}]; "
                f"repeat_in_time(x, T) makes a sequence of images [N, {axes}]"
            )
        steps, batch = x.shape[:2]
        # A tuple: torch.compile would take a graph without taps, if the dict was empty before.
        names = tuple(dict.fromkeys(self.resolve_tap(tap) for tap in taps))
        # A lock would break a graph. torch.compile never has this function in one, because of the
        # inference mode below, so a compiled network is run under the lock, too.
        alone = nullcontext() if torch.compiler.is_compiling() else exclusive(self.module)
        with _state_of_use_later(), alone:
            x = in_dtype_of(self.module, x)
            x = x.clone() if x.is_inference() else x
            logits, calls = self.call.run(self.module, x, names)
            tapped: dict[Tap, Tensor] = {
                n: gather(n, self.places[n], calls[n], steps, batch) for n in names
            }
        return NetOutput(logits, tapped)

    def step(self, *_: object, **__: object) -> NoReturn:
        """Refused: what the network remembers is inside it, or known to it alone."""
        raise UsageError(
            f"net: a {type(self.module).__name__} that was adapted has no steps of its own, since "
            "its state is not known; call .module itself, or build the network of tssd's blocks"
        )

    initial_state = scan = step

    def state_dict(self, *args: Any, **kwargs: Any) -> Any:
        """What a network like this one at rest can load, whatever batch this one saw last."""
        self._rest()
        return super().state_dict(*args, **kwargs)

    def _load_from_state_dict(self, *args: Any, **kwargs: Any) -> None:
        self._rest()
        super()._load_from_state_dict(*args, **kwargs)

    def _rest(self) -> None:
        with exclusive(self.module):  # not in another thread's call
            put_back(self.module, self.states)

    def __getstate__(self) -> dict[str, Any]:
        """What a copy or a pickle holds: no membrane, which may hang on a graph."""
        with exclusive(self.module):  # not in another thread's call
            self.call.forget(self.module)
            put_back(self.module, self.states)
            return self.__dict__.copy()


def in_dtype_of(module: nn.Module, x: Tensor) -> Tensor:
    """An input as a network takes it: counts become floating point, of the type of its weights.

    Shapes: any -> the same; a time-expanded view stays one.
    """
    if x.is_floating_point():
        return x
    kinds = (p.dtype for p in module.parameters() if p.is_floating_point())
    dtype = next(kinds, torch.get_default_dtype())
    if x.dim() and x.stride(0) == 0:  # a view of one image, which a cast would write out
        return x[0].to(dtype).expand_as(x)
    return x.to(dtype)


@contextmanager
def _state_of_use_later() -> Iterator[None]:
    """Without inference mode, whose tensors a reset outside can't change in place."""
    if not torch.is_inference_mode_enabled():
        yield
        return
    with torch.inference_mode(False), torch.no_grad():
        yield
