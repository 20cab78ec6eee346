"""A TorchScript file, read as nn~'s hosts read it: methods, ratios, labels, attributes, sample rate."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import torch

from ...errors import LatentoneError
from ...manifest import METADATA_KEY


class Params(NamedTuple):
    """What `<method>_params` says: channels, and audio samples for each frame, of what goes in and of what comes out."""

    in_channels: int
    in_ratio: int
    out_channels: int
    out_ratio: int


class NnFile:
    """The module in a file, and what it says of itself."""

    def __init__(self, path: Path, sample_rate_hz: int | None = None) -> None:
        """sample_rate_hz: of a model that does not say its own. Raises LatentoneError, one line, for what is no such file."""
        self.path, self._given_hz = path, sample_rate_hz
        self.module, self.manifest_text = _read(path)
        self._buffers = dict(self.module.named_buffers())

    @property
    def own(self) -> bool:
        """Whether it is an export of ours, which takes noise and temperature from outside."""
        return bool(self.manifest_text) and hasattr(self.module, "advance")

    def params(self, method: str) -> Params | None:
        """None where there is no such method."""
        found = self._buffers.get(f"{method}_params")
        if found is None or not hasattr(self.module, method) or found.numel() != 4:
            return None
        return Params(*(int(value) for value in found))

    def sample_rate_hz(self) -> int:
        """As newer models say it, as older ones do, or as it was given. Raises LatentoneError where nothing says it."""
        for name in ("get_sample_rate", "sr", "sampling_rate"):
            found = getattr(self.module, name, None)
            if found is not None:
                return int(found() if name == "get_sample_rate" else found)
        if self._given_hz is None:
            raise LatentoneError(
                f"{self.path}: does not say its sample rate; set model.sample_rate_hz (RAVE's is 44100 or 48000)"
            )
        return self._given_hz

    def latent_names(self, dim: int) -> list[str]:
        """The file's labels where each is a name of its own that fits an OSC address, and else z0, z1 …"""
        labels = [str(label).strip() for label in getattr(self.module, "decode_input_labels", [])]
        good = len(set(labels)) == len(labels) == dim and all(
            label.replace("_", "").isalnum() and label.isascii() and not label.isdigit() for label in labels
        )
        return labels if good else [f"z{index}" for index in range(dim)]


def state_of(module: Any) -> dict[str, torch.Tensor]:
    """All buffers, but for those that only describe: nothing says which of them move."""
    return {name: buffer for name, buffer in module.named_buffers() if not name.endswith("_params")}


def last_line(error: Exception) -> str:
    """What libtorch means, without the pages before it."""
    lines = str(error).strip().splitlines()
    return (lines[-1] if lines else type(error).__name__)[:160]


def _read(path: Path) -> tuple[Any, str]:
    """The module, and its manifest's text, empty in a file that is not ours."""
    if not path.is_file():
        raise LatentoneError(f"{path}: no such model file")
    files = {METADATA_KEY: ""}
    try:
        module = torch.jit.load(str(path), map_location="cpu", _extra_files=files)
    except Exception as error:  # whatever libtorch throws at a file that is none
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise LatentoneError(f"{path}: not a TorchScript file ({reason[:120]})") from None
    text: str | bytes = files[METADATA_KEY]
    return module.eval(), text.decode() if isinstance(text, bytes) else text
