"""Scores: a file of timed messages, in YAML, SuperCollider's binary form or MIDI, becomes events for a render.

A YAML score is a list of entries, or a mapping of `seconds` (how long it lasts) and `events` (that list):

    seconds: 8
    events:
      - [0.0, /latent, 0.1, -0.3]                                          # time in seconds, address, values
      - {time: 1.5, address: /latent/brightness, values: [0.8]}            # the same, in words
      - {from_s: 2, to_s: 6, address: /latent/0, from: -1, to: 1}          # a sweep, in straight line
      - [4, /voice/1/gate, 1]                                              # a second voice, if there is one

A session that the recorder wrote is such a mapping, too, and says with what and from where it is to be played (`Session`).

A SuperCollider score is what `Score.write` writes. Commands to scsynth itself, such as the `/g_new` that begins it,
and the dummy `[0]` that ends it are passed over; a last bundle in which nothing else is left says when it ends. A score
that does not say how long it lasts ends a second after its last event.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, cast

import mido
import yaml

from ..export.errors import LatentoneError
from .addresses import Namespace
from .arguments import AddressError
from .events import ControlEvent, Value
from .packets import IMMEDIATELY, Message, PacketError, read_packet, seconds, split_bundle
from .session import SESSION_KEYS, read_session

SHIPPED_SCORES = Path(__file__).parent.parent / "patches" / "scores"

SWEEP_STEP_S = 0.004
SWEEP_STEPS = 50_000
"""Most steps of one sweep: an hour is 72 ms each, which glide still makes a line, and fits in memory."""
TAIL_S = 1.0
LONGEST_S = 24 * 3600.0
SCSYNTH_ONLY = frozenset(
    {"/c_set", "/d_recv", "/d_load", "/d_loadDir", "/g_new", "/p_new", "/g_freeAll", "/g_deepFree", "/n_free"}
)
"""Commands that sclang puts into a score, or people do, to set up scsynth and end it: here there is nothing to set up.
Those that sound there, such as /s_new, are refused like any unknown address: what they played would be missing."""

_YamlLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's, ten times as fast, where PyYAML was built with it."""

MidiCommands = Callable[[Any], Iterable[tuple[str, tuple[Value, ...]]]]
"""What a mido.Message asks for: `MidiPlayer.commands`."""


@dataclass(frozen=True, slots=True)
class Score:
    """Events in the order of time, each with its `at_sample`, and how long it all lasts."""

    events: list[ControlEvent]
    seconds: float


LOAD = "/model/load"
"""The one message for the server that a score may hold: from there on the addresses are those of that model's knobs."""
KnobsOf = Callable[..., Sequence[str]]
"""The names of a model's knobs, by what `/model/load` says. Raises LatentoneError when there is no such model."""


class _Entry(NamedTuple):
    """One message of a score, not yet checked."""

    time_s: float
    address: str
    arguments: Sequence[object]
    where: str
    """For errors: `line 4`."""


def read_score(
    path: Path,
    sample_rate_hz: int,
    latent_names: Sequence[str],
    midi_commands: MidiCommands,
    voices: int = 1,
    knobs_of: KnobsOf | None = None,
) -> Score:
    """Read a score of any of the three kinds, for a stream of `sample_rate_hz` and so many voices.

    knobs_of: for scores that change the model. Raises LatentoneError naming file, place and problem.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise LatentoneError(f"{path}: cannot be read: {error.strerror}") from None
    try:
        if content.startswith(b"MThd"):
            entries, ends_s = _read_midi(path, midi_commands)
        elif content[4:12] == b"#bundle\0":
            entries, ends_s = _read_supercollider(content)
        elif path.suffix.lower() in (".yaml", ".yml"):
            entries, ends_s = _read_yaml(content)
        else:
            raise _ScoreError(
                "not a score: neither YAML (.yaml), nor a SuperCollider score (binary OSC), nor a MIDI file"
            )
        # Sorting keeps the order of what is simultaneous.
        entries.sort(key=lambda entry: entry.time_s)
        if not entries and read_session(path) is None:
            raise _ScoreError("the score is empty")
        if ends_s is not None and ends_s <= 0:
            raise _ScoreError(f"seconds: the score lasts {ends_s:g} s; it must last longer than 0 s")
        namespace = Namespace(latent_names, voices)
        source = f"score {path.name}"
        events = [event for entry in entries for event in _events(entry, namespace, sample_rate_hz, source, knobs_of)]
    except _ScoreError as error:
        raise LatentoneError(f"{path}: {error}") from None
    return Score(events, entries[-1].time_s + TAIL_S if ends_s is None else ends_s)


class _ScoreError(Exception):
    """What is wrong and where in the file."""


def _events(
    entry: _Entry, namespace: Namespace, sample_rate_hz: int, source: str, knobs_of: KnobsOf | None
) -> Iterator[ControlEvent]:
    try:
        for command in namespace.parse(entry.address, entry.arguments):
            if command.address == LOAD and knobs_of is not None:
                namespace.use(knobs_of(*map(str, command.values)))
            elif command.row.answered_by != "engine":
                raise AddressError(entry.address, "is for a running server, not for a score")
            yield ControlEvent(command.address, command.values, round(entry.time_s * sample_rate_hz), source)
    except AddressError as error:
        raise _ScoreError(f"{entry.where}: {error}") from None


def _read_yaml(content: bytes) -> tuple[list[_Entry], float | None]:
    try:
        loader = _YamlLoader(content)
        root = loader.get_single_node()
        score = loader.construct_document(root) if root is not None else None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark else ""
        raise _ScoreError(
            f"{line}not YAML: {getattr(error, 'problem', None) or ' '.join(str(error).split())}"
        ) from None
    ends_s = None
    if isinstance(score, dict) and "events" in score and not score.keys() - {"seconds", "events"} - SESSION_KEYS:
        ends_s = _time(score["seconds"], "seconds") if "seconds" in score else None
        score = score["events"] or []
        root = {key.value: value for key, value in cast(yaml.MappingNode, root).value}.get("events")
    if not score and ends_s is not None:
        return [], ends_s  # a session in which nothing was moved
    if not isinstance(score, list) or not isinstance(root, yaml.SequenceNode):
        raise _ScoreError("a score is a list of [time, address, value, …], or has the keys seconds and events")
    entries: list[_Entry] = []
    for item, node in zip(score, root.value, strict=True):
        entries += _yaml_entries(item, f"line {node.start_mark.line + 1}")
    return entries, ends_s


def _yaml_entries(item: object, where: str) -> Iterable[_Entry]:
    match item:
        case [time, str(address), *arguments]:
            return [_Entry(_time(time, where), address, arguments, where)]
        case {"time": time, "address": str(address), "values": list(arguments), **rest} if not rest:
            return [_Entry(_time(time, where), address, arguments, where)]
        case {"from_s": start, "to_s": end, "address": str(address), "from": low, "to": high, **rest} if not rest:
            return _sweep(_time(start, where), _time(end, where), address, low, high, where)
    forms = "[time, address, value, …], {time, address, values} or {from_s, to_s, address, from, to}"
    raise _ScoreError(f"{where}: an entry is {forms}")


def _sweep(start_s: float, end_s: float, address: str, low: object, high: object, where: str) -> Iterator[_Entry]:
    if start_s >= end_s:
        raise _ScoreError(f"{where}: to_s: {end_s:g} is not after from_s")
    first, last = _number(low, f"{where}: from"), _number(high, f"{where}: to")
    steps = min(SWEEP_STEPS, math.ceil((end_s - start_s) / SWEEP_STEP_S))
    for step in range(steps + 1):
        along = step / steps
        yield _Entry(start_s + along * (end_s - start_s), address, [first + along * (last - first)], where)


def _time(value: object, where: str) -> float:
    time_s = _number(value, f"{where}: time")
    if not 0 <= time_s <= LONGEST_S:
        raise _ScoreError(f"{where}: time {time_s:g} is not in 0 to {LONGEST_S:g} s")
    return time_s


def _number(value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _ScoreError(f"{where}: {value!r} is not a number")
    return float(value)


def _read_supercollider(content: bytes) -> tuple[list[_Entry], float | None]:
    """Bundles, each after its size (int32, big-endian), with time tags that count from the beginning."""
    entries: list[_Entry] = []
    ends_s = None
    place, number = 0, 0
    while place < len(content):
        number += 1
        where = f"bundle {number}"
        size = int.from_bytes(content[place : place + 4], "big", signed=True)
        bundle = content[place + 4 : place + 4 + max(size, 0)]
        if size <= 0 or len(bundle) < size:
            raise _ScoreError(
                f"{where}: its size is {size}, {len(bundle)} bytes are left: the file is cut off or damaged"
            )
        try:
            time_tag, messages = _played(bundle)
        except PacketError as error:
            raise _ScoreError(f"{where}: {error}") from None
        # Only a last bundle can mean the end: the /g_new of the beginning stands alone in its bundle, too.
        ends_s = None if messages else _time(_bundle_s(time_tag), where)
        entries += [
            _Entry(_time(_bundle_s(max(time_tag, message.time_tag)), where), message.address, message.arguments, where)
            for message in messages
        ]
        place += 4 + size
    return entries, ends_s


def _played(bundle: bytes) -> tuple[int, list[Message]]:
    """The time tag of a score's bundle, and those of its messages that are not for scsynth alone."""
    time_tag, elements = split_bundle(bundle)
    # sclang writes the [0] of [end, [0]] as a message whose address is a number.
    said = [element for element in elements if element.startswith((b"/", b"#"))]
    messages = [message for element in said for message in read_packet(element)]
    return time_tag, [message for message in messages if message.address not in SCSYNTH_ONLY]


def _bundle_s(time_tag: int) -> float:
    return 0.0 if time_tag == IMMEDIATELY else seconds(time_tag)


def _read_midi(path: Path, commands: MidiCommands) -> tuple[list[_Entry], float]:
    entries: list[_Entry] = []
    time_s = 0.0
    try:
        for number, message in enumerate(mido.MidiFile(path), 1):
            time_s += message.time
            entries += [_Entry(time_s, address, values, f"message {number}") for address, values in commands(message)]
    except Exception as error:  # mido raises EOFError, OSError, ValueError, IndexError and more for damaged files
        raise _ScoreError(f"damaged MIDI file: {error or type(error).__name__}") from None
    if not entries:
        raise _ScoreError("nothing in this MIDI file moves anything; see mapping.midi in the config")
    return entries, time_s + TAIL_S
