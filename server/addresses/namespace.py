"""The table of addresses for one model and so many voices: names resolved, arguments checked, once for every controller."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from difflib import get_close_matches
from functools import cache
from itertools import product
from typing import NamedTuple

from ..arguments import AddressError
from ..events import Value
from ..packets import is_pattern, matches
from .row import Address
from .rows import TABLE

_LONGEST = 100  # characters of an address: matching longer ones would take too long
_REMEMBERED = 256  # patterns: a performer uses a handful, again and again
_HINTS_AT_ONCE, _HINTS_PER_S = 20.0, 2.0
"""Looking for what was meant takes milliseconds, which a flood of unknown addresses must not take from the sound."""


class Command(NamedTuple):
    """A checked message: its row, its address with names resolved to indices, its values in the table's types."""

    row: Address
    address: str
    values: tuple[Value, ...]


class Namespace:
    """The table for one model, so many voices and some sources: knobs exist by index and by name.

    Several threads may parse while one calls `use`, when another model plays.
    """

    def __init__(self, latent_names: Sequence[str], voices: int = 1, sources: Sequence[str] = ()) -> None:
        self.voices, self._sources = voices, tuple(map(address_safe, sources))
        self._hints, self._hinted_s = _HINTS_AT_ONCE, time.monotonic()
        self.use(latent_names)

    def use(self, latent_names: Sequence[str]) -> None:
        """Be the table of a model with these knobs from now on."""
        named = [(address_safe(name), str(knob)) for knob, name in enumerate(latent_names)]
        indexed = [(str(knob), str(knob)) for knob in range(len(latent_names))]
        known: dict[str, tuple[Address, str]] = {}
        for row in TABLE:
            of_voices = [str(voice) for voice in range(self.voices)] if "<voice>" in row.pattern else [""]
            of_sources = self._sources if "<source>" in row.pattern else ("",)
            # Indices go in last: a knob that is named "3" must not take the place of knob 3.
            of_knobs = [*reversed(named), *indexed] if "<knob>" in row.pattern else [("", "")]
            for voice, source, (said, knob) in product(of_voices, of_sources, of_knobs):
                pattern = row.pattern.replace("<voice>", voice).replace("<source>", source)
                known[pattern.replace("<knob>", said)] = (row, pattern.replace("<knob>", knob))
        by_length: dict[int, list[tuple[list[str], tuple[Address, str]]]] = {}
        for address, target in known.items():
            parts = address.split("/")
            by_length.setdefault(len(parts), []).append((parts, target))
        self.latent_names, self._knobs = tuple(latent_names), len(latent_names)
        self._by_length, self._patterns = by_length, dict[str, list[tuple[Address, str]]]()
        self._known = known

    def addresses(self) -> dict[str, tuple[Address, str]]:
        """Every address that there is now, knobs by name and by index: its row, and itself with names made indices."""
        return self._known

    def parse(self, address: str, arguments: Sequence[object]) -> list[Command]:
        """Check a message; one command for each address that `address` names, several when it is an OSC 1.0 pattern.

        Raises AddressError when the address is unknown, or an argument missing, superfluous, of the wrong type or
        out of range.
        """
        if len(address) > _LONGEST:
            raise AddressError(address[:_LONGEST], f"an address has at most {_LONGEST} characters")
        if (known := self._known.get(address)) is not None:
            found = [known]
        elif is_pattern(address):
            found = self._named_by(address)
            if not found:
                raise AddressError(address, "no address matches this pattern")
        else:
            raise AddressError(address, self._unknown(address))
        return [Command(row, name, self._check(row, address, arguments)) for row, name in found]

    def _named_by(self, pattern: str) -> list[tuple[Address, str]]:
        patterns = self._patterns
        if pattern not in patterns:
            if len(patterns) >= _REMEMBERED:
                patterns.clear()
            patterns[pattern] = self._search(pattern)
        return patterns[pattern]

    def _search(self, pattern: str) -> list[tuple[Address, str]]:
        """Part by part, since no sign of a pattern reaches over a slash: each is compared once with each different part."""
        names = cache(matches)
        said = pattern.split("/")
        # As a dict: a knob matches by index and by name, and is turned once.
        hits: dict[str, tuple[Address, str]] = {}
        for parts, (row, canonical) in self._by_length.get(len(said), ()):
            if all(map(names, said, parts)):
                hits[canonical] = (row, canonical)
        return list(hits.values())

    def _check(self, row: Address, address: str, arguments: Sequence[object]) -> tuple[Value, ...]:
        specs = list(row.arguments)
        if specs and specs[-1].most:
            return self._check_many(row, address, arguments)
        if not specs and len(arguments) == 1 and arguments[0] is True:
            arguments = ()  # an impulse: how OSCQuery's hosts, among others, press a button
        if specs and specs[-1].repeated:
            last = specs[-1]
            specs += [last] * ((last.times if last.kind == "string" else last.times * self._knobs) - 1)
        least = sum(not spec.optional for spec in row.arguments)
        if not least <= len(arguments) <= len(specs):
            wanted = str(least) if least == len(specs) else f"{least} to {len(specs)}"
            plural = "" if wanted == "1" else "s"
            raise AddressError(address, f"takes {wanted} argument{plural}, got {len(arguments)}; usage: {row.usage()}")
        by_place = row.arguments[-1:] and row.arguments[-1].times > 1 and row.arguments[-1].kind != "string"
        if by_place and (given := len(arguments) - len(row.arguments) + 1) % self._knobs:
            raise AddressError(address, f"takes {self._knobs} values for each place, got {given}; usage: {row.usage()}")
        return tuple(spec.read(address, value) for spec, value in zip(specs, arguments, strict=False))

    def _check_many(self, row: Address, address: str, arguments: Sequence[object]) -> tuple[Value, ...]:
        """Of a row with nothing but an argument that is repeated however many knobs there are."""
        [spec] = row.arguments
        if not 1 <= len(arguments) <= spec.most:
            raise AddressError(address, f"takes 1 to {spec.most} arguments, got {len(arguments)}; usage: {row.usage()}")
        return tuple(spec.read_many(address, arguments))

    def _unknown(self, address: str) -> str:
        said = re.match(r"/voice/(-?\d+)(?:/|$)", address)
        if said and said[1] not in map(str, range(self.voices)):
            return f"there is no voice {said[1][:20]} (0 to {self.voices - 1}); --voices sets how many there are"
        said = re.fullmatch(r"(?:/voice/\d+)?/latent(?:_norm|_add)?/(-*\d+)", address)
        if said:
            return f"there is no knob {said[1][:20]} (0 to {self._knobs - 1})"
        close = self._closest(address)
        return "unknown address" + (f" (did you mean {close}?)" if close else "; /help lists them")

    def _closest(self, address: str) -> str:
        now_s = time.monotonic()
        self._hints = min(_HINTS_AT_ONCE, self._hints + (now_s - self._hinted_s) * _HINTS_PER_S)
        self._hinted_s = now_s
        if self._hints < 1:
            return ""
        self._hints -= 1
        return next(iter(get_close_matches(address, self._known, n=1)), "")


def find_row(address: str) -> Address:
    """The row of `address`, whatever the model: any `<knob>`, `<voice>` and `<source>` will do.

    Raises AddressError if there is none.
    """
    for row in TABLE:
        if re.fullmatch(re.sub("<(knob|voice|source)>", "[^/]+", re.escape(row.pattern)), address):
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
