"""Any TorchScript file with an `encode` method: recordings, or what comes in live, to knobs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from ...errors import LatentoneError
from ...knob_file import read_knobs
from ...manifest import SCHEMA_VERSION, LatentRecord, Manifest
from .decoder import LATENTS_A_KNOB
from .nn_file import NnFile, last_line, state_of

BLOCK_S = 2.0
"""Of a recording that is encoded at a time."""
SPAN_S = 1.5
FEWEST_FRAMES = 8
SEED = 0


class TorchscriptEncoder:
    """Audio to knobs, by the state in the module's buffers: `hear` goes on where it was, `encode` begins at rest.

    The inverse of what the decoder of the same file does to knobs; mono goes to all of the model's channels. Used by one thread.
    """

    def __init__(
        self, path: Path, threads: int = 1, sample_rate_hz: int | None = None, *, calibrated: bool = True
    ) -> None:
        """As for `TorchscriptDecoder`. Raises LatentoneError, one line, for what cannot encode."""
        torch.set_num_threads(threads)
        file = NnFile(path, sample_rate_hz)
        params = file.params("encode")
        if params is None:
            raise LatentoneError(f"{path}: has no encode method as nn~ knows it, so it cannot hear recordings")
        self._channels, in_ratio, dim, hop_samples = params
        if in_ratio != 1 or min(self._channels, dim, hop_samples) < 1:
            raise LatentoneError(f"{path}: encode_params {list(params)} is not audio to latents")
        self._module, self._path = file.module, path
        self._initial = {name: buffer.clone() for name, buffer in state_of(self._module).items()}
        knobs = None if file.own or not calibrated else read_knobs(path, dim)
        self._back = (np.eye(dim, dtype=np.float32) / (1.0 if file.own else LATENTS_A_KNOB), np.zeros(dim, np.float32))
        if knobs is not None:
            matrix, offset = knobs.raw
            inverse = np.linalg.pinv(matrix.astype(np.float64))
            self._back = (inverse.astype(np.float32), (-inverse @ offset).astype(np.float32))
        if file.own:
            manifest = Manifest.from_json(file.manifest_text, str(path))
            late = manifest.model_dump().get("torchscript", {}).get("encode_latency_samples", 0)
            changed = {"kind": "encoder", "hop_samples": hop_samples, "latency_samples": late}
            self.manifest = manifest.model_copy(update=changed)
        else:
            self.manifest = Manifest(
                schema_version=SCHEMA_VERSION,
                kind="encoder",
                family="nn~",
                name=path.stem,
                sample_rate_hz=file.sample_rate_hz(),
                hop_samples=hop_samples,
                channels=self._channels,
                latency_samples=0,
                latents=[LatentRecord(name=name, mean=0, std=0.5, quantiles={}) for name in file.latent_names(dim)],
            )
            self.manifest.latency_samples = self._latency_samples()
        self.hear(np.zeros(2 * hop_samples, np.float32))  # what fails is to fail here
        self.rest()

    @torch.inference_mode()
    def rest(self) -> None:
        """As if nothing had been heard."""
        for name, buffer in state_of(self._module).items():
            buffer.copy_(self._initial[name])

    @torch.inference_mode()
    def hear_raw(self, audio: np.ndarray) -> np.ndarray:
        """The next audio (samples,), whole frames, to the model's own latents (dim, frames)."""
        frames = len(audio) // self.manifest.hop_samples
        given = torch.from_numpy(np.ascontiguousarray(audio, np.float32))[None, None].expand(1, self._channels, -1)
        try:
            latents = self._module.encode(given.contiguous()).float()
        except RuntimeError as error:
            raise LatentoneError(f"{self._path}: its encode fails ({last_line(error)})") from None
        wanted = (1, len(self.manifest.latents), frames)
        if tuple(latents.shape) != wanted:
            raise LatentoneError(f"{self._path}: encode gives latents of {tuple(latents.shape)}, not {wanted}")
        return latents[0].numpy()

    def hear(self, audio: np.ndarray) -> np.ndarray:
        """The next audio (samples,), whole frames, to knobs (dim, frames)."""
        matrix, offset = self._back
        return matrix @ self.hear_raw(audio) + offset[:, None]

    def encode_raw(self, audio: np.ndarray) -> np.ndarray:
        """A recording (samples,) to the model's own latents (dim, frames); a last part of a frame is filled with silence."""
        self.rest()
        hop = self.manifest.hop_samples
        padded = np.pad(audio, (0, -len(audio) % hop))
        block = max(1, round(BLOCK_S * self.manifest.sample_rate_hz / hop)) * hop
        parts = [self.hear_raw(padded[start : start + block]) for start in range(0, len(padded), block)]
        self.rest()
        return np.concatenate(parts, axis=1) if parts else np.zeros((len(self.manifest.latents), 0), np.float32)

    def encode(self, audio: np.ndarray) -> np.ndarray:
        """As `OnnxEncoder.encode`: float32 audio (batch, samples) to knobs (batch, dim, frames)."""
        matrix, offset = self._back
        return np.stack([matrix @ self.encode_raw(row) + offset[:, None] for row in audio])

    def _latency_samples(self) -> int:
        """From the middle of a burst of noise to the centre of the energy of what it changes in the latents."""
        hop, rate_hz = self.manifest.hop_samples, self.manifest.sample_rate_hz
        frames = max(FEWEST_FRAMES, round(SPAN_S * rate_hz / hop))
        generator, at = np.random.default_rng(0), frames // 4
        still = generator.normal(0.0, 0.01, frames * hop).astype(np.float32)
        burst = still.copy()
        burst[at * hop : (at + 1) * hop] += generator.normal(0.0, 0.3, hop).astype(np.float32)
        heard = []
        for audio in (still, burst):
            torch.default_generator.manual_seed(SEED)  # RAVE draws its latents
            heard.append(self.encode_raw(audio))
        energy = np.square(heard[1] - heard[0], dtype=np.float64).sum(axis=0)
        if energy.sum() <= 0.0:
            return 0
        return max(0, round((float(np.average(np.arange(frames), weights=energy)) - at) * hop))
