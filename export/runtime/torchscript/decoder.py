"""Any TorchScript file with a `decode` method, played as a Decoder on the CPU or a GPU.

A model's state lives in its buffers, so a voice is a copy of the module; saving copies the buffers out.
"""

from __future__ import annotations

import copy
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ...errors import LatentoneError
from ...knob_file import KnobFile, read_knobs
from ...manifest import SCHEMA_VERSION, LatentRecord, Manifest
from .. import State
from .attributes import Attributes
from .device import find_device, gpus
from .nn_file import NnFile, last_line, state_of
from .probe import Probed, frames_to_play, probe
from .stream import TorchscriptStream, put, take

LATENTS_A_KNOB = 2.0
"""Where nothing says how far latents reach, the knob's [-1, 1] spans so much either way: the middle 95 % of the prior."""
SEED_NUMBERS = 2**24
"""Float32 noise in [0, 1) has so many values."""
WARM_UPS = 3
"""libtorch looks at the first calls of a size and rewrites the graph before the third."""


class TorchscriptDecoder:
    """A Decoder (see `runtime.Decoder`) of any file with a `decode` method.

    Our own files take noise and temperature from outside. In others a block's random numbers are seeded by its noise, so that
    the same performance gives the same sound; their latency is measured, and whether they stream.
    """

    def __init__(
        self,
        path: Path,
        threads: int = 1,
        sample_rate_hz: int | None = None,
        provider: str = "auto",
        *,
        calibrated: bool = True,
    ) -> None:
        """sample_rate_hz: of a model that does not say its own. provider: as for `find_device`.

        calibrated: whether the knobs beside the file are used, if there are any.

        Raises LatentoneError, one line, for what cannot be played.
        """
        torch.set_num_threads(threads)
        self.notes: list[str] = []
        """What a person should know of the model, a line each."""
        file = NnFile(path, sample_rate_hz)
        self._module, self.own = file.module, file.own
        self.manifest = Manifest.from_json(file.manifest_text, str(path)) if file.own else _manifest_of(file)
        device, without = find_device("cpu" if file.own else provider)
        if file.own and provider not in ("auto", "cpu"):
            without = f" (files that Latentone wrote compute there, and not on {provider})"
        self.provider = device.type
        self._device = device
        self._module.to(device)
        self._raw: tuple[torch.Tensor, torch.Tensor] | None = None
        self.attributes = Attributes(torch.nn.Module() if file.own else self._module)
        self.control_samples = self.manifest.hop_samples
        self.runtime = f"torchscript on {'the CPU' if device.type == 'cpu' else device.type}{without}"
        knobs = None if file.own or not calibrated else read_knobs(path, len(self.manifest.latents))
        if knobs is not None:
            self.use_knobs(knobs)
        elif not file.own:
            self.runtime += f", latents within ±{LATENTS_A_KNOB:g}, as the file does not say how far they reach"
            self.notes.append(
                f"a knob's [-1, 1] is ±{LATENTS_A_KNOB:g} of its latent: `latentone calibrate {path.name} --audio FOLDER` "
                "measures how far recordings reach"
            )
        self._initial = {name: buffer.clone() for name, buffer in state_of(self._module).items()}
        self._one = self.voice()
        frame_s = self._check(path)
        if not file.own:
            self._look(frame_s)

    def initial_state(self, batch: int) -> State:
        """Each buffer, (batch, …)."""
        return {name: np.stack([buffer.cpu().numpy()] * batch) for name, buffer in self._initial.items()}

    def decode(
        self, latents: np.ndarray, noise: np.ndarray, temperature: np.ndarray, state: State
    ) -> tuple[np.ndarray, State]:
        following = {name: tensor.copy() for name, tensor in state.items()}
        batch, _, frames = latents.shape
        audio = np.zeros((batch, self.manifest.channels, frames * self.manifest.hop_samples), np.float32)
        for row in range(batch):
            put(self._one, following, row)
            self.play(self._one, latents[row], noise[row], temperature[row], audio[row])
            take(self._one, following, row)
        return audio, following

    def use_knobs(self, knobs: KnobFile) -> None:
        """Take knobs as that says, from now on."""
        matrix, offset = (torch.from_numpy(each).to(self._device) for each in knobs.raw)
        self._raw = matrix, offset
        self.manifest.latents = knobs.latents

    def gpus(self) -> list[str]:
        """The GPUs that might play it, by their providers' names."""
        return [] if self.own else gpus()

    def stream(self, voices: int) -> TorchscriptStream:
        return TorchscriptStream(self, voices)

    def voice(self) -> Any:
        """A copy of the module, to hold one voice's state."""
        return copy.deepcopy(self._module)

    @torch.inference_mode()
    def rest(self, module: Any) -> None:
        """Back to the state in the file."""
        for name, buffer in state_of(module).items():
            buffer.copy_(self._initial[name])

    @torch.inference_mode()
    def play(self, module: Any, latents: np.ndarray, noise: np.ndarray, temperature: float, audio: np.ndarray) -> None:
        """One voice's block: latents (dim, frames), noise (draws,), into audio (channels, samples)."""
        on_cpu = self._device.type == "cpu"
        knobs = torch.from_numpy(latents) if on_cpu else torch.from_numpy(latents).to(self._device)
        if self.own:
            given = torch.from_numpy(noise).to(self._device)[None]
            heat = torch.full((1,), float(temperature), device=self._device)
            found = module.advance(knobs[None], given, heat)[1]
        else:
            seed = int(noise[0] * SEED_NUMBERS)
            # torch.manual_seed asks every back-end there may be, which takes as long as a small model does.
            torch.default_generator.manual_seed(seed) if on_cpu else torch.manual_seed(seed)
            found = module.decode(self._to_raw(knobs)[None])
        out = torch.from_numpy(audio)
        if found.size(0) != 1 or found.shape[1:] != out.shape:
            raise LatentoneError(
                f"{self.manifest.name}: decode gives audio of {tuple(found.shape)}, not {(1, *out.shape)}"
            )
        if on_cpu and found.dtype == out.dtype:
            torch.clamp(found[0], -1.0, 1.0, out=out)
        else:
            out.copy_(found[0].clamp(-1.0, 1.0))

    @torch.inference_mode()
    def raw_latents(self, knobs: np.ndarray) -> np.ndarray:
        """What the model's own `decode` takes for knobs (dim, frames)."""
        given = torch.from_numpy(knobs.astype(np.float32))
        return (given if self.own else self._to_raw(given.to(self._device))).cpu().numpy()

    def _to_raw(self, knobs: torch.Tensor) -> torch.Tensor:
        if self._raw is None:
            return knobs * LATENTS_A_KNOB
        matrix, offset = self._raw
        return torch.addmm(offset[:, None], matrix, knobs)

    def _check(self, path: Path) -> float:
        """Play two frames: a model that cannot is refused before anybody hears of it. Returns how long a frame takes, in s."""
        manifest = self.manifest
        latents = np.zeros((len(manifest.latents), 2), np.float32)
        noise = np.zeros(2 * manifest.noise_per_frame, np.float32)
        audio = np.zeros((manifest.channels, 2 * manifest.hop_samples), np.float32)
        took_s = 0.0
        try:
            for _ in range(1 if self.own else WARM_UPS):
                began_s = time.perf_counter()
                self.play(self._one, latents, noise, 0.0, audio)
                took_s = time.perf_counter() - began_s
        except RuntimeError as error:
            raise LatentoneError(f"{path}: its decode fails ({last_line(error)})") from None
        self.rest(self._one)
        return took_s / 2

    def _look(self, frame_s: float) -> None:
        """Complete the manifest by what is found when it is played."""
        manifest = self.manifest
        hop, rate_hz = manifest.hop_samples, manifest.sample_rate_hz
        found = probe(self._try, len(manifest.latents), hop, frames_to_play(rate_hz, hop, frame_s))
        self.rest(self._one)
        manifest.latency_samples = found.latency_samples
        self._tell(found, 1e3 * hop / rate_hz)

    def _tell(self, found: Probed, frame_ms: float) -> None:
        extra = self.manifest.__pydantic_extra__
        assert extra is not None  # unknown fields are kept
        extra["measured"] = {"latency": True, "streams": found.streams}
        if not found.streams:
            self.notes.append(
                f"{self.manifest.name} does not stream: made in blocks it differs from the whole by {found.block_error_db:.0f} dB, "
                f"so it will click at block borders (every {frame_ms:.0f} ms); export it for streaming (RAVE: --streaming)"
            )

    def _try(self, latents: np.ndarray, block_frames: int, seed: int) -> np.ndarray:
        """For `probe`: its `Play`."""
        self.rest(self._one)
        hop, frames = self.manifest.hop_samples, latents.shape[1]
        audio = np.zeros((self.manifest.channels, frames * hop), np.float32)
        for start in range(0, frames, block_frames):
            block = latents[:, start : start + block_frames]
            noise = np.full(block.shape[1], (seed + start / frames) / 4, np.float32)
            self.play(self._one, block, noise, 0.0, audio[:, start * hop : (start + block.shape[1]) * hop])
        return audio.reshape(-1)


def _manifest_of(file: NnFile) -> Manifest:
    """What a file that is not ours says of itself, in our terms."""
    params = file.params("decode")
    if params is None:
        raise LatentoneError(
            f"{file.path}: has no decode method as nn~ knows it (decode, decode_params of four numbers)"
        )
    dim, hop_samples, channels, out_ratio = params
    if out_ratio != 1 or min(dim, hop_samples, channels) < 1:
        raise LatentoneError(f"{file.path}: decode_params {list(params)} is not latents to audio")
    return Manifest(
        schema_version=SCHEMA_VERSION,
        kind="decoder",
        family="nn~",
        name=file.path.stem,
        sample_rate_hz=file.sample_rate_hz(),
        hop_samples=hop_samples,
        channels=channels,
        latency_samples=0,
        noise_per_frame=1,
        latents=[
            LatentRecord(name=name, mean=0.0, std=0.5, quantiles={"0.025": -1.0, "0.5": 0.0, "0.975": 1.0})
            for name in file.latent_names(dim)
        ],
    )
