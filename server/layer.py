"""One model as it plays: its voices' ways, its decoder, and their sound at the output's sample rate."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..export.runtime import Decoder
from .events import ControlEvent, Value
from .hearing.feed import LatentFeed
from .mapping import Mapping
from .motion import IdleMotion
from .ramp import Ramp
from .resampler import Resampler
from .schedule import Schedule
from .voices import Voices

WAKE = "/wake"
"""Not in the namespace: how the layer keeps for later which voice is to be computed."""


class Layer:
    """Plays one decoder from `origin` on, a sample of the output's stream.

    What moves latents happens in the model's own time: an event takes effect at the model's sample that lies at its output
    sample, rounded down to a step of the decoder, and is heard there. Since resampling looks ahead by a millisecond or two,
    one that comes too late for that takes effect so much after the sample that is being made.
    """

    def __init__(
        self,
        decoder: Decoder,
        mapping: Mapping,
        name: str,
        active: np.ndarray,
        sample_rate_hz: int,
        most_samples: int,
        *,
        origin: int = 0,
        seed: int = 0,
        idle: IdleMotion | None = None,
    ) -> None:
        """name: by which the model can be found again. active: which voices sound, kept by the mixer.

        sample_rate_hz: the output's. most_samples: of one call of `play`.
        """
        manifest = self.manifest = decoder.manifest
        voices = len(active)
        self.runtime = decoder.runtime
        self.name, self.mapping, self.origin = name, mapping, origin
        self._active = active
        self._step = decoder.control_samples
        hop = manifest.hop_samples
        ratio = manifest.sample_rate_hz / sample_rate_hz
        most = -(-int(most_samples * ratio + 2) // hop) * hop + 2 * hop
        self._piece = most  # model samples made at a time
        rows = voices * manifest.channels
        self._resampler = Resampler(manifest.sample_rate_hz, sample_rate_hz, rows, most + 2 * self._step)
        self._computed = np.zeros(voices, dtype=bool)
        self._voices = Voices(decoder, mapping, self._computed, most // hop, seed, idle)
        self._schedule = Schedule(self._step)
        self._made = 0  # model samples
        self._out = np.zeros(rows * most_samples, np.float32)
        self._silence = np.zeros(rows * most, np.float32)
        self._woken_until = np.zeros(voices, np.int64)  # model samples: computed till then, whether they sound or not
        # After a failure the resampler holds its silence, out of which the sound rises.
        self._rising = Ramp(np.ones(1), max(1, self._resampler.ahead_samples))
        self._rise = np.zeros((1, most), np.float32)

    @property
    def delay_s(self) -> float:
        """From what is applied now to the output sample that it is heard at."""
        return self._resampler.ahead_samples / self.manifest.sample_rate_hz

    @property
    def step_s(self) -> float:
        """How much the decoder makes at once, at least; what is not played at once is kept for the next blocks."""
        return self._step / self.manifest.sample_rate_hz

    @property
    def runtime_name(self) -> str:
        """Of the settings' names, the one that plays like this again."""
        return next((name for name in ("fused", "torchscript") if self.runtime.startswith(name)), "onnx")

    def now(self) -> int:
        """The output sample at which what is applied now takes effect."""
        return self.origin + self._resampler.output_sample(self._made)

    def reaches(self, output_samples: int) -> int:
        """The output sample up to which events count for the sound before `output_samples`."""
        needed = self._made_for(output_samples) + self._step
        return self.origin + self._resampler.output_sample(needed)

    def put(self, event: ControlEvent) -> None:
        """Keep a timed event until it is due; when that is the next sample to be made, it takes effect now."""
        self._schedule.put(event, self._model_sample(event.at_sample or 0))
        self._apply_due()

    def step_at(self, output_sample: int) -> int:
        """The output sample at which an event for `output_sample` takes effect: that of a step, and of one still to be made."""
        due = self._model_sample(output_sample)
        return self.origin + self._resampler.output_sample(due - due % self._step)

    def step_from(self, output_sample: int) -> int:
        """The output sample of the first step that does not lie before `output_sample`."""
        due = self._model_sample(output_sample)
        due -= due % self._step
        if self.origin + self._resampler.output_sample(due) < output_sample:
            due += self._step
        return self.origin + self._resampler.output_sample(due)

    def play(self, first: int, samples: int) -> np.ndarray:
        """Output samples from `first` on: (voices, channels, samples), to be used before the next call.

        Voices that are not active hold nothing of meaning. Raises what the decoder raised; the layer has moved on all the same,
        in silence.
        """
        failed: Exception | None = None
        goal = self._made_for(first + samples)
        while self._made < goal:
            self._apply_due()
            np.greater(self._woken_until, self._made, out=self._computed)
            self._computed |= self._active
            self._voices.follow(self._made)
            count = self._schedule.next_due(min(goal, self._made + self._piece)) - self._made
            try:
                audio = self._risen(self._voices.play(self._made, count))
            except Exception as error:  # whatever a runtime throws
                failed, audio = failed or error, self._silence[: len(self._silence) // self._piece * count]
            self._made += count
            self._resampler.put(audio.reshape(-1, count))
        rows = len(self._active) * self.manifest.channels
        out = self._out[: rows * samples].reshape(rows, samples)
        self._resampler.take(first - self.origin, out)
        if failed is not None:
            raise failed
        return out.reshape(len(self._active), self.manifest.channels, samples)

    def listen(self, feed: LatentFeed | None) -> None:
        """Let a live input move the knobs from now on, or no more. On the engine's thread, or before `play`."""
        self._voices.feed = feed

    def attributes(self) -> dict[str, tuple[list[str], list[Value]]]:
        """Of each attribute of the model itself the kinds of its values, and what they are; on the thread that plays."""
        return self._voices.attributes()

    def set_attribute(self, name: str, values: list[Value]) -> None:
        """On the thread that plays. Raises LatentoneError, one line, for what the model does not have or take."""
        self._voices.set_attribute(name, values)

    def warm_up(self) -> None:
        """Make a block and throw it away, so that the first one that is heard is as quick as the others; before `play`."""
        self._voices.warm_up(self._piece)

    def take_over(self, leaving: Layer, origin: int) -> None:
        """Begin at the output sample `origin`, with what the performer has set on the layer that leaves."""
        self.origin = origin
        home = [latent.home for latent in self.manifest.latents]
        self.mapping.load(leaving.mapping.for_model(home, self.mapping.voices[0].temperature).save())

    def reset(self) -> None:
        """Every voice back to the state before anything was played, and rising from silence."""
        if self._resampler.ahead_samples:
            self._rising.rise()
        self._voices.reset()

    def targets(self) -> list[float]:
        """Where the first voice's knobs are meant to be, (dim,). From any thread."""
        return self._voices.targets()

    @property
    def idling(self) -> bool:
        return self._voices.idling

    def save(self) -> dict[str, Any]:
        """All that the next samples depend on."""
        return {
            "origin": self.origin,
            "made": self._made,
            "mapping": self.mapping.save(),
            "voices": self._voices.save(),
            "resampler": self._resampler.save(),
            "woken_until": self._woken_until.copy(),
            "settled": self._schedule.save(),
            "rising": self._rising.save(),
        }

    def load(self, state: dict[str, Any], origin_shift: int) -> None:
        """Go on from what `save` of the same model gave, as if `origin_shift` fewer output samples had been played."""
        self.origin, self._made = int(state["origin"]) - origin_shift, int(state["made"])
        self.mapping.load(state["mapping"])
        self._voices.load(state["voices"])
        self._resampler.load(state["resampler"])
        self._woken_until[:] = state["woken_until"]
        self._schedule.load(state["settled"], origin_shift)
        self._rising.load(state["rising"])

    def _model_sample(self, output_sample: int) -> int:
        return self._resampler.input_sample(max(output_sample, self.now()) - self.origin)

    def _made_for(self, output_samples: int) -> int:
        """Model samples there have to be for the sound before an output sample: whole steps."""
        needed = self._resampler.needs(output_samples - self.origin)
        return needed + -needed % self._step

    def _apply_due(self) -> None:
        while (event := self._schedule.take(self._made)) is not None:
            if event.address == WAKE:
                voice, until = int(event.values[0]), self._made_for(event.at_sample or 0)
                self._woken_until[voice] = max(self._woken_until[voice], until)
            else:
                self.mapping.apply(event)

    def _risen(self, audio: np.ndarray) -> np.ndarray:
        """`audio` (voices, channels, samples), silent where a voice is not computed, and rising after a failure."""
        audio[~self._computed] = 0.0
        if self._rising.left_samples:
            rise = self._rise[:, : audio.shape[2]]
            self._rising.fill(rise)
            audio *= rise
        return audio
