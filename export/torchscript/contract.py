"""What nn~ and nn.ar ask of any file: which methods and attributes it has, channels in and out, and a `reset`.

Scripting reads annotations as objects, so no file of a scripted class postpones them.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

BOOL, INT, FLOAT = 0, 1, 2
"""The contract's numbers for an attribute's type."""


class NnContract(nn.Module):
    """A module to be scripted, with what it says of itself; methods take and give float32 (batch, channels, frames).

    An attribute is a tuple of one value; methods named `get_` and `set_` before its name go with it, the latter returning 0.
    """

    def __init__(self) -> None:
        super().__init__()
        self.offered_methods: list[str] = []
        self.offered_attributes: list[str] = []
        self.reset = (False,)

    def offer(
        self, method: str, inputs: list[str], input_samples: int, outputs: list[str], output_samples: int
    ) -> None:
        """inputs, outputs: what each channel is called; input_samples, output_samples: of the host, to one frame of theirs."""
        self.offered_methods.append(method)
        sizes = [len(inputs), input_samples, len(outputs), output_samples]
        self.register_buffer(f"{method}_params", torch.tensor(sizes))
        setattr(self, f"{method}_input_labels", list(inputs))
        setattr(self, f"{method}_output_labels", list(outputs))

    def offer_attribute(self, name: str, kind: int) -> None:
        """kind: BOOL, INT or FLOAT. Hosts list them as they were offered."""
        self.offered_attributes.append(name)
        self.register_buffer(f"{name}_params", torch.tensor([kind]))

    @torch.jit.export
    def get_methods(self) -> list[str]:
        return self.offered_methods

    @torch.jit.export
    def get_attributes(self) -> list[str]:
        return self.offered_attributes

    @torch.jit.export
    def get_reset(self) -> tuple[bool]:
        return self.reset

    @torch.jit.export
    def set_reset(self, reset: bool) -> int:
        """True: everything is as if nothing had come."""
        if reset:
            self.forget()
        return 0

    def forget(self) -> None:
        """Put the state back to where it began, in place."""
        raise NotImplementedError


def padded_to(x: Tensor, channels: int) -> Tensor:
    """(batch, any, frames) as float32 with exactly `channels`: silent ones for those missing."""
    kept = x[:, :channels].float()
    return F.pad(kept, [0, 0, 0, channels - kept.size(1)])
