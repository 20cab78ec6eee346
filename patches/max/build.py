"""Writes the patches of the Max package `Latentone` beside it: `python patches/max/build.py`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from patcher import Patcher

PACKAGE = Path(__file__).parent / "Latentone"
KNOBS = ("pitch", "pitch_2", "pitch_3", "brightness", "brightness_2", "pitch_4", "pitch_5", "loudness")
"""Of the shipped model, the first eight."""

HELP: dict[str, tuple[str, ...]] = {
    "knobs of all voices": (
        "latent 3 0.5",
        "latent pitch -0.5",
        "0.1 -0.3 0.8",
        "latents 0.1 -0.3",
        "latent_norm 3 0.75",
        "latents_norm 0.5 0.75",
        "latent_add 3 0.1",
        "latents_add 0.1 -0.1",
        "glide_to 4. 0.5 -0.5",
        "slerp_to 4. 0.5 -0.5 1.",
        "glide_s 0.5",
        "glide_curve linear",
    ),
    "sound": ("gain_db -6.", "temperature 0.8", "envelope 0.01 0.1 0.8 0.3", "panic"),
    "one voice (latentone play --voices 4)": (
        "voice 1 gate 1",
        "voice 1 gate 0",
        "voice 1 latent 0 -0.8",
        "voice 1 latents 0.2 0.4",
        "voice 1 latent_norm 0 0.25",
        "voice 1 latents_norm 0.5 0.5",
        "voice 1 latent_add 0 0.1",
        "voice 1 latents_add 0.1 0.1",
        "voice 1 gain_db -6.",
        "voice 1 pan 0.5",
        "voice 1 temperature 0.6",
    ),
    "motion": (
        "motion lfo 0 0.5 0.4 sine second",
        "motion walk 1 2. 0.3 beat",
        "motion stop 0",
        "motion stop",
        "tempo_bpm 120.",
        "transport 1",
    ),
    "presets": (
        "preset store dawn",
        "preset store dusk",
        "preset recall dawn 2.",
        "preset slerp dusk 4.",
        "preset path 8. dawn dusk dawn",
        "preset morph 0.5 dawn dusk",
        "preset morph4 0.5 0.5 dawn dusk dusk dawn",
        "preset delete dusk",
        "preset list",
    ),
    "models": ("model list", "model load voice", "model info", "model knobs"),
    "raw OSC": ("/latent/3 0.5", "/voice/*/gate 0", "/spline_to 4. 0. 0. 1. 1."),
    "what moves a knob": (
        "map learn /latent/3 -1. 1.",
        "map cancel",
        'map add "cc 20" /latent/0 -1. 1. linear',
        "map add /1/fader1 /latent/1",
        'map remove "cc 20"',
        "map list",
        "map save",
    ),
    "recorder and scores": (
        "record start take1",
        "record stop",
        "source list",
        "source sweep play",
        "source sweep rate 0.5",
        "source sweep loop 1",
        "source sweep stop",
    ),
    "server": ("status", "sync 7", "notify 1", "clearSched", "version", "help /latent", "help", "quit"),
}
COLUMNS = (
    ("knobs of all voices", "sound"),
    ("one voice (latentone play --voices 4)", "motion"),
    ("presets", "models", "raw OSC"),
    ("what moves a knob", "recorder and scores", "server"),
)
"""How the help patch is laid out."""


def abstraction() -> Patcher:
    """`[latentone host port reply_port]`."""
    patch = Patcher(760.0, 520.0)
    patch.comment(
        "latentone: plays a Latentone server. Arguments: host, its port, the port that it answers at.", 20.0, 10.0
    )
    words = patch.control(
        "inlet", 30.0, 45.0, comment="messages: latent 3 0.5, preset recall dawn 2, numbers for all knobs"
    )
    raw = patch.control("inlet", 230.0, 45.0, comment="OSC as it is: /latent/3 0.5, past the words and on time")
    connection = patch.object("route host port reply_port", 30.0, 90.0)
    patch.connect(words, connection)
    host, port = patch.message("host $1", 380.0, 190.0), patch.message("port $1", 460.0, 190.0)
    reply_port = patch.message("port $1", 560.0, 190.0)
    script = patch.object("js latentone.words.js", 230.0, 160.0)
    send = patch.object("udpsend 127.0.0.1 9001", 230.0, 250.0)
    receive = patch.object("udpreceive 9002", 560.0, 250.0)
    for index, message in enumerate((host, port, reply_port)):
        patch.connect((connection, index), message)
    patch.connect((connection, 3), script, send)
    patch.connect(raw, send)
    patch.connect(host, send)
    patch.connect(port, send)
    patch.connect(reply_port, receive)
    arguments = patch.object("patcherargs 127.0.0.1 9001 9002", 380.0, 45.0)
    unpack = patch.object("unpack s i i", 380.0, 130.0)
    patch.connect(arguments, unpack)
    for index, message in enumerate((host, port, reply_port)):
        patch.connect((unpack, index), message)

    patch.comment("Asks every second whether the server answers; one that is new is told to notify.", 20.0, 290.0)
    start = patch.object("loadmess 1", 30.0, 320.0)
    clock = patch.object("metro 1000", 30.0, 350.0)
    question = patch.message("/sync #0", 30.0, 380.0)
    patch.connect(start, clock, question, send)
    replies = patch.object("route /synced", 380.0, 320.0)
    own = patch.object("sel #0", 380.0, 350.0)
    back = patch.message("/synced $1", 460.0, 380.0)
    answered = patch.object("t 1", 560.0, 320.0)
    late = patch.object("delay 2500", 620.0, 320.0)
    gone = patch.message("0", 620.0, 350.0)
    change = patch.object("change", 560.0, 390.0)
    new = patch.object("sel 1", 640.0, 390.0)
    notify = patch.message("/notify 1", 640.0, 420.0)
    out = patch.control("outlet", 380.0, 470.0, comment="replies, as OSC: /status.reply voice 32 ...")
    alive = patch.control("outlet", 560.0, 470.0, comment="1 while the server answers, else 0")
    patch.connect(receive, replies, own)
    patch.connect(receive, answered, change, alive)
    patch.connect(receive, late, gone, change)
    patch.connect((own, 1), back, out)
    patch.connect((replies, 1), out)
    patch.connect(change, new, notify, send)
    return patch


def help_patch() -> Patcher:
    patch = Patcher(1240.0, 800.0)
    patch.comment("latentone plays a Latentone server. Start one that answers Max at a port of its own:", 20.0, 10.0)
    patch.comment("latentone play --config patches/max/latentone.yaml --voices 4", 20.0, 30.0)
    say = "s latentone-help-say"
    for x, groups in zip((20.0, 300.0, 590.0, 920.0), COLUMNS, strict=True):
        y = 65.0
        for group in groups:
            patch.comment(group, x, y)
            messages = [patch.message(text, x, y + 25.0 * (1 + row)) for row, text in enumerate(HELP[group])]
            y += 25.0 * (len(messages) + 1)
            target = patch.object(say, x, y)
            for message in messages:
                patch.connect(message, target)
            y += 45.0
    receive = patch.object("r latentone-help-say", 20.0, 640.0)
    host = patch.object("latentone 127.0.0.1 9001 9002", 20.0, 670.0)
    printed = patch.object("print latentone", 20.0, 705.0)
    answers = patch.control("toggle", 215.0, 705.0)
    patch.connect(receive, host, printed)
    patch.connect((host, 1), answers)
    patch.comment("left: replies; right: whether the server answers", 20.0, 735.0)
    patch.comment(
        "The left inlet takes words, and also host, port and reply_port. The right one takes OSC as it is.",
        300.0,
        735.0,
    )
    return patch


def knobs() -> Patcher:
    patch = Patcher(860.0, 480.0)
    patch.comment("A slider for each of the first eight knobs; the names are the shipped model's.", 20.0, 10.0)
    say = patch.object("latentone 127.0.0.1 9001 9002", 20.0, 400.0)
    patch.connect(say, patch.object("print latentone", 20.0, 435.0))
    for knob, name in enumerate(KNOBS):
        x = 20.0 + 100.0 * knob
        patch.comment(f"{knob} {name}", x, 100.0)
        slider = patch.control("slider", x, 125.0, floatoutput=1, min=-1.0, size=2.0, parameter_enable=0)
        patch.connect(slider, patch.message(f"latent {knob} $1", x, 290.0), say)
    for x, text in ((20.0, "gain_db $1"), (160.0, "temperature $1"), (320.0, "glide_s $1")):
        number = patch.control("flonum", x, 40.0, format=6, parameter_enable=0)
        patch.connect(number, patch.message(text, x, 68.0), say)
    for row, text in enumerate(("preset store dawn", "preset recall dawn 2.", "panic")):
        patch.connect(patch.message(text, 460.0 + 160.0 * row, 68.0), say)
    return patch


def step_voice(voice: int, steps: tuple[str, ...], length_ms: int) -> Patcher:
    """A bang is a step of the pattern: the knob goes to its value, and the gate opens for so long."""
    patch = Patcher(480.0, 420.0)
    step = patch.control("inlet", 30.0, 20.0, comment="a bang a step")
    count = patch.object(f"counter 0 {len(steps) - 1}", 30.0, 65.0)
    lookup = patch.object("zl.lookup", 30.0, 110.0)
    values = patch.object(f"loadmess {' '.join(steps)}", 160.0, 65.0)
    rest = patch.object("route rest", 30.0, 150.0)
    order = patch.object("t b b f", 30.0, 190.0)
    turn = patch.message(f"/voice/{voice}/latent/0 $1", 220.0, 230.0)
    open_ = patch.message(f"/voice/{voice}/gate 1", 130.0, 265.0)
    wait = patch.object(f"delay {length_ms}", 30.0, 265.0)
    close = patch.message(f"/voice/{voice}/gate 0", 30.0, 305.0)
    out = patch.control("outlet", 130.0, 350.0, comment="OSC")
    patch.connect(step, count, lookup, rest)
    patch.connect(values, (lookup, 1))
    patch.connect((rest, 1), order)
    patch.connect((order, 2), turn, out)
    patch.connect((order, 1), open_, out)
    patch.connect(order, wait, close, out)
    return patch


def pattern() -> Patcher:
    patch = Patcher(760.0, 420.0)
    patch.comment("A pattern of three voices with 5, 7 and 8 steps: latentone play --voices 4", 20.0, 10.0)
    play = patch.control("toggle", 30.0, 45.0)
    order = patch.object("t i i", 30.0, 85.0)
    clock = patch.object("metro 150", 30.0, 130.0)
    host = patch.object("latentone 127.0.0.1 9001 9002", 30.0, 330.0)
    patch.connect(play, order, clock)
    which = patch.object("sel 1 0", 260.0, 85.0)
    patch.connect((order, 1), which)
    begin = (
        "voice 0 gate 0, glide_s 0.01, envelope 0.01 0.05 0.7 0.12, voice 1 pan -0.6, voice 2 pan 0.6, "
        "voice 3 gain_db -4., motion lfo 3 0.1 0.6 sine"
    )
    first = patch.control("message", 260.0, 125.0, width=460.0, height=36.0, text=begin)
    last = patch.message("motion stop, /voice/*/gate 0", 260.0, 185.0)
    patch.connect(which, first, host)
    patch.connect((which, 1), last, host)
    parts = (
        (1, ("-0.8", "-0.2", "0.4", "rest", "0.9"), 90),
        (2, ("0.1", "rest", "0.7", "rest", "-0.5", "0.9", "rest"), 60),
        (3, ("-1.", "rest", "rest", "rest", "1.", "rest", "rest", "rest"), 260),
    )
    for column, (voice, steps, length_ms) in enumerate(parts):
        part = patch.subpatcher(f"voice-{voice}", step_voice(voice, steps, length_ms), 30.0 + 110.0 * column, 240.0)
        patch.connect(clock, part, (host, 1))
    patch.comment("The notes go to the right inlet, past the words, in Max's scheduler.", 260.0, 290.0)
    patch.connect(host, patch.object("print latentone", 30.0, 370.0))
    return patch


def follow() -> Patcher:
    patch = Patcher(760.0, 520.0)
    patch.comment("A sound leads: how loud it is and how high turn two knobs. Turn Max's audio on.", 20.0, 10.0)
    sway, depth = patch.object("cycle~ 0.2", 30.0, 45.0), patch.object("*~ 24.", 30.0, 75.0)
    middle, hz = patch.object("+~ 72.", 30.0, 105.0), patch.object("mtof~", 30.0, 135.0)
    whistle, own = patch.object("cycle~", 30.0, 165.0), patch.object("*~ 1.", 30.0, 200.0)
    patch.connect(sway, depth, middle, hz, whistle, own)
    microphone, heard = patch.object("adc~ 1", 200.0, 165.0), patch.object("*~ 0.", 200.0, 200.0)
    patch.connect(microphone, heard)
    listen = patch.control("toggle", 320.0, 75.0)
    patch.comment("listen to the microphone instead", 350.0, 77.0)
    choice = patch.object("sel 0 1", 320.0, 110.0)
    patch.connect(listen, choice)
    for outlet, (of_whistle, of_microphone) in enumerate((("1.", "0."), ("0.", "1."))):
        for text, gain, x in ((of_whistle, own, 320.0), (of_microphone, heard, 370.0)):
            message = patch.message(text, x, 145.0 + 30.0 * outlet)
            patch.connect((choice, outlet), message, (gain, 1))
    on = patch.control("toggle", 500.0, 250.0)
    patch.comment("follow", 530.0, 252.0)
    host = patch.object("latentone 127.0.0.1 9001 9002", 30.0, 440.0)
    loud, high = patch.object("peakamp~ 25", 30.0, 250.0), patch.object("fzero~", 250.0, 250.0)
    for sound in (own, heard):
        patch.connect(sound, loud)
        patch.connect(sound, high)
    ways = (
        (loud, 30.0, "atodb", "scale -30. 0. -1. 1.", "latent 0 $1"),
        (high, 250.0, "ftom", "scale 48. 96. -1. 1.", "latent 3 $1"),
    )
    for source, x, unit, scale, text in ways:
        gate, limit = patch.object("gate", x, 340.0), patch.object("clip -1. 1.", x, 370.0)
        patch.connect(source, patch.object(unit, x, 280.0), patch.object(scale, x, 310.0), (gate, 1))
        patch.connect(on, gate, limit, patch.message(text, x, 400.0), host)
    patch.comment("the shipped model: silence to voice", 140.0, 402.0)
    patch.comment("its brightness", 360.0, 402.0)
    patch.connect(host, patch.object("print latentone", 30.0, 475.0))
    return patch


def extras() -> Patcher:
    patch = Patcher(560.0, 200.0)
    patch.comment(
        "Latentone: play the latent space. Start latentone play --config patches/max/latentone.yaml first.", 20.0, 10.0
    )
    control = patch.object("pcontrol", 20.0, 150.0)
    demos = ("latentone.knobs.maxpat", "latentone.pattern.maxpat", "latentone.follow.maxpat", "latentone.maxhelp")
    for row, name in enumerate(demos):
        patch.connect(patch.message(f"load {name}", 20.0, 40.0 + 26.0 * row), control)
    return patch


PATCHES: dict[str, Callable[[], Patcher]] = {
    "patchers/latentone.maxpat": abstraction,
    "help/latentone.maxhelp": help_patch,
    "examples/latentone.knobs.maxpat": knobs,
    "examples/latentone.pattern.maxpat": pattern,
    "examples/latentone.follow.maxpat": follow,
    "extras/Latentone.maxpat": extras,
}


def package_info() -> str:
    names = [name.partition("/") for name in (*PATCHES, "javascript/latentone.words.js")]
    files = {folder: [file for of, _, file in names if of == folder] for folder, _, _ in names}
    system = {"min_version": "none", "platform": ["x64", "aarch64"]}
    info = {
        "name": "Latentone",
        "displayname": "Latentone",
        "version": "0.1.0",
        "author": "Latentone",
        "description": "Plays the latent space of trained decoders on a Latentone server, over OSC.",
        "tags": ["osc", "synthesis", "machine learning", "vae"],
        "website": "",
        "homepatcher": "Latentone.maxpat",
        "max_version_min": "8.0",
        "max_version_max": "none",
        "os": {"macintosh": system, "windows": {**system, "platform": ["x64"]}},
        "filelist": files,
    }
    return json.dumps(info, indent="\t") + "\n"


def main() -> None:
    for name, make in PATCHES.items():
        (PACKAGE / name).parent.mkdir(parents=True, exist_ok=True)
        (PACKAGE / name).write_text(make().to_json())
    (PACKAGE / "package-info.json").write_text(package_info())


if __name__ == "__main__":
    main()
