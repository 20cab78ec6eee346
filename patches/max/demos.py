"""The three demos: knobs, a pattern piece, and control by an analysis of sound."""

from __future__ import annotations

from patcher import Patcher

KNOBS = ("pitch", "pitch_2", "pitch_3", "brightness", "brightness_2", "pitch_4", "pitch_5", "loudness")
"""Of the shipped model, the first eight."""


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
