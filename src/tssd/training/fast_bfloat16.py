"""Where bfloat16 is faster than float32."""

import torch


def has_fast_bfloat16(device: torch.device) -> bool:
    """Whether a device has instructions for bfloat16: without, it is slower than float32."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    # What AVX-512 has of it, or the tiles that came later; torch has no public way to ask.
    return device.type == "cpu" and torch.cpu._is_avx512_bf16_supported()
