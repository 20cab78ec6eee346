"""The rows for the engine: knobs, sound, voices and motion."""

from __future__ import annotations

from ..arguments import Argument
from .row import (
    ATTACK_S,
    DECAY_S,
    DEPTH,
    GAIN_DB,
    GATE,
    GLIDE_CURVE,
    GLIDE_S,
    KNOB,
    KNOBS,
    MOST_PLACES,
    OFFSET,
    OVER_S,
    PAN,
    PER,
    PLACES,
    RATE,
    RELEASE_S,
    SCALE,
    SHARE,
    SHARES,
    STEP,
    STEPS,
    SUSTAIN,
    SWITCH,
    TEMPERATURE,
    TEMPO_BPM,
    Address,
)

LATENTS = (
    Address(
        "/latent",
        (KNOBS,),
        "Turns the knobs 0, 1, 2 … of all voices, in order; -1 to 1 is the middle 95 % of what the model learned from. "
        "Fewer values leave the other knobs where they are.",
    ),
    Address("/latent/<knob>", (KNOB,), "Turns one knob of all voices, by index or by name."),
    Address("/latent_norm", (SHARES,), "As /latent, from 0 to 1: 0.5 is the middle, 0 and 1 are -1 and 1."),
    Address("/latent_norm/<knob>", (SHARE,), "As /latent/<knob>, from 0 to 1."),
    Address("/latent_add", (STEPS,), "Turns the knobs 0, 1, 2 … by so much from where they are meant to be."),
    Address("/latent_add/<knob>", (STEP,), "Turns one knob by so much from where it is meant to be."),
    Address(
        "/glide_to",
        (OVER_S, KNOBS),
        "As /latent, but the way there takes over_s; turning a knob meanwhile ends the slow way.",
    ),
    Address(
        "/slerp_to",
        (OVER_S, KNOBS),
        "As /glide_to, along the arc of a sphere: the distance from the middle goes evenly, so that a way between two "
        "far places does not cross the dull middle. A touched knob leaves the way.",
    ),
    Address(
        "/spline_to",
        (OVER_S, PLACES),
        "Goes over_s along a smooth curve (a Catmull-Rom spline) through several places, given one after another with a "
        f"value for every knob; at most {MOST_PLACES}. A touched knob leaves the way.",
    ),
    Address("/glide_s", (GLIDE_S,), "Time that a knob takes to reach a new value."),
    Address(
        "/glide_beats",
        (Argument("beats", low=0.0, high=64.0),),
        "As /glide_s, in beats: the time follows the tempo, until a /glide_s.",
    ),
    Address(
        "/glide_curve",
        (GLIDE_CURVE,),
        "How a knob goes there: damped, quick at first and gentle at the end (critically damped), or linear, with one speed.",
    ),
)

SOUND = (
    Address("/gain_db", (GAIN_DB,), "Loudness of the output; -90 is silence."),
    Address(
        "/temperature",
        (TEMPERATURE,),
        "How freely the decoder draws the samples of all voices: low is pure, high is noisy.",
    ),
    Address(
        "/envelope",
        (ATTACK_S, DECAY_S, SUSTAIN, RELEASE_S),
        "How gates open and close: rise, fall to the share of sustain, and release, each along a straight line.",
    ),
    Address("/voice/<voice>/latent", (KNOBS,), "As /latent, for one voice."),
    Address("/voice/<voice>/latent/<knob>", (KNOB,), "As /latent/<knob>, for one voice."),
    Address("/voice/<voice>/latent_norm", (SHARES,), "As /latent_norm, for one voice."),
    Address("/voice/<voice>/latent_norm/<knob>", (SHARE,), "As /latent_norm/<knob>, for one voice."),
    Address("/voice/<voice>/latent_add", (STEPS,), "As /latent_add, for one voice."),
    Address("/voice/<voice>/latent_add/<knob>", (STEP,), "As /latent_add/<knob>, for one voice."),
    Address("/voice/<voice>/gain_db", (GAIN_DB,), "Loudness of one voice; at -90 it is silent and is not computed."),
    Address(
        "/voice/<voice>/pan",
        (PAN,),
        "Place of one voice between left, -1, and right, 1; heard when two channels go out.",
    ),
    Address(
        "/voice/<voice>/gate",
        (GATE,),
        "Lets one voice sound, as loud as the gate is open (1 is full), or fade out (0); voice 0 sounds from the start. "
        "One that is silent is not computed.",
    ),
    Address("/voice/<voice>/temperature", (TEMPERATURE,), "As /temperature, for one voice."),
    Address("/panic", (), "Sends knobs, gains, temperature, glide and voices back to where they started; motions end."),
)

MOTION = (
    Address(
        "/motion/lfo/<knob>",
        (
            RATE,
            DEPTH,
            Argument("shape", "string", choices=("sine", "triangle", "square", "saw"), optional=True),
            PER,
        ),
        "Swings one knob around where it is, rate times a second or a beat, so far to either side; turning the knob ends it.",
    ),
    Address(
        "/motion/walk/<knob>",
        (RATE, DEPTH, PER),
        "Lets one knob wander at random around where it is, with about rate turns a second or a beat; turning it ends it.",
    ),
    Address("/motion/stop", (), "Ends every motion where it is."),
    Address("/motion/stop/<knob>", (), "Ends the motion of one knob where it is."),
    Address("/tempo_bpm", (TEMPO_BPM,), "Beats a minute; MIDI clock sets it, too."),
    Address(
        "/transport",
        (SWITCH,),
        "Lets motions and scores that go by beats run (1) or stand (0), as MIDI start and stop do.",
    ),
)

INPUT_MODE = Argument("mode", "string", choices=("add", "replace", "off"))

INPUT = (
    Address(
        "/input/mix",
        (Argument("mix", low=0.0, high=1.0),),
        "How far the live input moves the knobs: 0 is not at all, 1 to where it says.",
    ),
    Address("/input/scale", (SCALE,), "How far all knobs follow what is heard: 1 is as the model's encoder hears it."),
    Address("/input/scale/<knob>", (SCALE,), "The same for one knob, times that of all."),
    Address("/input/offset", (OFFSET,), "What is added to what is heard, on all knobs."),
    Address("/input/offset/<knob>", (OFFSET,), "The same for one knob, besides that of all."),
    Address(
        "/input/mode",
        (INPUT_MODE,),
        "What all knobs do: add what the performer has turned them to what is heard, let what is heard replace them, or "
        "stay out of it (off), and be the performer's alone.",
    ),
    Address("/input/mode/<knob>", (INPUT_MODE,), "The same for one knob."),
)
