import torch

from tssd.training.fast_bfloat16 import has_fast_bfloat16

CPU = torch.device("cpu")


def test_what_a_device_has_is_asked_of_torch(monkeypatch):
    for has in (True, False):
        monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda has=has: has)
        assert has_fast_bfloat16(CPU) == has
        # Emulated bfloat16, as before Ampere, is slower than float32.
        monkeypatch.setattr(
            torch.cuda, "is_bf16_supported", lambda including_emulation, has=has: has
        )
        assert has_fast_bfloat16(torch.device("cuda")) == has
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: True)
    assert not has_fast_bfloat16(torch.device("mps"))
