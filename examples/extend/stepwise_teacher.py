"""A teacher's objective: every timestep on its own learns what the teacher thinks."""

from torch import Tensor, nn

from tssd.models import NetOutput
from tssd.objectives import Frozen, Objective, TemperatureKL


class StepwiseTeacher(Objective):
    """1/T sum_t k^2 KL(softmax(teacher / k) || softmax(O_t / k)).

    Args:
        teacher: any network, an ANN for example; of a run: tssd.Teacher.
        temperature: k > 0, dimensionless.
        weight: factor of the term.
        ramp_epochs: epochs over which the weight rises linearly from 0; 0 = constant.
    Shapes: logits [T, N, K], input [T, N, ...], target unused -> [].
    Source: the teacher's term of temporal-wise distillation, arXiv 2501.15925.
    """

    needs_input = True

    def __init__(
        self,
        teacher: nn.Module,
        temperature: float = 3.0,
        *,
        weight: float = 1.0,
        ramp_epochs: float = 0.0,
    ) -> None:
        super().__init__(weight, ramp_epochs=ramp_epochs)
        self.teacher = teacher if isinstance(teacher, Frozen) else Frozen(teacher)
        self.distance = TemperatureKL(temperature)

    def forward(self, out: NetOutput, target: Tensor) -> Tensor:
        """See the class."""
        assert out.input is not None
        return self.distance(out.logits, self.teacher(out.input).mean(0))
