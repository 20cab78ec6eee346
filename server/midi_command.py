"""`latentone midi`: which inputs there are, what comes from them in plain words, and which control moves what."""

from __future__ import annotations

import queue
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from ..export.errors import LatentoneError
from ..export.runtime.providers import open_session
from .addresses import Namespace
from .config import Config, load_settings, settings_file
from .controllers.midi import MidiController
from .events import EventQueue
from .maps.map_files import mpe_zones, read_ready_made
from .maps.maps import Maps
from .midi.notes import NoteVoices
from .midi.player import Commands
from .midi.ports import RtMidiSystem, port_matches
from .midi.words import command_words, message_words
from .process import sigterm_like_ctrl_c

_UNTOLD = ("clock", "active_sensing")
"""Come many times a second, and say nothing by themselves."""


def midi(
    learn: Annotated[str | None, typer.Option(help="Bind the next control that moves to this, and keep it.")] = None,
    low: Annotated[float | None, typer.Option(help="With --learn: the value at the control's lower end.")] = None,
    high: Annotated[float | None, typer.Option(help="With --learn: the value at its upper end.")] = None,
    input_: Annotated[list[str] | None, typer.Option("--input", help="An input by a part of its name.")] = None,
    midi_map: Annotated[list[str] | None, typer.Option(help="A ready-made map, or the path of one.")] = None,
    model: Annotated[str | None, typer.Option(help="A shipped model's name, or a model file.")] = None,
    config: Annotated[Path | None, typer.Option(help="Settings that go over config.yaml.")] = None,
    seconds: Annotated[float | None, typer.Option(min=0.01, help="End by itself after so long.")] = None,
) -> None:
    """List the MIDI inputs, then say in plain words what arrives and what it moves, until Ctrl-C.

    \b
      latentone midi                                      what is there, and what it sends
      latentone midi --input launchkey                    only this one
      latentone midi --learn z3                           move a knob: it turns the fourth latent from now on
      latentone midi --learn /gain_db --low -40 --high 0
      latentone midi --midi-map nanokontrol2              with a ready-made map
      latentone play --midi                               and play

    What is learned is written into your settings; their other lines stay as they are.
    """
    settings = load_settings(
        config, {"model.name": model, "midi.inputs": input_ or None, "mapping.include": midi_map or None}
    )
    with sigterm_like_ctrl_c():
        try:
            _monitor(settings, settings_file(config), learn, (low, high), seconds, Console())
        except KeyboardInterrupt:
            return


def _monitor(
    config: Config,
    file: Path,
    learn: str | None,
    ends: tuple[float | None, float | None],
    seconds: float | None,
    console: Console,
) -> None:
    def say(line: str) -> None:
        console.print(line, highlight=False, markup=False, soft_wrap=True)

    names = open_session(config.model_file()).manifest.latent_names
    namespace, defaults = Namespace(names, config.model.voices), config.mapping.midi_defaults
    ready_made = read_ready_made(config.mapping.include, defaults)
    own = [*config.mapping.midi, *config.mapping.osc]
    heard: queue.SimpleQueue[tuple[str, Any, Commands]] = queue.SimpleQueue()
    learned: list[str] = []
    events = EventQueue()
    lower, upper = mpe_zones(config.midi, ready_made)
    with Maps(namespace, own, ready_made, defaults=defaults, settings_file=file) as maps:
        if learn is not None:
            maps.learn(learn, *ends, lambda source, target: learned.append(source))
        system = RtMidiSystem(config.midi.backend)
        _list(system.input_names(), config.midi.inputs, say)
        controller = MidiController(
            config.midi.inputs,
            events=events,
            maps=maps,
            notes=NoteVoices(config.model.voices) if config.midi.notes else None,
            system=lambda: system,
            virtual=config.midi.virtual,
            mpe_lower=lower,
            mpe_upper=upper,
            heard=lambda *said: heard.put(said),
        )
        for line in maps.unused():
            say(f"unused with this model: {line}")
        with controller:
            say(f"move the control that is to move {learn} …" if learn else "move something; Ctrl-C ends")
            ends_s = None if seconds is None else time.monotonic() + seconds
            while not learned and (ends_s is None or time.monotonic() < ends_s):
                _tell(heard, names, say)
                while events.take() is not None:
                    pass  # nobody plays here
        if learned:
            say(f"{learned[0]} moves {learn} from now on: written into {maps.save()}")
        elif learn is not None:
            raise LatentoneError(f"nothing was moved: {learn} is as it was")


def _list(names: list[str], patterns: list[str], say: Any) -> None:
    for name in names:
        opened = any(port_matches(pattern, name) for pattern in patterns)
        say(f"input  {name}{'' if opened else '   (not one of midi.inputs)'}")
    if not names:
        say(
            "there is no MIDI input: connect a controller, or start a program that sends MIDI; it is heard as soon as it is there"
        )


def _tell(heard: queue.SimpleQueue[tuple[str, Any, Commands]], names: list[str], say: Any) -> None:
    """Say what was heard, or wait a moment for it."""
    try:
        port, message, commands = heard.get(timeout=0.1)
    except queue.Empty:
        return
    if message.type in _UNTOLD and not commands:
        return
    asked = ", ".join(command_words(address, values, names) for address, values in commands)
    say(f"{port}: {message_words(message)} → {asked or 'nothing'}")
