"""Where libtorch computes: the CPU, or a GPU that is asked for and there."""

from __future__ import annotations

import torch

GPUS = ("cuda", "mps")


def gpus() -> list[str]:
    """The GPUs that torch sees here, by their providers' names."""
    seen = {"cuda": torch.cuda.is_available, "mps": torch.backends.mps.is_available}
    return [name for name in GPUS if seen[name]()]


def find_device(provider: str) -> tuple[torch.device, str]:
    """The device for a provider, and for people why it is the CPU where a GPU was asked for.

    `auto` is the CPU: a rule without a clock in it, for all that has to come out the same twice; `choose` measures.
    """
    if provider in GPUS and provider not in gpus():
        return torch.device("cpu"), f" (torch {torch.__version__} sees no {provider} here)"
    return torch.device(provider if provider in GPUS else "cpu"), ""
