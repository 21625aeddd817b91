import pytest

from tssd.errors import UsageError
from tssd.many_runs.alike import refuse_unlike


def test_runs_that_are_alike_pass_and_what_is_to_say_is_said_once(planned, tmp_path):
    told = []
    options = [("optimizer", "AdamW"), ("optimizer.lr", "0.1")]
    runs = [
        *planned(0, 1, options=options),
        *planned(0, name="digits/tssd", folder="other", options=options),
    ]
    refuse_unlike(runs, longest=4, tell=told.append)
    assert len(told) == 1
    assert "optimizer" in told[0]
    assert not list(tmp_path.iterdir())


def test_other_samples_and_a_t_that_nobody_evaluates_are_refused(planned):
    fewer = planned(0, name="digits/tssd", folder="b", options=[("data.train_samples", "40")])
    with pytest.raises(UsageError, match=r"different samples \(split digits/vanilla_ts: .*, dig"):
        refuse_unlike([*planned(0), *fewer])
    with pytest.raises(UsageError, match="vanilla_ts: --timesteps: got 5, but .* T = 1 to 4; add"):
        refuse_unlike(planned(0), longest=5)


def test_what_has_no_batch_norm_is_told_before_it_is_trained(planned):
    options = [("net.norm", "torch.nn.Identity")]
    refuse_unlike(planned(0), recalibrates=True)
    with pytest.raises(UsageError, match="^digits/vanilla_ts: net: StagedNet has no batch norm"):
        refuse_unlike(planned(0, options=options), recalibrates=True)


def test_recipes_of_one_name_are_refused_before_anything_is_built(planned):
    runs = [planned(0, name=name)[0] for name in ("a/x.yaml", "b/x.yaml")]
    with pytest.raises(UsageError, match="^a/x.yaml and b/x.yaml have the same name"):
        refuse_unlike(runs)
