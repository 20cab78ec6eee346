"""The help patch, with a message for every address, and the entry of the Extras menu."""

from __future__ import annotations

from patcher import Patcher

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
        "glide_beats 1.",
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
    "data sets, such as digits": (
        "source sweep seek 2.5",
        "source sweep index 3",
        "source sweep dwell_s 0.5",
        "source sweep glide_s 0.1",
        "source sweep order -label",
        "source sweep coupling quantile",
        "source sweep row 0.5 0.25 0.75",
        "source sweep frame 0.5 0.25 0.75",
    ),
    "server": ("status", "sync 7", "notify 1", "clearSched", "version", "help /latent", "help", "quit"),
}
COLUMNS = (
    ("knobs of all voices", "sound"),
    ("one voice (latentone play --voices 4)", "motion"),
    ("presets", "models", "raw OSC"),
    ("what moves a knob", "recorder and scores", "server"),
    ("data sets, such as digits",),
)
"""How the help patch is laid out."""


def help_patch() -> Patcher:
    patch = Patcher(1500.0, 800.0)
    patch.comment("latentone plays a Latentone server. Start one that answers Max at a port of its own:", 20.0, 10.0)
    patch.comment("latentone play --config patches/max/latentone.yaml --voices 4", 20.0, 30.0)
    say = "s latentone-help-say"
    for x, groups in zip((20.0, 300.0, 590.0, 920.0, 1220.0), COLUMNS, strict=True):
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
