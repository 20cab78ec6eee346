"""What the decoder is given: each voice's way through the latent space, its noise and its temperature."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..export.errors import LatentoneError
from ..export.runtime import Decoder, HasAttributes
from .addresses import KNOB
from .events import Value
from .hearing.feed import LatentFeed
from .mapping import Mapping
from .motion import IdleMotion
from .trajectory import Trajectory


class Voices:
    """The voices of one stream, moved on together; those that are not active stand still, and so does their noise.

    A knob is where its glide is plus what its motion adds. A voice's noise is a stream of its own, keyed by seed and voice, of
    which each frame that it plays takes its part in turn: so what it draws depends on how much it has played, and on
    neither the block size nor the other voices. A voice that begins to sound starts where its knobs are.
    """

    def __init__(
        self,
        decoder: Decoder,
        mapping: Mapping,
        active: np.ndarray,
        block_frames: int,
        seed: int,
        motion: IdleMotion | None,
    ) -> None:
        """active: bool (voices,), read whenever it matters. motion: what moves the knobs until somebody does."""
        manifest, count = decoder.manifest, len(mapping.voices)
        self._hop, self._dim, self._channels = manifest.hop_samples, len(manifest.latents), manifest.channels
        self._noise_per_frame = manifest.noise_per_frame
        self._mapping, self._motions, self._active = mapping, mapping.motions, active
        self._motions.join(manifest.sample_rate_hz, seed, None if mapping.touched else motion)
        self._stream = decoder.stream(count)
        self._paths = [
            Trajectory(voice.latents, manifest.sample_rate_hz / manifest.hop_samples) for voice in mapping.voices
        ]
        self._moving = np.zeros(count, dtype=bool)
        self._random = [
            np.random.Generator(np.random.Philox(key=np.array([seed, voice], dtype=np.uint64)))
            for voice in range(count)
        ]
        # Flat, so that a block of any length is a contiguous view.
        self._latents = np.zeros(count * self._dim * block_frames, np.float32)
        self._noise = np.zeros(count * self._noise_per_frame * block_frames, np.float32)
        self._audio = np.zeros(count * self._channels * self._hop * block_frames, np.float32)
        self._temperatures = np.zeros(count, np.float32)
        self.feed: LatentFeed | None = None
        """Of a live input, if there is one that is for this model."""
        self._heard = np.zeros(self._dim, np.float32)
        self._frame_s = self._hop / manifest.sample_rate_hz

    @property
    def idling(self) -> bool:
        """True while all voices drift by themselves."""
        return self._motions.drifting

    def targets(self) -> list[float]:
        """Where the first voice's knobs are meant to be, (dim,). From any thread."""
        return self._mapping.targets()

    def follow(self, sample: int) -> None:
        """Take over the targets of the mapping, from `sample` on."""
        along = sample % self._hop / self._hop
        self._motions.follow(sample)
        for number, voice in enumerate(self._mapping.voices):
            self._temperatures[number] = voice.temperature
            if self._active[number]:
                path = self._paths[number]
                if not self._moving[number]:
                    path.rest(voice.latents)
                elif self._motions.handed:
                    path.shift(along, self._motions.handover[number])
                path.turn(along, voice.latents, voice.glide_s, self._mapping.glide_curve)
            self._moving[number] = self._active[number]
        self._motions.take_handover()

    def play(self, sample: int, samples: int) -> np.ndarray:
        """The next `samples`, which begin at `sample`: audio (voices, channels, samples), to be used before the next call.

        Raises whatever the decoder does; the voices have moved on all the same.
        """
        count, inside = len(self._active), sample % self._hop
        frames = -(-(inside + samples) // self._hop)
        latents = self._latents[: count * self._dim * frames].reshape(count, self._dim, frames)
        self._move(latents, sample, whole=(inside + samples) % self._hop == 0)
        if self.feed is not None:
            self._blend(self.feed, latents, inside, samples)
        draws = samples * self._noise_per_frame // self._hop
        noise = self._noise[: count * draws].reshape(count, draws)
        for number, random in enumerate(self._random):
            if self._active[number]:
                random.random(out=noise[number], dtype=np.float32)
        audio = self._audio[: count * self._channels * samples].reshape(count, self._channels, samples)
        self._stream.advance(latents, noise, self._temperatures, self._active, audio)
        return audio

    def warm_up(self, samples: int) -> None:
        """Let the stream play `samples`, whole frames at most as many as of a block, of all voices; then forget it."""
        count, frames = len(self._active), samples // self._hop
        self._stream.advance(
            self._latents.reshape(count, self._dim, -1)[:, :, :frames].copy(),
            np.zeros((count, frames * self._noise_per_frame), np.float32),
            self._temperatures,
            np.ones(count, dtype=bool),
            np.zeros((count, self._channels, samples), np.float32),
        )
        self.reset()

    def reset(self) -> None:
        """Every voice back to the state before anything was played: what led to a failure may live in it."""
        for voice in range(len(self._active)):
            self._stream.reset(voice)

    def attributes(self) -> dict[str, tuple[list[str], list[Value]]]:
        """Of the model itself, as nn~ knows them; none where the runtime has none."""
        return self._stream.attributes() if isinstance(self._stream, HasAttributes) else {}

    def set_attribute(self, name: str, values: list[Value]) -> None:
        """In every voice. Raises LatentoneError, one line, for what the model does not have or take."""
        if not isinstance(self._stream, HasAttributes):
            raise LatentoneError(
                f"the model has no attribute {name[:64]!r}: only TorchScript models of others have any"
            )
        self._stream.set_attribute(name, values)

    def save(self) -> dict[str, Any]:
        """All that the next samples depend on, besides the mapping and who is active; between two calls of `play`.

        Plain numbers, strings, lists, dicts and arrays. Exact where a latent frame begins, and inside of one as far as
        the runtime's state is: see `Stream.save`.
        """
        return {
            "stream": self._stream.save(),
            "paths": [path.save() for path in self._paths],
            "moving": self._moving.copy(),
            "noise": [_saved_noise(random) for random in self._random],
        }

    def load(self, state: dict[str, Any]) -> None:
        """Go on from what `save` gave, at the sample where it was saved. The mapping has to be loaded as well."""
        self._stream.load(state["stream"])
        for path, saved in zip(self._paths, state["paths"], strict=True):
            path.load(saved)
        self._moving[:] = state["moving"]
        for random, saved in zip(self._random, state["noise"], strict=True):
            _load_noise(random, saved)

    def _move(self, latents: np.ndarray, sample: int, whole: bool) -> None:
        """Write the ways of the active voices into `latents` (voices, dim, frames); `whole` as for Trajectory.fill."""
        if not self._motions:
            for number, path in enumerate(self._paths):
                if self._active[number]:
                    path.fill(latents[number], whole)
            return
        first, last = sample // self._hop, latents.shape[2] - 1
        for column in range(last + 1):
            self._motions.move((first + column + 1) * self._hop)
            for number, path in enumerate(self._paths):
                if self._active[number]:
                    place = latents[number, :, column]
                    path.fill(latents[number, :, column : column + 1], whole or column < last)
                    np.add(place, self._motions.offsets[number], out=place, casting="same_kind")
                    np.clip(place, KNOB.low, KNOB.high, out=place)

    def _blend(self, feed: LatentFeed, latents: np.ndarray, inside: int, samples: int) -> None:
        """Let what is heard move `latents` (voices, dim, frames), whose first frame is played from `inside` on."""
        left = samples
        for column in range(latents.shape[2]):
            played = min(self._hop - inside, left)
            if feed.take(self._frame_s * played / self._hop, self._heard):
                for number in range(len(self._active)):
                    if self._active[number]:
                        place = latents[number, :, column]
                        self._mapping.blend.into(place, self._heard)
                        np.clip(place, KNOB.low, KNOB.high, out=place)
            inside, left = 0, left - played


def _saved_noise(random: np.random.Generator) -> dict[str, Any]:
    state: Any = random.bit_generator.state
    rest = {name: int(state[name]) for name in ("buffer_pos", "has_uint32", "uinteger")}
    return {
        "counter": state["state"]["counter"].copy(),
        "key": state["state"]["key"].copy(),
        "buffer": state["buffer"].copy(),
        **rest,
    }


def _load_noise(random: np.random.Generator, saved: dict[str, Any]) -> None:
    words = {name: np.array(saved[name], dtype=np.uint64) for name in ("counter", "key", "buffer")}
    random.bit_generator.state = {
        "bit_generator": "Philox",
        "state": {"counter": words["counter"], "key": words["key"]},
        "buffer": words["buffer"],
        **{name: int(saved[name]) for name in ("buffer_pos", "has_uint32", "uinteger")},
    }
