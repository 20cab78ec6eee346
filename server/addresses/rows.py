"""The rows of the namespace: what can be said to the instrument, in which types and ranges, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from ..arguments import Argument
from ..packets import INT32_MAX


@dataclass(frozen=True, slots=True)
class Address:
    """One row of the table."""

    pattern: str
    """`<knob>` stands for the index or the name of a latent, `<voice>` for the index of a voice, `<source>` for the name
    of a score that can be played."""
    arguments: tuple[Argument, ...]
    does: str
    answered_by: Literal["engine", "server"] = "engine"
    """The engine gets a ControlEvent; for the server, the desk answers."""
    reply: str = ""
    """What goes back to the sender when all is well; otherwise it is `/fail <address> <why>`."""

    def usage(self) -> str:
        """For people: `/gain_db gain_db (-90 to 24 dB)`."""
        return " ".join([self.pattern, *(argument.usage() for argument in self.arguments)])


class StatusReply(NamedTuple):
    """What `/status` tells, in the order of `/status.reply`."""

    model: str
    latents: int
    underruns: int
    load: float
    """Time that decoding takes for each second of sound; above 1 it cannot keep up."""
    load_peak: float
    latency_ms: float
    sample_rate_hz: int
    events_dropped: int
    events_late: int
    packets_malformed: int = 0
    """Counted by the desk, which also adds the late events that it saw."""
    voices: int = 1
    """How many of them sound."""
    packets_turned_away: int = 0
    """Counted by the desk: of hosts that are not allowed to send."""


KNOB = Argument("value", low=-4.0, high=4.0)
GAIN_DB = Argument("gain_db", low=-90.0, high=24.0, unit="dB")
TEMPERATURE = Argument("temperature", low=0.0, high=2.0)
GLIDE_S = Argument("glide_s", low=0.0, high=60.0, unit="s")
GLIDE_CURVE = Argument("curve", "string", choices=("damped", "linear"))
TEMPO_BPM = Argument("tempo_bpm", low=20.0, high=300.0, unit="beats a minute")
ATTACK_S = Argument("attack_s", low=0.001, high=60.0, unit="s")
DECAY_S = Argument("decay_s", low=0.001, high=60.0, unit="s")
SUSTAIN = Argument("sustain", low=0.0, high=1.0)
RELEASE_S = Argument("release_s", low=0.001, high=60.0, unit="s")
MOST_PLACES = 16
"""Of one way through the latent space, and of presets on it."""

_KNOBS = replace(KNOB, repeated=True)
_PLACES = replace(_KNOBS, times=MOST_PLACES)
_SHARE = Argument("place", low=0.0, high=1.0)
_SHARES = replace(_SHARE, repeated=True)
_STEP = Argument("step", low=-8.0, high=8.0)
_STEPS = replace(_STEP, repeated=True)
_PAN = Argument("pan", low=-1.0, high=1.0)
_GATE = Argument("gate", low=0.0, high=1.0)
_OVER_S = Argument("over_s", low=0.0, high=3600.0, unit="s")
_NAME = Argument("name", "string")
_NAMES = replace(_NAME, repeated=True, times=MOST_PLACES)
_SWITCH = Argument("on", "int", low=0, high=1)
_RATE = Argument("rate", low=0.0, high=50.0)
_DEPTH = Argument("depth", low=0.0, high=4.0)
_PER = Argument("per", "string", choices=("second", "beat"), optional=True)
_TARGET = Argument("target", "string")
_ENDS = tuple(Argument(name, low=-3600.0, high=3600.0, optional=True) for name in ("low", "high"))
"""In the units of the target, whatever it is."""

_LATENTS = (
    Address(
        "/latent",
        (_KNOBS,),
        "Turns the knobs 0, 1, 2 … of all voices, in order; -1 to 1 is the middle 95 % of what the model learned from. "
        "Fewer values leave the other knobs where they are.",
    ),
    Address("/latent/<knob>", (KNOB,), "Turns one knob of all voices, by index or by name."),
    Address("/latent_norm", (_SHARES,), "As /latent, from 0 to 1: 0.5 is the middle, 0 and 1 are -1 and 1."),
    Address("/latent_norm/<knob>", (_SHARE,), "As /latent/<knob>, from 0 to 1."),
    Address("/latent_add", (_STEPS,), "Turns the knobs 0, 1, 2 … by so much from where they are meant to be."),
    Address("/latent_add/<knob>", (_STEP,), "Turns one knob by so much from where it is meant to be."),
    Address(
        "/glide_to",
        (_OVER_S, _KNOBS),
        "As /latent, but the way there takes over_s; turning a knob meanwhile ends the slow way.",
    ),
    Address(
        "/slerp_to",
        (_OVER_S, _KNOBS),
        "As /glide_to, along the arc of a sphere: the distance from the middle goes evenly, so that a way between two "
        "far places does not cross the dull middle. A touched knob leaves the way.",
    ),
    Address(
        "/spline_to",
        (_OVER_S, _PLACES),
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

_SOUND = (
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
    Address("/voice/<voice>/latent", (_KNOBS,), "As /latent, for one voice."),
    Address("/voice/<voice>/latent/<knob>", (KNOB,), "As /latent/<knob>, for one voice."),
    Address("/voice/<voice>/latent_norm", (_SHARES,), "As /latent_norm, for one voice."),
    Address("/voice/<voice>/latent_norm/<knob>", (_SHARE,), "As /latent_norm/<knob>, for one voice."),
    Address("/voice/<voice>/latent_add", (_STEPS,), "As /latent_add, for one voice."),
    Address("/voice/<voice>/latent_add/<knob>", (_STEP,), "As /latent_add/<knob>, for one voice."),
    Address("/voice/<voice>/gain_db", (GAIN_DB,), "Loudness of one voice; at -90 it is silent and is not computed."),
    Address(
        "/voice/<voice>/pan",
        (_PAN,),
        "Place of one voice between left, -1, and right, 1; heard when two channels go out.",
    ),
    Address(
        "/voice/<voice>/gate",
        (_GATE,),
        "Lets one voice sound, as loud as the gate is open (1 is full), or fade out (0); voice 0 sounds from the start. "
        "One that is silent is not computed.",
    ),
    Address("/voice/<voice>/temperature", (TEMPERATURE,), "As /temperature, for one voice."),
    Address("/panic", (), "Sends knobs, gains, temperature, glide and voices back to where they started; motions end."),
)

_MOTION = (
    Address(
        "/motion/lfo/<knob>",
        (
            _RATE,
            _DEPTH,
            Argument("shape", "string", choices=("sine", "triangle", "square", "saw"), optional=True),
            _PER,
        ),
        "Swings one knob around where it is, rate times a second or a beat, so far to either side; turning the knob ends it.",
    ),
    Address(
        "/motion/walk/<knob>",
        (_RATE, _DEPTH, _PER),
        "Lets one knob wander at random around where it is, with about rate turns a second or a beat; turning it ends it.",
    ),
    Address("/motion/stop", (), "Ends every motion where it is."),
    Address("/motion/stop/<knob>", (), "Ends the motion of one knob where it is."),
    Address("/tempo_bpm", (TEMPO_BPM,), "Beats a minute; MIDI clock sets it, too."),
    Address(
        "/transport",
        (_SWITCH,),
        "Lets motions and scores that go by beats run (1) or stand (0), as MIDI start and stop do.",
    ),
)

_PRESETS = (
    Address(
        "/preset/store", (_NAME,), "Keeps where the knobs of voice 0 are under a name.", "server", "/done /preset/store"
    ),
    Address(
        "/preset/recall",
        (_NAME, replace(_OVER_S, optional=True)),
        "Brings the knobs of all voices there, within over_s or the usual glide; in a bundle, at the bundle's time.",
        "server",
        "/done /preset/recall",
    ),
    Address(
        "/preset/slerp",
        (_NAME, _OVER_S),
        "As /preset/recall, along an arc as /slerp_to.",
        "server",
        "/done /preset/slerp",
    ),
    Address(
        "/preset/path",
        (_OVER_S, _NAMES),
        "Goes over_s along a smooth curve through presets, as /spline_to.",
        "server",
        "/done /preset/path",
    ),
    Address(
        "/preset/morph",
        (replace(_SHARE, name="x"), replace(_NAME, name="left"), replace(_NAME, name="right")),
        "Brings the knobs to a place between two presets: 0 is the left, 1 the right.",
        "server",
    ),
    Address(
        "/preset/morph4",
        (
            replace(_SHARE, name="x"),
            replace(_SHARE, name="y"),
            *(replace(_NAME, name=name) for name in ("lower_left", "lower_right", "upper_left", "upper_right")),
        ),
        "Brings the knobs to a place between four presets at the corners of a square.",
        "server",
    ),
    Address("/preset/delete", (_NAME,), "Forgets a preset.", "server", "/done /preset/delete"),
    Address("/preset/list", (), "Names the presets.", "server", "/preset/list.reply name…"),
)

_MODELS = (
    Address("/model/list", (), "Names the models that can be loaded.", "server", "/model/list.reply name…"),
    Address(
        "/model/load",
        (_NAME, Argument("runtime", "string", choices=("auto", "fused", "onnx", "torchscript"), optional=True)),
        "Loads a model of the model folders aside and fades over to it; the sound goes on, and stays as it was if anything "
        "is wrong. A name is never a path. The runtime is that of the settings unless it is named.",
        "server",
        "/done /model/load name",
    ),
    Address(
        "/model/info",
        (),
        "Tells about the model that plays.",
        "server",
        "/model/info.reply name sample_rate_hz latents channels voices runtime",
    ),
    Address(
        "/model/knobs",
        (),
        "Tells each knob's index, name and resting place.",
        "server",
        "/model/knobs.reply index name home, for each; then /done /model/knobs",
    ),
)

_MAPS = (
    Address(
        "/map/learn",
        (_TARGET, *_ENDS),
        "The next control that is moved, MIDI or an OSC address of its own, is to move the target, such as /latent/3 or z3, "
        "from low to high.",
        "server",
        "/map/learned source target",
    ),
    Address("/map/cancel", (), "Learns no more.", "server", "/done /map/cancel"),
    Address(
        "/map/add",
        (
            Argument("source", "string"),
            _TARGET,
            *_ENDS,
            Argument("curve", "string", choices=("linear", "exponential", "s", "steps"), optional=True),
        ),
        "Lets a source move a target: `cc 20`, `cc14 1`, `nrpn 300`, `bend`, `pressure` with `channel 2` after it if one is "
        "meant, or an OSC address of a phone's slider, such as /1/fader1.",
        "server",
        "/done /map/add",
    ),
    Address(
        "/map/remove", (Argument("source", "string"),), "Forgets what a source moves.", "server", "/done /map/remove"
    ),
    Address(
        "/map/list",
        (),
        "Tells each mapping.",
        "server",
        "/map/list.reply source target low high curve, for each; then /done /map/list",
    ),
    Address("/map/save", (), "Writes the mappings into the settings file in use.", "server", "/done /map/save"),
)

_RECORDER = (
    Address(
        "/record/start",
        (_NAME,),
        "Records the sound, and all that moves it as a score that `latentone render` plays again, under a name.",
        "server",
        "/done /record/start file",
    ),
    Address("/record/stop", (), "Ends the recording.", "server", "/record/stop.reply file seconds"),
    Address("/source/list", (), "Names the scores that can be played.", "server", "/source/list.reply name…"),
    Address(
        "/source/<source>/play", (), "Plays a score from its beginning, live.", "server", "/done /source/<source>/play"
    ),
    Address("/source/<source>/stop", (), "Ends it.", "server", "/done /source/<source>/stop"),
    Address(
        "/source/<source>/rate",
        (Argument("times", low=0.01, high=100.0), _PER),
        "How fast it goes: times as fast as written, or per beat also with the tempo, which is then as written at 120.",
        "server",
    ),
    Address("/source/<source>/loop", (_SWITCH,), "Whether it begins again at its end.", "server"),
)

_SERVER = (
    Address("/status", (), "Tells how things are.", "server", "/status.reply " + " ".join(StatusReply._fields)),
    Address(
        "/sync",
        (Argument("id", "int", low=-INT32_MAX, high=INT32_MAX),),
        "Answers when everything sent before it has been taken in.",
        "server",
        "/synced id",
    ),
    Address(
        "/notify",
        (_SWITCH,),
        "Tells the sender (1) or no longer (0) what happens: /late, /underrun, /model/changed, /record/stopped and the like.",
        "server",
        "/done /notify",
    ),
    Address("/clearSched", (), "Forgets every timed message that is still to come.", "server", "/done /clearSched"),
    Address("/version", (), "Names the program.", "server", "/version.reply name version"),
    Address(
        "/help",
        (Argument("address", "string", optional=True),),
        "Explains one address, or all of them.",
        "server",
        "/help.reply usage what_it_does, for each; then /done /help",
    ),
    Address("/quit", (), "Ends the server.", "server", "/done /quit"),
)

TABLE: tuple[Address, ...] = (*_LATENTS, *_SOUND, *_MOTION, *_PRESETS, *_MODELS, *_MAPS, *_RECORDER, *_SERVER)

NOTICES: dict[str, str] = {
    "/late": "address seconds: a message of a bundle came so long after its time, and took effect at once",
    "/underrun": "count: the sound ran dry; so often so far",
    "/dropped": "count: messages came faster than they could be played; so many were lost so far",
    "/model/changed": "name: another model plays",
    "/record/stopped": "file why: a recording ended by itself",
    "/source/ended": "name: a score came to its end",
    "/quitting": "the server ends",
}
"""What those hear who asked by `/notify`, without asking each time."""

REPLIES = frozenset({"/done", "/fail", "/synced", "/map/learned", *NOTICES} | {f"{row.pattern}.reply" for row in TABLE})
"""What a server says. A server that hears one must not answer, or two of them would talk for ever."""
