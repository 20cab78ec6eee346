"""The table of the namespace: what can be said to the instrument, in which types and ranges, and what comes back."""

from __future__ import annotations

from dataclasses import replace

from ..arguments import Argument
from ..packets import INT32_MAX
from .row import ENDS, GAIN_DB, NAME, NAMES, OVER_S, SHARE, SWITCH, TARGET, Address, StatusReply
from .sound_rows import INPUT, LATENTS, MOTION, SOUND
from .source_rows import SOURCES

_PRESETS = (
    Address(
        "/preset/store", (NAME,), "Keeps where the knobs of voice 0 are under a name.", "server", "/done /preset/store"
    ),
    Address(
        "/preset/recall",
        (NAME, replace(OVER_S, optional=True)),
        "Brings the knobs of all voices there, within over_s or the usual glide; in a bundle, at the bundle's time.",
        "server",
        "/done /preset/recall",
    ),
    Address(
        "/preset/slerp",
        (NAME, OVER_S),
        "As /preset/recall, along an arc as /slerp_to.",
        "server",
        "/done /preset/slerp",
    ),
    Address(
        "/preset/path",
        (OVER_S, NAMES),
        "Goes over_s along a smooth curve through presets, as /spline_to.",
        "server",
        "/done /preset/path",
    ),
    Address(
        "/preset/morph",
        (replace(SHARE, name="x"), replace(NAME, name="left"), replace(NAME, name="right")),
        "Brings the knobs to a place between two presets: 0 is the left, 1 the right.",
        "server",
    ),
    Address(
        "/preset/morph4",
        (
            replace(SHARE, name="x"),
            replace(SHARE, name="y"),
            *(replace(NAME, name=name) for name in ("lower_left", "lower_right", "upper_left", "upper_right")),
        ),
        "Brings the knobs to a place between four presets at the corners of a square.",
        "server",
    ),
    Address("/preset/delete", (NAME,), "Forgets a preset.", "server", "/done /preset/delete"),
    Address("/preset/list", (), "Names the presets.", "server", "/preset/list.reply name…"),
)

_MODELS = (
    Address("/model/list", (), "Names the models that can be loaded.", "server", "/model/list.reply name…"),
    Address(
        "/model/load",
        (NAME, Argument("runtime", "string", choices=("auto", "fused", "onnx", "torchscript"), optional=True)),
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

_ATTRIBUTES = (
    Address(
        "/model/attributes",
        (),
        "Tells the attributes that a TorchScript model of others has, as nn~ knows them: the kinds of their values, and what "
        "they are.",
        "server",
        "/model/attributes.reply name kinds value…, for each; then /done /model/attributes",
    ),
    Address(
        "/model/attribute",
        (NAME, Argument("value", "value", repeated=True, times=16)),
        "Sets an attribute of the model that plays, in all voices, between two blocks; numbers, words, 0 and 1 for switches.",
        "server",
        "/done /model/attribute name",
    ),
)

_HEARING = (
    Address("/input/gain_db", (GAIN_DB,), "How loud the live input is heard by the model's encoder.", "server"),
    Address(
        "/input/info",
        (),
        "Tells what is heard, by which model, how loud, how late, and how often a frame was missing or left out.",
        "server",
        "/input/info.reply source model level_db latency_ms load frames starved skipped",
    ),
)

_MAPS = (
    Address(
        "/map/learn",
        (TARGET, *ENDS),
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
            TARGET,
            *ENDS,
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
        (NAME,),
        "Records the sound, and all that moves it as a score that `latentone render` plays again, under a name.",
        "server",
        "/done /record/start file",
    ),
    Address("/record/stop", (), "Ends the recording.", "server", "/record/stop.reply file seconds"),
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
        (SWITCH,),
        "Tells the sender (1) or no longer (0) what happens: /late, /underrun, /model/changed, /source/at and the like.",
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

TABLE: tuple[Address, ...] = (
    *LATENTS,
    *SOUND,
    *MOTION,
    *INPUT,
    *_HEARING,
    *_PRESETS,
    *_MODELS,
    *_ATTRIBUTES,
    *_MAPS,
    *_RECORDER,
    *SOURCES,
    *_SERVER,
)

NOTICES: dict[str, str] = {
    "/late": "address seconds: a message of a bundle came so long after its time, and took effect at once",
    "/underrun": "count: the sound ran dry; so often so far",
    "/dropped": "count: messages came faster than they could be played; so many were lost so far",
    "/model/changed": "name: another model plays",
    "/record/stopped": "file why: a recording ended by itself",
    "/source/ended": "name: a score or a data set came to its end",
    "/source/at": "name index label: a row or clip of a data set, by its number in the file, begins to be heard; of a "
    "label the first 100 characters",
    "/quitting": "the server ends",
}
"""What those hear who asked by `/notify`, without asking each time."""

REPLIES = frozenset({"/done", "/fail", "/synced", "/map/learned", *NOTICES} | {f"{row.pattern}.reply" for row in TABLE})
"""What a server says. A server that hears one must not answer, or two of them would talk for ever."""
