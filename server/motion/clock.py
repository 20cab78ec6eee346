"""What time it is for motions: in seconds, and in beats, which tempo changes and stops bend without a jump."""

from __future__ import annotations

from typing import Any, Literal

Per = Literal["second", "beat"]

TEMPO_BPM = 120.0


class Clock:
    """Seconds and beats of any sample of the stream, counted from its beginning.

    Beats since the last change are computed from where it was, never added up frame by frame, so that blocks of any size
    come to the same number.
    """

    def __init__(self) -> None:
        self.tempo_bpm, self.running = TEMPO_BPM, True
        self.sample_rate_hz = 0.0
        self._changed_sample, self._changed_beats = 0, 0.0
        self._beats_a_sample = 0.0

    def follow(self, sample: int) -> None:
        """From `sample` on, go at the tempo that is set, or stand."""
        beats_a_sample = self.tempo_bpm / (60.0 * self.sample_rate_hz) if self.running else 0.0
        if beats_a_sample != self._beats_a_sample:
            self._changed_sample, self._changed_beats = sample, self.at(sample, "beat")
            self._beats_a_sample = beats_a_sample

    def at(self, sample: int, per: Per) -> float:
        """Seconds or beats from the beginning of the stream to `sample`."""
        if per == "second":
            return sample / self.sample_rate_hz
        return self._changed_beats + (sample - self._changed_sample) * self._beats_a_sample

    def a_second(self, per: Per) -> float:
        """Seconds or beats in a second, as the tempo is now."""
        return 1.0 if per == "second" else self.tempo_bpm / 60.0

    def save(self) -> dict[str, Any]:
        """All that it counts by."""
        since = [self._changed_sample, self._changed_beats, self._beats_a_sample]
        return {"tempo_bpm": self.tempo_bpm, "running": int(self.running), "since": since}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from what `save` gave."""
        self.tempo_bpm, self.running = float(state["tempo_bpm"]), bool(state["running"])
        sample, beats, beats_a_sample = state["since"]
        self._changed_sample, self._changed_beats = int(sample), float(beats)
        self._beats_a_sample = float(beats_a_sample)
