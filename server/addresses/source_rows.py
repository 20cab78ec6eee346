"""The rows for sources: scores and data sets that are played live, and rows and frames that arrive while it sounds."""

from __future__ import annotations

from ..arguments import Argument
from ..packets import INT32_MAX
from .row import DWELL_S, GLIDE_S, INPUTS, NAME, PER, SWITCH, Address

SOURCES = (
    Address(
        "/source/list", (), "Names the scores and data sets that can be played.", "server", "/source/list.reply name…"
    ),
    Address(
        "/source/<source>/play",
        (),
        "Plays a score or a data set from its beginning, live.",
        "server",
        "/done /source/<source>/play",
    ),
    Address("/source/<source>/stop", (), "Ends it.", "server", "/done /source/<source>/stop"),
    Address(
        "/source/<source>/rate",
        (Argument("times", low=0.01, high=100.0), PER),
        "How fast it goes: times as fast as written, or per beat also with the tempo, which is then as written at 120.",
        "server",
    ),
    Address("/source/<source>/loop", (SWITCH,), "Whether it begins again at its end.", "server"),
    Address(
        "/source/<source>/seek",
        (Argument("place", low=0.0, high=float(INT32_MAX), unit="items"),),
        "Goes to a place in a data set, counted in rows or clips of its order: 2.5 is half through the third. Where it does "
        "not play, the place sounds at once, and stays.",
        "server",
    ),
    Address(
        "/source/<source>/index",
        (Argument("index", "int", low=0, high=INT32_MAX),),
        "As /source/<source>/seek, to the beginning of a row or clip by its number in the file, from 0.",
        "server",
    ),
    Address(
        "/source/<source>/row",
        (INPUTS,),
        "Encodes a row of values in the data's own units, in the order of the encoder's columns, and plays it at once.",
        "server",
    ),
    Address(
        "/source/<source>/frame",
        (INPUTS,),
        "As /source/<source>/row, for the next frame of a live movement; /source/<source>/stop begins a new one.",
        "server",
    ),
    Address("/source/<source>/dwell_s", (DWELL_S,), "Time from one row to the next, at rate 1.", "server"),
    Address(
        "/source/<source>/glide_s",
        (GLIDE_S,),
        "Time that the knobs take from one row to the next, no longer than the row stays; a movement is smoothed by it.",
        "server",
    ),
    Address(
        "/source/<source>/order",
        (Argument("order", "string"),),
        "In which order a data set is played: file, label, path (the shortest way through the latents that was found), or "
        "by a column's name; backwards with - before it.",
        "server",
        "/done /source/<source>/order",
    ),
    Address(
        "/source/<source>/coupling",
        (NAME,),
        "How the latents of the data become knobs: direct, standardise, quantile, whiten, transport or learned, fitted anew.",
        "server",
        "/done /source/<source>/coupling",
    ),
)
