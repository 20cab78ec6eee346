"""MIDI controls move what the config binds them to, and missing MIDI is a warning."""

import sys
from collections.abc import Iterator
from types import ModuleType

import mido
import pytest
from latentone.server.config import load_config
from latentone.server.controllers.midi import CURVES, MidiController, MidiMap, control_place, port_matches
from latentone.server.events import EventQueue
from latentone.server.settings import MidiBinding

NAMES = ["loudness", "brightness", "pitch", "noisiness"]


def binding(**changes: object) -> MidiBinding:
    defaults = {
        "cc": 20,
        "target": "/latent/0",
        "channel": None,
        "range": [-1.0, 1.0],
        "curve": "linear",
        "invert": False,
    }
    return MidiBinding.model_validate(defaults | changes)


def cc(value: int, control: int = 20, channel: int = 1) -> mido.Message:
    return mido.Message("control_change", control=control, value=value, channel=channel - 1)


@pytest.mark.parametrize(("value", "knob"), [(0, -1.0), (64, 0.0), (127, 1.0)])
def test_a_control_spans_the_range_and_its_detent_is_the_middle(value, knob):
    assert MidiMap([binding()], NAMES).commands(cc(value)) == [("/latent/0", (knob,))]


def test_a_control_never_goes_back_while_it_is_turned_up():
    places = [control_place(value) for value in range(128)]
    assert places == sorted(places)
    assert (places[0], places[127]) == (0.0, 1.0)


@pytest.mark.parametrize("name", CURVES)
def test_a_curve_rises_from_one_end_of_the_range_to_the_other(name):
    places = [CURVES[name](step / 100) for step in range(101)]
    assert places == sorted(places)
    assert (places[0], places[-1]) == (0.0, 1.0)


def test_the_exponential_curve_is_fine_at_the_lower_end():
    assert CURVES["exponential"](0.5) < 0.15


def test_invert_turns_the_control_around():
    inverted = MidiMap([binding(invert=True, range=[-60.0, 0.0], target="/gain_db")], NAMES)
    assert inverted.commands(cc(0)) == [("/gain_db", (0.0,))]
    assert inverted.commands(cc(127)) == [("/gain_db", (-60.0,))]


def test_a_binding_listens_to_its_channel_or_to_all():
    by_channel = MidiMap([binding(channel=10), binding(target="/latent/brightness")], NAMES)
    assert [address for address, _ in by_channel.commands(cc(64, channel=10))] == ["/latent/0", "/latent/1"]
    assert [address for address, _ in by_channel.commands(cc(64, channel=9))] == ["/latent/1"]


@pytest.mark.parametrize(("value", "gate"), [(0, 0), (63, 0), (64, 1), (127, 1)])
def test_a_switch_is_on_from_64(value, gate):
    """As MIDI's pedals are; a gate is 0 or 1, nothing between."""
    midi_map = MidiMap([binding(target="/voice/1/gate", range=[0.0, 1.0])], NAMES, voices=2)
    [(address, values)] = midi_map.commands(cc(value))
    assert (address, values, type(values[0])) == ("/voice/1/gate", (gate,), int)
    assert MidiMap([binding(target="/voice/2/gate", range=[0.0, 1.0])], NAMES, voices=2).commands(cc(value)) == []


@pytest.mark.parametrize(
    "message", [cc(1, control=99), mido.Message("note_on"), mido.Message("sysex"), mido.Message("clock")]
)
def test_what_is_not_bound_does_nothing(message):
    assert MidiMap([binding()], NAMES).commands(message) == []


def test_the_default_bindings_fit_a_small_model_and_say_what_it_lacks():
    midi_map = MidiMap(load_config(None, {}).mapping.midi, NAMES)
    assert midi_map.commands(cc(127, control=23)) == [("/latent/3", (1.0,))]
    assert midi_map.commands(cc(127, control=24)) == []
    assert midi_map.unused[0] == "cc 24 to /latent/4: there is no knob 4 (0 to 3)"
    assert len(midi_map.unused) == 4


@pytest.mark.parametrize(
    ("pattern", "matches"), [("*", True), ("nano", True), ("NANOKONTROL", True), ("nano*2:*", True), ("nano?", False)]
)
def test_a_port_is_chosen_by_a_part_of_its_name_or_a_pattern(pattern, matches):
    assert port_matches(pattern, "nanoKONTROL2:nanoKONTROL2 CTRL 20:0") is matches


@pytest.fixture
def ports(monkeypatch) -> Iterator[dict]:
    """A MIDI system with two inputs, as a backend of mido: whoever plugs one in by name gets its callback."""
    plugged: dict = {}

    class Input:
        def __init__(self, name: str, callback=None, **_: object) -> None:
            if name == "taken":
                raise OSError("device is busy")
            self.name = name
            plugged[name] = callback

        def close(self) -> None:
            plugged.pop(self.name)

    backend = ModuleType("tested_midi")
    backend.Input = Input  # type: ignore[attr-defined]
    backend.get_devices = lambda **_: [  # type: ignore[attr-defined]
        {"name": name, "is_input": True, "is_output": False} for name in ("nanoKONTROL2", "Keystation", "taken")
    ]
    monkeypatch.setitem(sys.modules, "tested_midi", backend)
    before = mido.backend  # type: ignore[attr-defined]
    mido.set_backend("tested_midi")  # type: ignore[attr-defined]
    yield plugged
    mido.set_backend(before)  # type: ignore[attr-defined]


def test_a_live_input_plays_and_says_its_name(ports):
    queue = EventQueue()
    with MidiController(["nano"], MidiMap([binding()], NAMES), queue) as midi:
        assert midi.describe() == "midi  nanoKONTROL2"
        ports["nanoKONTROL2"](cc(127))
        event = queue.take()
        assert event is not None
        assert (event.address, event.values, event.at_sample, event.source) == (
            "/latent/0",
            (1.0,),
            None,
            "midi nanoKONTROL2",
        )
    assert ports == {}, "leaving closes the ports"


def test_a_fault_in_the_callback_stays_inside(ports, caplog):
    with MidiController(["nano"], MidiMap([binding()], NAMES), EventQueue()):
        ports["nanoKONTROL2"](None)
    assert "could not be handled" in caplog.text


def test_an_input_that_is_taken_is_a_warning_and_the_others_play(ports, caplog):
    with MidiController(["*"], MidiMap([binding()], NAMES), EventQueue()) as midi:
        assert midi.describe() == "midi  nanoKONTROL2, Keystation"
    assert "taken cannot be opened: device is busy" in caplog.text


def test_a_pattern_without_a_port_is_a_warning_that_lists_the_ports(ports, caplog):
    with MidiController(["launchpad"], MidiMap([binding()], NAMES), EventQueue()) as midi:
        assert "no input is named launchpad (there are: nanoKONTROL2, Keystation, taken)" in midi.describe()
    assert "launchpad" in caplog.text


def test_a_machine_as_it_is_never_crashes():
    """With rtmidi and whatever MIDI this machine has: in a container usually none."""
    with MidiController(["no such port"], MidiMap([binding()], NAMES), EventQueue()) as midi:
        assert midi.describe().startswith("midi  ")
