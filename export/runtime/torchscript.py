"""TorchScript models under the contract of nn~, such as RAVE's exports: read as nn~'s hosts read them, played as a Decoder.

A model's state lives in its buffers, so a voice is a copy of the module; saving copies the buffers out.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..errors import LatentoneError
from ..manifest import METADATA_KEY, SCHEMA_VERSION, LatentRecord, Manifest
from . import State

LATENTS_A_KNOB = 2.0
"""Where nothing says how far latents reach, the knob's [-1, 1] spans so much either way: the middle 95 % of the prior."""
SEED_NUMBERS = 2**24
"""Float32 noise in [0, 1) has so many values."""


class TorchscriptDecoder:
    """A Decoder (see `runtime.Decoder`) of any file with a `decode` method.

    Our own files take noise and temperature from outside. In others a block's random numbers are seeded by its noise, so that
    the same performance gives the same sound.
    """

    def __init__(self, path: Path, threads: int = 1, sample_rate_hz: int | None = None) -> None:
        """sample_rate_hz: of a model that does not say its own. Raises LatentoneError, one line, for what cannot be played."""
        torch.set_num_threads(threads)
        self._module, text = _read(path)
        self._own = bool(text) and hasattr(self._module, "advance")
        if text:
            self.manifest = Manifest.from_json(text, str(path))
        else:
            self.manifest = _manifest_of(self._module, path, sample_rate_hz)
        self.control_samples = self.manifest.hop_samples
        self.runtime = "torchscript on the CPU"
        if not self._own:
            self.runtime += f", latents within ±{LATENTS_A_KNOB:g}, as the file does not say how far they reach"
        self._initial = {name: buffer.clone() for name, buffer in _state(self._module).items()}
        self._one = self.voice()
        self._check(path)

    def initial_state(self, batch: int) -> State:
        """Each buffer, (batch, …)."""
        return {name: np.stack([buffer.numpy()] * batch) for name, buffer in self._initial.items()}

    def decode(
        self, latents: np.ndarray, noise: np.ndarray, temperature: np.ndarray, state: State
    ) -> tuple[np.ndarray, State]:
        following = {name: tensor.copy() for name, tensor in state.items()}
        batch, _, frames = latents.shape
        audio = np.zeros((batch, self.manifest.channels, frames * self.manifest.hop_samples), np.float32)
        for row in range(batch):
            put(self._one, following, row)
            audio[row] = self.play(self._one, latents[row], noise[row], temperature[row])
            take(self._one, following, row)
        return audio, following

    def stream(self, voices: int) -> TorchscriptStream:
        return TorchscriptStream(self, voices)

    def voice(self) -> Any:
        """A copy of the module, to hold one voice's state."""
        return copy.deepcopy(self._module)

    def rest(self, module: Any) -> None:
        """Back to the state in the file."""
        with torch.no_grad():
            for name, buffer in _state(module).items():
                buffer.copy_(self._initial[name])

    @torch.no_grad()
    def play(self, module: Any, latents: np.ndarray, noise: np.ndarray, temperature: float) -> np.ndarray:
        """One voice's block: latents (dim, frames), noise (draws,) to audio (channels, samples)."""
        knobs = torch.from_numpy(np.ascontiguousarray(latents))[None]
        if self._own:
            given = torch.from_numpy(np.ascontiguousarray(noise))[None]
            audio = module.advance(knobs, given, torch.full((1,), float(temperature)))[1]
        else:
            torch.manual_seed(int(noise[0] * SEED_NUMBERS))
            audio = module.decode(LATENTS_A_KNOB * knobs).float().clamp(-1.0, 1.0)
        wanted = (1, self.manifest.channels, latents.shape[1] * self.manifest.hop_samples)
        if tuple(audio.shape) != wanted:
            raise LatentoneError(f"{self.manifest.name}: decode gives audio of {tuple(audio.shape)}, not {wanted}")
        return audio[0].numpy()

    def _check(self, path: Path) -> None:
        """Play two frames: a model that cannot is refused before anybody hears of it."""
        latents = np.zeros((len(self.manifest.latents), 2), np.float32)
        try:
            self.play(self._one, latents, np.zeros(2 * self.manifest.noise_per_frame, np.float32), 0.0)
        except RuntimeError as error:
            reason = str(error).strip().splitlines()[-1]
            raise LatentoneError(f"{path}: its decode fails ({reason[:160]})") from None
        self.rest(self._one)


class TorchscriptStream:
    """A Stream (see `runtime.Stream`); frames and blocks begin together, since `control_samples` is `hop_samples`."""

    def __init__(self, decoder: TorchscriptDecoder, voices: int) -> None:
        self.voices = voices
        self._decoder = decoder
        self._modules = [decoder.voice() for _ in range(voices)]

    def advance(
        self, latents: np.ndarray, noise: np.ndarray, temperature: np.ndarray, active: np.ndarray, audio: np.ndarray
    ) -> None:
        for voice in np.flatnonzero(active):
            audio[voice] = self._decoder.play(self._modules[voice], latents[voice], noise[voice], temperature[voice])

    def reset(self, voice: int) -> None:
        self._decoder.rest(self._modules[voice])

    def save(self) -> State:
        state = self._decoder.initial_state(self.voices)
        for voice, module in enumerate(self._modules):
            take(module, state, voice)
        return state

    def load(self, state: State) -> None:
        for voice, module in enumerate(self._modules):
            put(module, state, voice)


def put(module: Any, state: State, row: int) -> None:
    """Row `row` of every tensor of `state` into the module's buffers."""
    with torch.no_grad():
        for name, buffer in _state(module).items():
            buffer.copy_(torch.from_numpy(np.asarray(state[name][row])))


def take(module: Any, state: State, row: int) -> None:
    """The module's buffers into row `row` of every tensor of `state`."""
    for name, buffer in _state(module).items():
        state[name][row] = buffer.numpy()


def _state(module: Any) -> dict[str, torch.Tensor]:
    """All buffers, but for those that only describe: nothing says which of them move."""
    return {name: buffer for name, buffer in module.named_buffers() if not name.endswith("_params")}


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


def _manifest_of(module: Any, path: Path, sample_rate_hz: int | None) -> Manifest:
    """What the file says of itself, in our terms."""
    params = dict(module.named_buffers()).get("decode_params")
    if params is None or not hasattr(module, "decode") or params.numel() != 4:
        raise LatentoneError(f"{path}: has no decode method as nn~ knows it (decode, decode_params of four numbers)")
    dim, hop_samples, channels, out_ratio = (int(value) for value in params)
    if out_ratio != 1 or min(dim, hop_samples, channels) < 1:
        raise LatentoneError(f"{path}: decode_params {[dim, hop_samples, channels, out_ratio]} is not latents to audio")
    rate_hz = _sample_rate_hz(module) or sample_rate_hz
    if rate_hz is None:
        raise LatentoneError(
            f"{path}: does not say its sample rate; set model.sample_rate_hz (RAVE's is 44100 or 48000)"
        )
    return Manifest(
        schema_version=SCHEMA_VERSION,
        kind="decoder",
        family="nn~",
        name=path.stem,
        sample_rate_hz=rate_hz,
        hop_samples=hop_samples,
        channels=channels,
        latency_samples=0,
        noise_per_frame=1,
        latents=[
            LatentRecord(name=name, mean=0.0, std=0.5, quantiles={"0.025": -1.0, "0.5": 0.0, "0.975": 1.0})
            for name in _names(module, dim)
        ],
    )


def _sample_rate_hz(module: Any) -> int | None:
    """As newer models say it and as older ones do; None where nothing does."""
    for name in ("get_sample_rate", "sr", "sampling_rate"):
        found = getattr(module, name, None)
        if found is not None:
            return int(found() if name == "get_sample_rate" else found)
    return None


def _names(module: Any, dim: int) -> list[str]:
    """The file's labels where each is a name of its own that fits an OSC address, and else z0, z1 …"""
    labels = [str(label).strip() for label in getattr(module, "decode_input_labels", [])]
    good = len(set(labels)) == len(labels) == dim and all(
        label.replace("_", "").isalnum() and label.isascii() and not label.isdigit() for label in labels
    )
    return labels if good else [f"z{index}" for index in range(dim)]
