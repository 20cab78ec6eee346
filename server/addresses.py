"""The OSC namespace as one table: what can be said to the instrument, checked here once for every controller."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import product
from typing import Literal, NamedTuple

from .arguments import AddressError, Argument
from .events import Value
from .packets import INT32_MAX, is_pattern, matches


@dataclass(frozen=True, slots=True)
class Address:
    """One row of the table."""

    pattern: str
    """`<knob>` stands for the index or the name of a latent, `<voice>` for the index of a voice."""
    arguments: tuple[Argument, ...]
    does: str
    answered_by: Literal["engine", "server"] = "engine"
    """The engine gets a ControlEvent; for the server, the controller that was asked answers."""
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
    """Counted by the controller that answers, which also adds the late events that it saw."""
    voices: int = 1
    """How many of them sound."""


_LONGEST = 100  # characters of an address: matching longer ones would take too long

KNOB = Argument("value", low=-4.0, high=4.0)
_KNOBS = replace(KNOB, repeated=True)
GAIN_DB = Argument("gain_db", low=-90.0, high=24.0, unit="dB")
TEMPERATURE = Argument("temperature", low=0.0, high=2.0)
_PAN = Argument("pan", low=-1.0, high=1.0)
_GATE = Argument("gate", "int", low=0, high=1)
GLIDE_S = Argument("glide_s", low=0.0, high=60.0, unit="s")
_OVER_S = Argument("over_s", low=0.0, high=3600.0, unit="s")
_NAME = Argument("name", "string")

TABLE: tuple[Address, ...] = (
    Address(
        "/latent",
        (_KNOBS,),
        "Turns the knobs 0, 1, 2 … of all voices, in order; -1 to 1 is the middle 95 % of what the model learned from. "
        "Fewer values leave the other knobs where they are.",
    ),
    Address("/latent/<knob>", (KNOB,), "Turns one knob of all voices, by index or by name."),
    Address(
        "/glide_to",
        (_OVER_S, _KNOBS),
        "As /latent, but the way there takes over_s; turning a knob meanwhile ends the slow way.",
    ),
    Address("/gain_db", (GAIN_DB,), "Loudness of the output; -90 is silence."),
    Address(
        "/temperature",
        (TEMPERATURE,),
        "How freely the decoder draws the samples of all voices: low is pure, high is noisy.",
    ),
    Address("/glide_s", (GLIDE_S,), "Time that a knob takes to reach a new value."),
    Address("/voice/<voice>/latent", (_KNOBS,), "As /latent, for one voice."),
    Address("/voice/<voice>/latent/<knob>", (KNOB,), "As /latent/<knob>, for one voice."),
    Address("/voice/<voice>/gain_db", (GAIN_DB,), "Loudness of one voice; at -90 it is silent and is not computed."),
    Address(
        "/voice/<voice>/pan",
        (_PAN,),
        "Place of one voice between left, -1, and right, 1; heard when two channels go out, as they do with two voices.",
    ),
    Address(
        "/voice/<voice>/gate",
        (_GATE,),
        "Lets one voice sound (1) or fade out (0); voice 0 sounds from the start. One that is silent is not computed.",
    ),
    Address("/voice/<voice>/temperature", (TEMPERATURE,), "As /temperature, for one voice."),
    Address("/panic", (), "Sends knobs, gains, temperature, glide and voices back to where they started."),
    Address(
        "/preset/store", (_NAME,), "Keeps where the knobs of voice 0 are under a name.", "server", "/done /preset/store"
    ),
    Address(
        "/preset/recall",
        (_NAME, replace(_OVER_S, optional=True)),
        "Brings the knobs of all voices there, within over_s or the usual glide; in a bundle, at the bundle's time.",
        "server",
        "/done /preset/recall",
    ),
    Address("/preset/delete", (_NAME,), "Forgets a preset.", "server", "/done /preset/delete"),
    Address("/preset/list", (), "Names the presets.", "server", "/preset/list.reply name…"),
    Address("/status", (), "Tells how things are.", "server", "/status.reply " + " ".join(StatusReply._fields)),
    Address(
        "/sync",
        (Argument("id", "int", low=-INT32_MAX, high=INT32_MAX),),
        "Answers when everything sent before it has been taken in.",
        "server",
        "/synced id",
    ),
    Address("/version", (), "Names the program.", "server", "/version.reply name version"),
    Address(
        "/help",
        (Argument("address", "string", optional=True),),
        "Explains one address, or all of them.",
        "server",
        "/help.reply usage what_it_does, for each; then /done /help",
    ),
    Address("/quit", (), "Ends the server.", "server", "/done /quit"),
)

REPLIES = frozenset({"/done", "/fail", "/synced"} | {f"{row.pattern}.reply" for row in TABLE})
"""What a server says. A server that hears one must not answer, or two of them would talk for ever."""


class Command(NamedTuple):
    """A checked message: its row, its address with names resolved to indices, its values in the table's types."""

    row: Address
    address: str
    values: tuple[Value, ...]


class Namespace:
    """The table for one model and so many voices: knobs exist by index and by name, voices by index."""

    def __init__(self, latent_names: Sequence[str], voices: int = 1) -> None:
        self._knobs, self._voices = len(latent_names), voices
        named = [(address_safe(name), str(knob)) for knob, name in enumerate(latent_names)]
        indexed = [(str(knob), str(knob)) for knob in range(self._knobs)]
        self._known: dict[str, tuple[Address, str]] = {}
        for row in TABLE:
            of_voices = [str(voice) for voice in range(voices)] if "<voice>" in row.pattern else [""]
            # Indices go in last: a knob that is named "3" must not take the place of knob 3.
            of_knobs = [*reversed(named), *indexed] if "<knob>" in row.pattern else [("", "")]
            for voice, (said, knob) in product(of_voices, of_knobs):
                pattern = row.pattern.replace("<voice>", voice)
                self._known[pattern.replace("<knob>", said)] = (row, pattern.replace("<knob>", knob))

    def parse(self, address: str, arguments: Sequence[object]) -> list[Command]:
        """Check a message; one command for each address that `address` names, several when it is an OSC 1.0 pattern.

        Raises AddressError when the address is unknown, or an argument missing, superfluous, of the wrong type or
        out of range.
        """
        if len(address) > _LONGEST:
            raise AddressError(address[:_LONGEST], f"an address has at most {_LONGEST} characters")
        if address in self._known:
            found = [self._known[address]]
        elif is_pattern(address):
            # As a dict: a knob matches by index and by name, and is turned once.
            hits = (target for known, target in self._known.items() if matches(address, known))
            found = list({canonical: (row, canonical) for row, canonical in hits}.values())
            if not found:
                raise AddressError(address, "no address matches this pattern")
        else:
            raise AddressError(address, self._unknown(address))
        return [Command(row, name, self._check(row, address, arguments)) for row, name in found]

    def _check(self, row: Address, address: str, arguments: Sequence[object]) -> tuple[Value, ...]:
        specs = list(row.arguments)
        if specs and specs[-1].repeated:
            specs += specs[-1:] * (self._knobs - 1)
        least = sum(not spec.optional for spec in row.arguments)
        if not least <= len(arguments) <= len(specs):
            wanted = str(least) if least == len(specs) else f"{least} to {len(specs)}"
            plural = "" if wanted == "1" else "s"
            raise AddressError(address, f"takes {wanted} argument{plural}, got {len(arguments)}; usage: {row.usage()}")
        return tuple(spec.read(address, value) for spec, value in zip(specs, arguments, strict=False))

    def _unknown(self, address: str) -> str:
        said = re.match(r"/voice/(-?\d+)(?:/|$)", address)
        if said and said[1] not in map(str, range(self._voices)):
            return f"there is no voice {said[1][:20]} (0 to {self._voices - 1}); --voices sets how many there are"
        said = re.fullmatch(r"(?:/voice/\d+)?/latent/(-*\d+)", address)
        if said:
            return f"there is no knob {said[1][:20]} (0 to {self._knobs - 1})"
        close = get_close_matches(address, self._known, n=1)
        return "unknown address" + (f" (did you mean {close[0]}?)" if close else "; /help lists them")


def find_row(address: str) -> Address:
    """The row of `address`, whatever the model: any `<knob>` and `<voice>` will do. Raises AddressError if there is none."""
    for row in TABLE:
        if re.fullmatch(re.sub("<(knob|voice)>", "[^/]+", re.escape(row.pattern)), address):
            return row
    close = get_close_matches(address[:_LONGEST], [row.pattern for row in TABLE], n=1)
    raise AddressError(address, "unknown address" + (f" (did you mean {close[0]}?)" if close else ""))


def address_safe(name: str) -> str:
    """`name` as a part of an OSC address: blanks and the signs that OSC keeps for patterns become `_`."""
    return re.sub(r"[\s#*,/?\[\]{}]", "_", name)


def markdown_table() -> str:
    """The namespace for a README."""
    rows = [(f"`{row.usage()}`", row.does, f"`{row.reply}`" if row.reply else "") for row in TABLE]
    return "\n".join(f"| {' | '.join(row)} |" for row in [("Address", "What it does", "Reply"), ("---",) * 3, *rows])
