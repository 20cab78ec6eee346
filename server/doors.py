"""The ways into a playing instrument: OSC over UDP and TCP, OSCQuery, zeroconf and MIDI, as the settings ask for."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from .addresses import Namespace, address_safe
from .config import Config
from .contracts import Clocked, PresetBook
from .controllers.advertise import Advertisement
from .controllers.midi import MidiController
from .controllers.osc import OscController
from .controllers.osc_tcp import OscTcpController
from .controllers.oscquery import OscQuery
from .desk import Desk
from .events import ControlEvent, EventQueue
from .maps.map_files import mpe_zones, read_ready_made
from .maps.maps import Maps
from .midi.notes import NoteVoices
from .midi.ports import RtMidiSystem

SHOWN_KNOBS = 6
HERE = ("127.0.0.1", "0.0.0.0", "::1", "::")

Fact = tuple[str, str]
"""A row of the screen."""


class WaysIn:
    """What controllers need of the instrument, and who of them has to hear that another model plays."""

    def __init__(
        self, namespace: Namespace, queue: EventQueue, clocked: Clocked, desk: Desk, maps: Maps, presets: PresetBook
    ) -> None:
        self.namespace, self.queue, self.clocked, self.desk = namespace, queue, clocked, desk
        self.maps, self.presets = maps, presets
        self.oscquery: OscQuery | None = None

    def namespace_changed(self) -> None:
        """Tell those who show the namespace that it is another."""
        if self.oscquery is not None:
            self.oscquery.namespace_changed()


def new_maps(
    config: Config, namespace: Namespace, queue: EventQueue, clocked: Clocked, own_settings: Path | None
) -> Maps:
    """The maps of the settings; those that are learned are saved to `own_settings`."""
    mapping = config.mapping
    return Maps(
        namespace,
        [*mapping.midi, *mapping.osc],
        read_ready_made(mapping.include, mapping.midi_defaults),
        defaults=mapping.midi_defaults,
        value_of=clocked.value_of,
        send=lambda address, values: queue.put(ControlEvent(address, values, source="map")),
        settings_file=own_settings,
    )


def open_doors(stack: ExitStack, config: Config, ways_in: WaysIn) -> list[Fact]:
    """Open the ports; returns the rows of the screen that say how to reach them.

    Raises LatentoneError when a port cannot be had.
    """
    facts = _open_osc(stack, config, ways_in) if config.osc.enabled else []
    if config.midi.enabled:
        facts.append(_fact(stack.enter_context(_midi(config, ways_in)).describe()))
    end = "Ctrl-C, or the OSC message /quit" if config.osc.enabled else "Ctrl-C"
    return [*facts, ("end", end)]


def _open_osc(stack: ExitStack, config: Config, ways_in: WaysIn) -> list[Fact]:
    osc, query, desk = config.osc, config.oscquery, ways_in.desk
    allowed = osc.allowed()
    udp = stack.enter_context(OscController(osc.host, osc.port, desk, reply_port=osc.reply_port, allowed=allowed))
    facts = [_fact(udp.describe())]
    tcp_port = query_port = None
    if osc.tcp:
        tcp = stack.enter_context(OscTcpController(osc.host, udp.port, desk, allowed=allowed))
        tcp_port = tcp.port
        facts.append(_fact(tcp.describe()))
    if query.enabled:
        ways_in.oscquery = OscQuery(
            osc.host, query.port, osc_port=udp.port, name=query.name, namespace=ways_in.namespace,
            clocked=ways_in.clocked, desk=desk, allowed=allowed,
        )  # fmt: skip
        stack.enter_context(ways_in.oscquery)
        query_port = ways_in.oscquery.port
        facts.append(_fact(ways_in.oscquery.describe()))
        if query.advertise:
            stack.enter_context(
                Advertisement(osc.host, query.name, osc_port=udp.port, osc_tcp_port=tcp_port, oscquery_port=query_port)
            )
    host, names = "localhost" if udp.host in HERE else udp.host, ways_in.namespace.latent_names
    by_name = " ".join(f"/latent/{address_safe(name)}" for name in names[:SHOWN_KNOBS])
    more = " …" * (len(names) > SHOWN_KNOBS)
    facts.append(("knobs", f"/latent/0 to /latent/{len(names) - 1}, or by name: {by_name}{more}"))
    return [*facts, ("try", f"oscsend {host} {udp.port} /latent/0 f 0.8")]


def _midi(config: Config, ways_in: WaysIn) -> MidiController:
    midi, mapping = config.midi, config.mapping
    lower, upper = mpe_zones(midi, read_ready_made(mapping.include, mapping.midi_defaults))
    return MidiController(
        midi.inputs,
        events=ways_in.queue,
        maps=ways_in.maps,
        notes=NoteVoices(ways_in.namespace.voices) if midi.notes else None,
        system=lambda: RtMidiSystem(midi.backend),
        virtual=midi.virtual,
        mpe_lower=lower,
        mpe_upper=upper,
        desk=ways_in.desk,
        presets=ways_in.presets,
        programs=midi.programs,
    )


def _fact(description: str) -> Fact:
    kind, _, rest = description.partition(" ")
    return kind, rest.strip()
