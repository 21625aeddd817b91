from tssd.config.recipe import Replaced
from tssd.config.replaced import lines

SGD = {"class_path": "torch.optim.SGD", "init_args": {"lr": 0.5, "momentum": 0.9, "nesterov": True}}


def test_a_line_says_what_is_lost_and_what_stands_instead():
    change = Replaced("optimizer", SGD, "torch.optim.Adadelta", "own.yaml")
    now = {"optimizer": {"class_path": "torch.optim.Adadelta", "init_args": {"rho": 0.5}}}
    assert lines([change, change], now) == [
        "own.yaml: optimizer: Adadelta takes its own defaults (lr 1.0); torch.optim.SGD's lr 0.5, "
        "momentum 0.9, nesterov true are dropped"
    ]


def test_nothing_shared_and_one_value_lost():
    old = {"class_path": "tssd.training.schedule.Cosine", "init_args": {"warmup_epochs": 2.0}}
    now = {"schedule": "tssd.training.schedule.StepDecay"}
    assert lines([Replaced("schedule", old, "...", "")], now) == [
        "schedule: tssd.training.schedule.Cosine's warmup_epochs 2.0 is dropped"
    ]


def test_no_line_where_nothing_is_lost():
    def said(option, old, now):
        return lines([Replaced(option, old, now, "")], {option: now})

    back = SGD | {"init_args": {"lr": 0.5, "momentum": 0.9, "nesterov": True}}
    assert said("optimizer", SGD, back) == []  # replaced twice
    filled = {"class_path": "tssd.models.vgg9", "init_args": {"num_classes": 7, "image_size": 8}}
    assert said("net", filled, {"class_path": "tssd.models.resnet18"}) == []
    defaults = {"class_path": "torch.optim.Adam", "init_args": {"betas": [0.9, 0.999]}}
    assert said("optimizer", defaults, {"class_path": "torch.optim.SGD"}) == []
    assert lines([Replaced("objectives.spatial", SGD, None, "")], {"objectives": {}}) == []
