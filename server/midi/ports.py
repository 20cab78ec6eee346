"""The machine's MIDI inputs, through python-rtmidi: which there are, and raw messages from them."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Any, Protocol

import rtmidi as _rtmidi

from ...export.errors import LatentoneError

_APIS = {"alsa": "LINUX_ALSA", "jack": "UNIX_JACK", "coremidi": "MACOSX_CORE", "winmm": "WINDOWS_MM"}
CLIENT = "Latentone"
POLL_S = 0.001

rtmidi: Any = _rtmidi
"""A compiled module, into which a type checker does not see."""

Received = Callable[[Sequence[int]], None]
"""Gets the bytes of one message, on a thread of the MIDI library."""


class Port(Protocol):
    def close(self) -> None: ...


class MidiSystem(Protocol):
    """Where inputs come from. One thread at a time may call; each raises LatentoneError when the system cannot."""

    def input_names(self) -> list[str]: ...

    def open_input(self, name: str, received: Received) -> Port: ...

    def open_virtual_input(self, name: str, received: Received) -> Port:
        """An input that other programs find and play to."""
        ...

    def close(self) -> None: ...


class RtMidiSystem:
    """MIDI of the operating system. backend: alsa, jack, coremidi or winmm; None takes the first that works.

    Raises LatentoneError when none works.
    """

    def __init__(self, backend: str | None = None) -> None:
        # This one is never opened: it tells which ports there are. A new one each time would be a new client of the MIDI
        # server each time, which takes 30 ms under JACK.
        self._api, self._lister = _first_that_works(backend)

    def input_names(self) -> list[str]:
        with _as_latentone_error("the inputs cannot be listed"):
            return list(dict.fromkeys(self._lister.get_ports()))

    def open_input(self, name: str, received: Received) -> Port:
        with _as_latentone_error(f"{name} cannot be opened"), _deleted_on_error(self._new()) as port:
            port.open_port(port.get_ports().index(name), name="in")
            return _listening(port, received)

    def open_virtual_input(self, name: str, received: Received) -> Port:
        if self._api == rtmidi.API_WINDOWS_MM:
            raise LatentoneError(
                "Windows has no virtual MIDI ports: make one with loopMIDI, and leave midi.virtual false"
            )
        with _as_latentone_error("a virtual input cannot be made"), _deleted_on_error(self._new()) as port:
            port.open_virtual_port(name)
            return _listening(port, received)

    def close(self) -> None:
        self._lister.delete()

    def _new(self) -> Any:
        return rtmidi.MidiIn(self._api, CLIENT)


class _RtMidiPort:
    def __init__(self, port: Any) -> None:
        self._port = port

    def close(self) -> None:
        self._port.cancel_callback()
        self._port.close_port()
        self._port.delete()


class _PolledPort:
    """Looks for messages itself. A callback would be called on JACK's own thread, which must not wait for the interpreter."""

    def __init__(self, port: Any, received: Received) -> None:
        self._port, self._received = port, received
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="midi", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._end.set()
        self._thread.join()
        self._port.close_port()
        self._port.delete()

    def _run(self) -> None:
        while not self._end.wait(POLL_S):
            while (event := self._port.get_message()) is not None:
                self._received(event[0])


def port_matches(pattern: str, name: str) -> bool:
    """Whether a port is meant: `pattern` is a part of its name, or has `*` and `?` in it; case does not count."""
    pattern, name = pattern.lower(), name.lower()
    return pattern in name or fnmatchcase(name, pattern)


def _listening(port: Any, received: Received) -> Port:
    # Active sensing says nothing and comes every 300 ms.
    port.ignore_types(sysex=True, timing=False, active_sense=True)
    if port.get_current_api() == rtmidi.API_UNIX_JACK:
        return _PolledPort(port, received)
    port.set_callback(lambda event, _: received(event[0]))
    return _RtMidiPort(port)


def _first_that_works(backend: str | None) -> tuple[int, Any]:
    compiled = rtmidi.get_compiled_api()
    wanted = [backend] if backend is not None else list(_APIS)
    apis = [api for name in wanted if (api := getattr(rtmidi, f"API_{_APIS[name]}")) in compiled]
    if not apis:
        raise LatentoneError(f"midi.backend: this system has no {backend}")
    for api in apis:
        # Where there is no MIDI server, the libraries of ALSA and JACK say so at length, straight to stderr.
        with contextlib.suppress(Exception), _quiet_stderr():
            return api, rtmidi.MidiIn(api, f"{CLIENT} ports")
    what = "the JACK server is not running" if backend == "jack" else "this system has no MIDI"
    hint = (
        "; on Linux it needs /dev/snd/seq (ALSA's sequencer) or a running JACK server"
        if sys.platform == "linux"
        else ""
    )
    raise LatentoneError(what + hint)


@contextlib.contextmanager
def _quiet_stderr() -> Iterator[None]:
    try:
        kept = os.dup(2)
    except OSError:
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


@contextlib.contextmanager
def _as_latentone_error(what: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # rtmidi's own SystemError, RuntimeError, ValueError: whatever a platform lacks
        raise LatentoneError(f"{what}: {error}") from None


@contextlib.contextmanager
def _deleted_on_error(port: Any) -> Iterator[Any]:
    try:
        yield port
    except Exception:
        port.delete()
        raise
