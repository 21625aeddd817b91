from tssd.config.unwritten import without_unused

USED = {"class_path": "tssd.data.Digits", "init_args": {"mixup": 0.2, "augment": None}}
UNUSED = {"class_path": "tssd.data.Digits", "init_args": {"mixup": None, "augment": None}}


def with_mixing(mixup: float | None = 0.5, transforms: int | None = None):
    """Of one's own: its mixup is not null unless it is told so."""


def test_what_is_null_by_default_and_is_null_is_left_out():
    assert without_unused({"data": USED, "seed": 0}) == {"data": USED, "seed": 0}
    kept = {"data": {"class_path": "tssd.data.Digits", "init_args": {"augment": None}}}
    assert without_unused({"data": UNUSED}) == kept
    assert UNUSED["init_args"]["mixup"] is None  # a copy


def test_so_of_objectives():
    task = {"class_path": "tssd.objectives.TaskCrossEntropy", "init_args": {"class_weights": None}}
    used = {**task, "init_args": {"class_weights": [1.0, 2.0]}}
    found = without_unused({"objectives": {"task": task, "exit_task": used}})["objectives"]
    assert found == {"task": {**task, "init_args": {}}, "exit_task": used}


def test_so_of_neurons_wherever_they_are():
    lif = {"class_path": "tssd.LIF", "init_args": {"tau": 2.0, "strict": False}}
    kept = {**lif, "init_args": {"tau": 2.0}}
    strict = {**lif, "init_args": {"strict": True}}
    own = {"class_path": "my.Neuron", "init_args": {"strict": False}}
    for neuron, written in ((lif, kept), (strict, strict), (own, own), ("my.neuron",) * 2):
        for section, path in (("net", "my.net"), ("exits", "tssd.objectives.ExitPlan")):
            node = {"class_path": path, "init_args": {"neuron": neuron, "norm": None}}
            found = without_unused({section: node})[section]
            assert found == {**node, "init_args": {"neuron": written, "norm": None}}
    # Strict by default, so that it is written where it is not.
    mlf = {"class_path": "tssd.neurons.MLF", "init_args": {"strict": False}}
    assert without_unused({"net": mlf}) == {"net": mlf}


def test_so_of_teachers():
    def term(**options):
        teacher = {"class_path": "tssd.Teacher", "init_args": options}
        node = {"class_path": "tssd.objectives.TeacherDistillation"}
        return {"objectives": {"kd": {**node, "init_args": {"teacher": teacher}}}}

    assert without_unused(term(run="runs/ann", recipe=None)) == term(run="runs/ann")
    waiting = term(run=None, recipe="ann")
    assert without_unused(waiting) == waiting


def test_null_is_written_where_it_is_not_the_default():
    node = {
        "class_path": f"{__name__}.with_mixing",
        "init_args": {"mixup": None, "transforms": None},
    }
    kept = {"class_path": node["class_path"], "init_args": {"mixup": None}}
    assert without_unused({"data": node}) == {"data": kept}
