"""The playing engine as others see it: what it plays, how it is doing, where everything is meant to be, what time it is."""

from __future__ import annotations

from collections.abc import Callable

from .addresses import StatusReply
from .engine import Engine
from .events import Value


class Live:
    """`contracts.Clocked` of one engine."""

    def __init__(self, engine: Engine, latency_s: Callable[[], float]) -> None:
        self._engine, self._latency_s = engine, latency_s

    def status_reply(self) -> StatusReply:
        """What `/status` tells."""
        status, manifest = self._engine.status(), self._engine.layer.manifest
        return StatusReply(
            model=manifest.name,
            latents=len(manifest.latents),
            underruns=status.underruns,
            load=status.load,
            load_peak=status.load_peak,
            latency_ms=self._latency_s() * 1000,
            sample_rate_hz=manifest.sample_rate_hz,
            events_dropped=status.events_dropped,
            events_late=status.events_late,
            voices=status.voices,
        )

    def targets(self) -> list[float]:
        """Where the knobs of voice 0 are meant to be, (dim,) in knob units."""
        return self._engine.targets()

    def value_of(self, address: str) -> tuple[Value, ...] | None:
        """What was last said to an address of the engine; None if it has no value."""
        levels = self._engine.levels
        return levels.value_of(address) if levels.owns(address) else self._engine.layer.mapping.value_of(address)

    def sample_at(self, unix_time_s: float) -> int:
        """The sample of the stream that is heard at a time of the wall clock, in seconds since 1970."""
        return self._engine.sample_at(unix_time_s)

    def clear_scheduled(self) -> None:
        """Forget every event that waits for its sample."""
        self._engine.clear_scheduled()
