"""Learning a control: which one was moved on purpose, among those that tremble by themselves."""

from __future__ import annotations

from dataclasses import dataclass, field

from .sources import KINDS, OSC, Source

_LEAST_WAY = 1 / 16
"""A control that went so far was moved on purpose; a worn knob trembles by 1 of 127."""
_NEVER = frozenset({*range(98, 102), *range(120, 128)})
"""Control changes that choose a parameter or a mode."""
_DATA = frozenset({6, 38, 96, 97})
"""Control changes that carry a parameter's value, if one was chosen."""


@dataclass(slots=True)
class _Seen:
    low: float
    high: float
    count: int = 1


@dataclass(slots=True)
class Evidence:
    """What was heard since learning began."""

    _seen: dict[Source, _Seen] = field(default_factory=dict)

    def moved(self, source: Source, place: float) -> Source | None:
        """Take in where a control stands; returns the one that was meant, once that is clear.

        place: in [0, 1] for MIDI, and as it was sent for OSC.
        """
        if not self._can_be_meant(source):
            return None
        seen = self._seen.get(source)
        if seen is None:
            self._seen[source] = _Seen(place, place)
            return None
        seen.low, seen.high, seen.count = min(seen.low, place), max(seen.high, place), seen.count + 1
        unit = max(self.input_of(source)) if source.kind == OSC else 1.0
        return source if seen.high - seen.low >= _LEAST_WAY * unit and not self._is_half(source) else None

    def input_of(self, source: Source) -> list[float]:
        """The range of an OSC address: a slider that went beyond 1 is one of 0 to 127, as those of MIDI are."""
        seen = self._seen.get(source)
        return [0.0, 127.0] if seen is not None and seen.high > 1.0 else [0.0, 1.0]

    def _can_be_meant(self, source: Source) -> bool:
        if source.kind == "cc":
            chosen = any(seen.kind in ("nrpn", "rpn") and seen.channel == source.channel for seen in self._seen)
            return source.number not in _NEVER and not (chosen and source.number in _DATA)
        return source.kind == OSC or not KINDS[source.kind].of_note or source.kind.startswith("mpe")

    def _is_half(self, source: Source) -> bool:
        """Whether it is only a half of a 14-bit control, or the pair of which only one half was heard."""
        number = source.number or 0
        if source.kind == "cc" and number < 64:
            return source._replace(number=(number + 32) % 64) in self._seen
        if source.kind == "cc14":
            halves = (Source("cc", number, source.channel), Source("cc", number + 32, source.channel))
            return not all(half in self._seen for half in halves)
        return False
