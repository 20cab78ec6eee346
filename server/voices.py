"""What the decoder is given: each voice's way through the latent space, its noise and its temperature."""

from __future__ import annotations

import numpy as np

from ..export.runtime import Decoder
from .idle import IdleMotion
from .mapping import Mapping
from .trajectory import Trajectory


class Voices:
    """The voices of one stream, moved on together; those that are not active stand still, and so does their noise.

    A voice's noise is a stream of its own, keyed by seed and voice, of which each frame that it plays takes its part in turn: so
    what it draws depends on how much it has played, and on neither the block size nor the other voices. A voice that
    begins to sound starts where its knobs are.
    """

    def __init__(
        self,
        decoder: Decoder,
        mapping: Mapping,
        active: np.ndarray,
        block_frames: int,
        seed: int,
        idle: IdleMotion | None,
    ) -> None:
        manifest, count = decoder.manifest, len(mapping.voices)
        self._hop, self._dim, self._channels = manifest.hop_samples, len(manifest.latents), manifest.channels
        self._noise_per_frame = manifest.noise_per_frame
        self._mapping, self._idle, self._active = mapping, idle, active
        self._stream = decoder.stream(count)
        self._paths = [
            Trajectory(voice.latents, manifest.sample_rate_hz / manifest.hop_samples) for voice in mapping.voices
        ]
        self._moving = np.zeros(count, dtype=bool)
        self._random = [
            np.random.Generator(np.random.Philox(key=np.array([seed, voice], dtype=np.uint64)))
            for voice in range(count)
        ]
        self._drift = mapping.voices[0].latents.copy()
        # Flat, so that a block of any length is a contiguous view.
        self._latents = np.zeros(count * self._dim * block_frames, np.float32)
        self._noise = np.zeros(count * self._noise_per_frame * block_frames, np.float32)
        self._audio = np.zeros(count * self._channels * self._hop * block_frames, np.float32)
        self._temperatures = np.zeros(count, np.float32)

    @property
    def idling(self) -> bool:
        """True while all voices drift by themselves."""
        return self._idle is not None and not self._mapping.touched

    def targets(self) -> list[float]:
        """Where the first voice's knobs are meant to be, (dim,). From any thread."""
        return (self._drift if self.idling else self._mapping.voices[0].latents).tolist()

    def follow(self, sample: int) -> None:
        """Take over the targets of the mapping, from `sample` on."""
        along = sample % self._hop / self._hop
        for number, voice in enumerate(self._mapping.voices):
            self._temperatures[number] = voice.temperature
            if self._active[number]:
                target = self._drift if self.idling else voice.latents
                if not self._moving[number]:
                    self._paths[number].rest(target)
                self._paths[number].turn(along, target, voice.glide_s)
            self._moving[number] = self._active[number]

    def play(self, sample: int, samples: int) -> np.ndarray:
        """The next `samples`, which begin at `sample`: audio (voices, channels, samples), to be used before the next call.

        Raises whatever the decoder does; the voices have moved on all the same.
        """
        count, inside = len(self._active), sample % self._hop
        frames = -(-(inside + samples) // self._hop)
        latents = self._latents[: count * self._dim * frames].reshape(count, self._dim, frames)
        self._move(latents, sample, whole=(inside + samples) % self._hop == 0)
        draws = samples * self._noise_per_frame // self._hop
        noise = self._noise[: count * draws].reshape(count, draws)
        for number, random in enumerate(self._random):
            if self._active[number]:
                random.random(out=noise[number], dtype=np.float32)
        audio = self._audio[: count * self._channels * samples].reshape(count, self._channels, samples)
        self._stream.advance(latents, noise, self._temperatures, self._active, audio)
        return audio

    def reset(self) -> None:
        """Every voice back to the state before anything was played: what led to a failure may live in it."""
        for voice in range(len(self._active)):
            self._stream.reset(voice)

    def _move(self, latents: np.ndarray, sample: int, whole: bool) -> None:
        """Write the ways of the active voices into `latents` (voices, dim, frames); `whole` as for Trajectory.fill."""
        if not self.idling:
            for number, path in enumerate(self._paths):
                if self._active[number]:
                    path.fill(latents[number], whole)
            return
        first, last = sample // self._hop, latents.shape[2] - 1
        for column in range(last + 1):
            if column or sample % self._hop == 0:
                self._drift_to(first + column)
            for number, path in enumerate(self._paths):
                if self._active[number]:
                    path.fill(latents[number, :, column : column + 1], whole or column < last)

    def _drift_to(self, frame: int) -> None:
        assert self._idle is not None
        self._idle.fill(frame, self._drift)
        for number, voice in enumerate(self._mapping.voices):
            if self._active[number]:
                self._paths[number].turn(0.0, self._drift, voice.glide_s)
