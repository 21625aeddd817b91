import torch

from tssd.doctor import machine


def test_libraries_are_those_that_run():
    found = machine.libraries()
    assert found.status == "ok"
    assert found.text.startswith(torch.__version__)


def test_a_torchvision_that_computes_wrongly_fails(monkeypatch):
    monkeypatch.setattr("torchvision.ops.nms", lambda *_: torch.tensor([0, 1]))
    assert machine.libraries().status == "fails"


def test_more_threads_than_cores_are_told(monkeypatch):
    monkeypatch.setattr(machine.os, "sched_getaffinity", lambda _: {0, 3}, raising=False)
    monkeypatch.setattr(machine.sys, "platform", "linux")
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    found = machine.processor()
    assert (found.status, found.remedy) == ("ok", "")
    assert found.text.endswith("2 cores, 2 threads")
    monkeypatch.setattr(torch, "get_num_threads", lambda: 64)
    found = machine.processor()
    assert found.status == "note"
    assert found.remedy == "train with --trainer.threads 2, or set OMP_NUM_THREADS=2"


def test_devices_compute(monkeypatch):
    assert machine._tried(torch.device("cpu")).line() == "ok     device        cpu"
    # A device that computes nothing gives what lay in its memory.
    monkeypatch.setattr(torch.Tensor, "to", lambda self, *_: torch.zeros_like(self))
    found = machine._tried(torch.device("cpu"))
    assert found.status == "fails"
    assert found.text.startswith("cpu computes wrongly, off by ")


def test_a_cpu_build_beside_an_nvidia_driver_is_told(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr(torch.version, "cuda", None)
    monkeypatch.setattr(machine.shutil, "which", lambda name: f"/usr/bin/{name}")
    (found,) = machine.devices()
    assert (found.status, found.text.startswith("CPU only: this torch is built for")) == (
        "note",
        True,
    )
    monkeypatch.setattr(machine.shutil, "which", lambda name: None)
    assert machine.devices() == [machine.Finding("device", "ok", "CPU only")]


def test_bfloat16_is_measured_and_compared_with_what_auto_takes(monkeypatch):
    monkeypatch.setattr(machine, "best_device", lambda _: torch.device("cpu"))
    taken = {False: 1.0, True: 3.0}
    monkeypatch.setattr(machine, "_seconds", lambda net, x, enabled: taken[enabled])
    monkeypatch.setattr(machine, "has_fast_bfloat16", lambda _: False)
    found = machine.bfloat16()
    assert found.status == "ok"
    assert found.text == (
        "takes 3 times as long as float32 (a convolution on cpu); --trainer.precision auto is "
        "32-true here"
    )
    taken[True] = 0.5
    found = machine.bfloat16()
    assert (found.status, found.remedy) == (
        "note", "bf16-mixed may be faster: compare them by --dry-run"
    )  # fmt: skip


def test_a_step_is_timed():
    net, x = torch.nn.Conv2d(1, 1, 1), torch.rand(1, 1, 2, 2)
    assert 0 < machine._seconds(net, x, True) < 10
    assert net.weight.grad is not None
