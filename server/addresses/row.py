"""What a row of the namespace is made of: addresses, their arguments, and what a status tells."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from ..arguments import Argument


@dataclass(frozen=True, slots=True)
class Address:
    """One row of the table."""

    pattern: str
    """`<knob>` stands for the index or the name of a latent, `<voice>` for the index of a voice, `<source>` for the name
    of a score or a data set that can be played."""
    arguments: tuple[Argument, ...]
    does: str
    answered_by: Literal["engine", "server"] = "engine"
    """The engine gets a ControlEvent; for the server, the desk answers."""
    reply: str = ""
    """What goes back to the sender when all is well; otherwise it is `/fail <address> <why>`."""

    def usage(self) -> str:
        """For people: `/gain_db gain_db (-90 to 24 dB)`."""
        return " ".join([self.pattern, *(argument.usage() for argument in self.arguments)])


class StatusReply(NamedTuple):
    """What `/status` tells, in the order of `/status.reply`."""

    model: str
    latents: int
    underruns: int
    load: float
    """Time that decoding takes for each second of sound; above 1 it cannot keep up."""
    load_peak: float
    latency_ms: float
    sample_rate_hz: int
    events_dropped: int
    events_late: int
    packets_malformed: int = 0
    """Counted by the desk, which also adds the late events that it saw."""
    voices: int = 1
    """How many of them sound."""
    packets_turned_away: int = 0
    """Counted by the desk: of hosts that are not allowed to send."""


KNOB = Argument("value", low=-4.0, high=4.0)
GAIN_DB = Argument("gain_db", low=-90.0, high=24.0, unit="dB")
TEMPERATURE = Argument("temperature", low=0.0, high=2.0)
GLIDE_S = Argument("glide_s", low=0.0, high=60.0, unit="s")
GLIDE_CURVE = Argument("curve", "string", choices=("damped", "linear"))
TEMPO_BPM = Argument("tempo_bpm", low=20.0, high=300.0, unit="beats a minute")
ATTACK_S = Argument("attack_s", low=0.001, high=60.0, unit="s")
DECAY_S = Argument("decay_s", low=0.001, high=60.0, unit="s")
SUSTAIN = Argument("sustain", low=0.0, high=1.0)
RELEASE_S = Argument("release_s", low=0.001, high=60.0, unit="s")
MOST_PLACES = 16
"""Of one way through the latent space, and of presets on it."""

KNOBS = replace(KNOB, repeated=True)
PLACES = replace(KNOBS, times=MOST_PLACES)
SHARE = Argument("place", low=0.0, high=1.0)
SHARES = replace(SHARE, repeated=True)
STEP = Argument("step", low=-8.0, high=8.0)
STEPS = replace(STEP, repeated=True)
PAN = Argument("pan", low=-1.0, high=1.0)
GATE = Argument("gate", low=0.0, high=1.0)
OVER_S = Argument("over_s", low=0.0, high=3600.0, unit="s")
NAME = Argument("name", "string")
NAMES = replace(NAME, repeated=True, times=MOST_PLACES)
SWITCH = Argument("on", "int", low=0, high=1)
DWELL_S = Argument("dwell_s", low=0.01, high=3600.0, unit="s")
INPUTS = Argument("value", repeated=True, most=16384)
"""Of a row or a frame of a data set; how many it takes, its encoder knows."""
RATE = Argument("rate", low=0.0, high=50.0)
DEPTH = Argument("depth", low=0.0, high=4.0)
PER = Argument("per", "string", choices=("second", "beat"), optional=True)
TARGET = Argument("target", "string")
ENDS = tuple(Argument(name, low=-3600.0, high=3600.0, optional=True) for name in ("low", "high"))
"""In the units of the target, whatever it is."""
