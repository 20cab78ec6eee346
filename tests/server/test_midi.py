"""Live MIDI inputs: chosen by name, coming and going, and never a reason to stop."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import mido
import pytest
from latentone.export.errors import LatentoneError
from latentone.server.addresses import Namespace
from latentone.server.controllers.midi import MidiController
from latentone.server.events import EventQueue
from latentone.server.midi.notes import NoteVoices
from latentone.server.midi.ports import RtMidiSystem, port_matches
from midi_rig import binding, cc, maps, on

DEADLINE_S = 10.0


def until(true: Callable[[], object]) -> bool:
    """Whether it becomes true before the deadline."""
    until_s = time.monotonic() + DEADLINE_S
    while not true():
        if time.monotonic() > until_s:
            return False
        time.sleep(0.01)
    return True


class System:
    """A MIDI system whose cables the test pulls."""

    def __init__(self, *names: str) -> None:
        self.names = list(names)
        self.plugged: dict[str, Callable] = {}

    def input_names(self) -> list[str]:
        return list(self.names)

    def open_input(self, name: str, received: Callable):
        if name == "taken":
            raise LatentoneError("taken cannot be opened: device is busy")
        self.plugged[name] = received
        return _Port(self, name)

    open_virtual_input = open_input

    def close(self) -> None:
        assert not self.plugged, "ports are closed before the system is"

    def send(self, name: str, message: mido.Message) -> None:
        self.plugged[name](message.bytes())


class _Port:
    def __init__(self, system: System, name: str) -> None:
        self._system, self._name = system, name

    def close(self) -> None:
        self._system.plugged.pop(self._name)


class Presets:
    """A desk and its presets, as far as MIDI needs them."""

    def __init__(self, *names: str) -> None:
        self.namespace = Namespace([])
        self._names = list(names)
        self.taken: list[tuple[str, tuple, str]] = []

    def names(self) -> list[str]:
        return self._names

    def take(self, messages, reply, source, at_unix_s=None) -> None:
        for message in messages:
            self.taken.append((message.address, tuple(message.arguments), source))
            if message.arguments[0] == "broken":
                reply("/fail", message.address, "preset 'broken' does not fit this model")

    def refuse(self, reply, why) -> None: ...

    def recall(self, name): ...

    def store(self, name, values): ...

    def delete(self, name): ...


@pytest.fixture
def system(monkeypatch) -> System:
    monkeypatch.setattr("latentone.server.controllers.midi._LOOK_S", 0.01)
    return System("nanoKONTROL2", "Keystation", "taken")


@pytest.fixture
def events() -> EventQueue:
    return EventQueue()


def controller(system: System, events: EventQueue, *inputs: str, **options) -> MidiController:
    options = {"maps": maps(binding(), voices=4), "notes": NoteVoices(4)} | options
    return MidiController(inputs or ["nano"], events=events, system=lambda: system, **options)


def taken(events: EventQueue) -> list[tuple[str, tuple]]:
    heard = []
    while (event := events.take()) is not None:
        heard.append((event.address, event.values))
    return heard


@pytest.mark.parametrize(
    ("pattern", "matches"), [("*", True), ("nano", True), ("NANOKONTROL", True), ("nano*2:*", True), ("nano?", False)]
)
def test_a_port_is_chosen_by_a_part_of_its_name_or_a_pattern(pattern, matches):
    assert port_matches(pattern, "nanoKONTROL2:nanoKONTROL2 CTRL 20:0") is matches


def test_a_live_input_plays_and_says_its_name(system, events):
    with controller(system, events) as midi:
        assert midi.describe() == "midi  nanoKONTROL2"
        system.send("nanoKONTROL2", cc(127))
        event = events.take()
        assert event is not None
        assert (event.address, event.values, event.at_sample, event.source) == (
            "/latent/0",
            (1.0,),
            None,
            "midi nanoKONTROL2",
        )
    assert system.plugged == {}, "leaving closes the ports"


def test_several_inputs_play_together_each_with_its_own_notes(system, events):
    with controller(system, events, "nano", "key*"):
        system.send("nanoKONTROL2", on(60))
        system.send("Keystation", on(60))
        assert [address for address, _ in taken(events)] == ["/voice/0/gate", "/voice/1/gate"]


def test_a_controller_that_is_pulled_out_and_put_back_plays_again(system, events, caplog):
    with controller(system, events) as midi:
        system.send("nanoKONTROL2", on(60, velocity=127))
        assert taken(events) == [("/voice/0/gate", (1.0,))]
        system.names.remove("nanoKONTROL2")
        assert until(lambda: midi.inputs() == [])
        assert until(lambda: taken(events) == [("/voice/0/gate", (0.0,))]), "its note must not sound for ever"
        system.names.append("nanoKONTROL2")
        assert until(lambda: midi.inputs() == ["nanoKONTROL2"])
        system.send("nanoKONTROL2", cc(127))
        assert taken(events) == [("/latent/0", (1.0,))]
    assert "nanoKONTROL2 is gone; it plays on as soon as it is back" in caplog.text


def test_a_controller_may_come_after_the_start(system, events, caplog):
    with controller(system, events, "launchpad") as midi:
        assert "no input is named launchpad (there are: nanoKONTROL2, Keystation, taken)" in midi.describe()
        system.names.append("Launchpad Mini")
        assert until(lambda: midi.describe() == "midi  Launchpad Mini")
    assert "launchpad" in caplog.text


def test_an_input_that_is_taken_is_a_warning_once_and_the_others_play(system, events, caplog):
    with controller(system, events, "*") as midi:
        assert midi.describe() == "midi  nanoKONTROL2, Keystation"
        system.names.append("later")
        assert until(lambda: "later" in midi.describe())
    assert caplog.text.count("taken cannot be opened: device is busy") == 1


def test_it_can_be_an_input_of_its_own(system, events):
    with controller(system, events, "no such", virtual=True) as midi:
        assert midi.describe() == "midi  Latentone"
        system.send("Latentone", cc(0))
        assert taken(events) == [("/latent/0", (-1.0,))]


def test_a_system_without_midi_is_a_warning(events, caplog):
    def none() -> System:
        raise LatentoneError("this system has no MIDI")

    with MidiController(["*"], events=events, maps=maps(), notes=None, system=none) as midi:
        assert midi.describe() == "midi  this system has no MIDI"
    assert "this system has no MIDI" in caplog.text


def test_bytes_that_are_no_message_change_nothing_and_raise_nothing(system, events, caplog):
    rng = random.Random(3)
    with controller(system, events, notes=None):
        for _ in range(20_000):
            # Cut off, too long, without a status, with one that there is not, or with a status inside.
            data = [rng.randrange(256) for _ in range(rng.randrange(6))]
            if data:
                data[0] = rng.choice((0xE0, 0xF0, 0xF1, 0xF4, 0xFF, data[0] & 127))
            system.plugged["nanoKONTROL2"](data)
        assert taken(events) == []
        system.send("nanoKONTROL2", cc(127))
        assert taken(events) == [("/latent/0", (1.0,))]
    assert "could not be handled" not in caplog.text


def test_a_fault_of_ours_stays_inside(system, events, caplog):
    def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    with controller(system, events, heard=broken):
        system.send("nanoKONTROL2", cc(127))
    assert "could not be handled" in caplog.text


def test_a_program_change_recalls_a_preset_by_its_place(system, events, caplog):
    presets = Presets("bright", "dawn", "dusk")

    def change(number: int) -> None:
        system.send("nanoKONTROL2", mido.Message("program_change", program=number))

    with controller(system, events, desk=presets, presets=presets):
        change(1)
        change(3)
        assert until(lambda: "program change 4, and there are 3 presets" in caplog.text)
        assert presets.taken == [("/preset/recall", ("dawn",), "midi nanoKONTROL2")]
    with controller(system, events, desk=presets, presets=presets, programs=["broken"]):
        change(0)
        assert until(lambda: "program change 1: preset 'broken' does not fit this model" in caplog.text)


def test_a_machine_as_it_is_never_crashes(events):
    """With rtmidi and whatever MIDI this machine has: in a container usually none."""
    options = {"events": events, "maps": maps(), "notes": None, "system": RtMidiSystem}
    with MidiController(["no such port"], **options) as midi:
        assert midi.describe().startswith("midi  ")
