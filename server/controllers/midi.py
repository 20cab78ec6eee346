"""Live MIDI: inputs that come and go become control events, and program changes recall presets."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Self

import mido

from ...export.errors import LatentoneError
from ..contracts import PresetBook
from ..events import ControlEvent, EventQueue, Value
from ..maps.maps import Maps
from ..midi.notes import NoteVoices
from ..midi.player import Commands, MidiPlayer
from ..midi.ports import CLIENT, MidiSystem, Port, port_matches
from . import Desk

_log = logging.getLogger(__name__)

_LOOK_S = 0.5
"""How often the ports are looked for: a cable is not pulled out and back in faster."""

Heard = Callable[[str, Any, Commands], None]
"""Name of the input, the mido.Message, and what it asked for."""


class _Said(NamedTuple):
    address: str
    arguments: tuple[Value, ...]


class _Open(NamedTuple):
    port: Port
    player: MidiPlayer


class MidiController:
    """Live MIDI inputs, chosen by name. Messages come on the MIDI library's own threads, one an input.

    A thread looks for the ports: one that is pulled out is closed, and its notes end; one that comes (back) is opened. A missing
    port, or a system without MIDI, is a warning: the instrument plays on without.

    system: opens the MIDI system; raises LatentoneError where there is none. virtual: be an input of its own, too. desk, presets:
    who recalls the presets that program changes ask for, and who knows them; `programs` names them in order, and is every one
    there is when empty. heard: is told of every message, on the MIDI library's thread.
    """

    def __init__(
        self,
        inputs: Sequence[str],
        *,
        events: EventQueue,
        maps: Maps,
        notes: NoteVoices | None,
        system: Callable[[], MidiSystem],
        virtual: bool = False,
        mpe_lower: int = 0,
        mpe_upper: int = 0,
        desk: Desk | None = None,
        presets: PresetBook | None = None,
        programs: Sequence[str] = (),
        heard: Heard = lambda *_: None,
    ) -> None:
        self._patterns, self._events, self._maps, self._notes = inputs, events, maps, notes
        self._open_system, self._virtual, self._heard = system, virtual, heard
        self._mpe = {"mpe_lower": mpe_lower, "mpe_upper": mpe_upper}
        self._desk, self._presets, self._programs = desk, presets, programs
        self._system: MidiSystem | None = None
        self._open: dict[str, _Open] = {}
        self._refused: set[str] = set()
        self._silent = ""
        self._asked: queue.SimpleQueue[tuple[str, int] | None] = queue.SimpleQueue()
        """Program changes that wait to be obeyed; None ends the thread."""
        self._thread = threading.Thread(target=self._watch, name="midi ports", daemon=True)

    def __enter__(self) -> Self:
        try:
            self._system = self._open_system()
        except LatentoneError as error:
            self._warn(str(error))
            return self
        if self._virtual:
            self._plug(CLIENT, virtual=True)
        try:
            present = self._look()
        except LatentoneError as error:
            present = [str(error)]
        if not self._open:
            wanted = "is there" if "*" in self._patterns else f"is named {' or '.join(self._patterns)}"
            self._warn(f"no input {wanted} (there are: {', '.join(present)})" if present else f"no input {wanted} yet")
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        if self._thread.is_alive():
            self._asked.put(None)
            self._thread.join()
        for name in list(self._open):
            self._unplug(name)
        if self._system is not None:
            self._system.close()

    def describe(self) -> str:
        return f"midi  {', '.join(self._open) or self._silent}"

    def inputs(self) -> list[str]:
        """The inputs that are open now."""
        return list(self._open)

    def _watch(self) -> None:
        while True:
            try:
                asked = self._asked.get(timeout=_LOOK_S)
            except queue.Empty:
                asked = ("", -1)
            try:
                if asked is None:
                    return
                if asked[0]:
                    self._recall(*asked)
                else:
                    self._look(again=True)
            except LatentoneError as error:
                self._warn_once(str(error))
            except Exception:
                _log.exception("midi: the ports could not be looked after")

    def _look(self, again: bool = False) -> list[str]:
        """Open what has come, close what has gone; returns the names of all that is there."""
        assert self._system is not None
        present = self._system.input_names()
        for name in [name for name in self._open if name not in present and name != CLIENT]:
            self._unplug(name)
            _log.warning("midi: %s is gone; it plays on as soon as it is back", name)
        self._refused &= set(present)
        for name in present:
            wanted = any(port_matches(pattern, name) for pattern in self._patterns)
            if wanted and name not in self._open and name not in self._refused and self._plug(name) and again:
                _log.warning("midi: %s plays", name)
        return present

    def _plug(self, name: str, virtual: bool = False) -> bool:
        assert self._system is not None
        player = MidiPlayer(
            name, self._maps, self._notes, **self._mpe, program=lambda number: self._asked.put((name, number))
        )

        def received(data: Sequence[int]) -> None:
            # An exception here would end up in the MIDI library's C++.
            try:
                message = mido.Message.from_bytes(data)
            except Exception:
                return  # a byte was lost on the way, or there is no such message
            try:
                commands = player.commands(message, time.monotonic())
                self._put(name, commands)
                self._heard(name, message, commands)
            except Exception:
                _log.exception("midi: %s: %s could not be handled", name, message)

        open_ = self._system.open_virtual_input if virtual else self._system.open_input
        try:
            self._open[name] = _Open(open_(name, received), player)
        except LatentoneError as error:  # taken by another program, or pulled out a moment ago
            self._refused.add(name)
            self._warn(str(error))
            return False
        return True

    def _unplug(self, name: str) -> None:
        port, player = self._open.pop(name)
        try:
            port.close()
        except Exception as error:
            _log.warning("midi: %s: closing failed: %s", name, error)
        self._put(name, player.unplug())

    def _put(self, name: str, commands: Commands) -> None:
        if commands:
            self._events.put(*(ControlEvent(address, values, source=f"midi {name}") for address, values in commands))

    def _recall(self, name: str, number: int) -> None:
        """Recall the preset that a program change asks for."""
        if self._desk is None or self._presets is None:
            return
        names = self._programs or self._presets.names()
        if number >= len(names):
            self._warn_once(f"{name}: program change {number + 1}, and there are {len(names)} presets")
            return

        def reply(address: str, *values: Value) -> None:
            if address == "/fail":
                self._warn_once(f"{name}: program change {number + 1}: {values[-1]}")

        self._desk.take([_Said("/preset/recall", (names[number],))], reply, f"midi {name}")

    def _warn(self, why: str) -> None:
        self._silent = why
        _log.warning("midi: %s", why)

    def _warn_once(self, why: str) -> None:
        if why != self._silent:
            self._warn(why)
