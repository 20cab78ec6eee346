"""The one calm screen of a playing server: what it plays, where to send, how it is doing."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from .counted import counted
from .status import Status


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds from a control to its sound, part by part."""

    block_s: float
    """An event waits at most so long until the next block is made."""
    sink_s: float
    resampler_s: float
    model_s: float
    frame_s: float = 0.0
    """What it waits longer where the model makes more than a block at a time, the rest of which is kept."""

    @property
    def total_s(self) -> float:
        return self.block_s + self.frame_s + self.sink_s + self.resampler_s + self.model_s

    def __str__(self) -> str:
        parts = {
            "block": self.block_s,
            "the model's frame": self.frame_s,
            "output": self.sink_s,
            "resampler": self.resampler_s,
            "model": self.model_s,
        }
        sum_of = " + ".join(f"{name} {seconds * 1000:.0f}" for name, seconds in parts.items() if seconds > 0)
        return f"{self.total_s * 1000:.0f} ms at most ({sum_of})"


class Screen:
    """Rows of facts, and in a terminal a line below them that lives. Elsewhere they are printed, once.

    A context manager; one thread calls `update`, any thread may call `say`.
    """

    def __init__(self, console: Console, facts: list[tuple[str, str]], voices: int = 1) -> None:
        self._console = console
        self._voices = voices
        self._facts = facts
        self._live = Live(console=console, auto_refresh=False) if console.is_terminal else None

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        else:
            for name, fact in self._facts:
                self._print(f"{name:<9} {fact}")
        return self

    def __exit__(self, *exc: object) -> None:
        if self._live is not None:
            self._live.stop()

    def update(self, status: Status) -> None:
        """Show how it goes now."""
        if self._live is not None:
            self._live.update(Group(self._table(), Text(), _status_line(status, self._voices)), refresh=True)

    def say(self, text: str) -> None:
        """One line that stays, above the rest."""
        self._print(Text(text, style="yellow"))

    def farewell(self, status: Status) -> None:
        """The last line: what the evening was like."""
        lost = f", {counted(status.events_dropped, 'message')} dropped" if status.events_dropped else ""
        self._print(
            f"played {status.seconds:.1f} s, underruns {status.underruns}, "
            f"load {status.load:.0%} (worst block {status.load_peak:.0%}){lost}"
        )

    def _print(self, line: RenderableType) -> None:
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 2))
        table.add_column(style="dim", no_wrap=True)
        table.add_column(overflow="fold")
        for name, fact in self._facts:
            table.add_row(name, Text(fact, style="bold" if name == "try" else ""))
        return table


def too_slow(times_real_time: float, voices: int, runtime_chosen: bool) -> str:
    """What to say before it begins, where the decoder was measured not to keep up; empty where it does.

    runtime_chosen: whether it is the fastest there is, and not the one that was asked for.
    """
    if times_real_time >= 1:
        return ""
    sounding = f" with all {voices} voices sounding" if voices > 1 else ""
    advice = ["fewer --voices"] * (voices > 1) + ["a smaller model"]
    if not runtime_chosen:
        advice.append("--runtime auto, without a --provider")
    return (
        f"this machine makes {times_real_time:.2f} s of sound a second{sounding}, so there will be gaps: "
        f"try {', or '.join(advice)}; `latentone bench` shows what plays here"
    )


def in_lumps(step_s: float, times_real_time: float, latency_ms: float) -> str:
    """What to say where a decoder makes so much at once that less than that is kept ready; empty where enough is."""
    lump_ms = 1e3 * step_s / times_real_time
    if times_real_time < 1 or lump_ms < latency_ms:
        return ""
    return (
        f"the model makes {1e3 * step_s:.0f} ms of sound at a time, which takes {lump_ms:.0f} ms here: try --latency-ms "
        f"{2 * lump_ms:.0f}, or there will be gaps"
    )


def troubles(status: Status, latency_ms: float, settled: bool) -> Iterator[tuple[str, str]]:
    """What goes wrong, by kind, with what to do about it."""
    if status.faults:
        yield "fault", f"the decoder failed and went on from its initial state: {status.first_fault}"
    if settled and status.load > 1:
        yield (
            "slow",
            f"the decoder makes {1 / status.load:.2f} s of sound a second here, so there are gaps: "
            "try a smaller model, or another --runtime or --provider; `latentone render` has all the time it needs",
        )
    elif settled and status.underruns:
        yield (
            "underruns",
            f"the sound ran dry, though the decoder keeps up (load {status.load:.0%}, worst block "
            f"{status.load_peak:.0%}): try more than --latency-ms {latency_ms:g}, or close what else is busy",
        )
    if status.peak > 1:
        yield "clipping", f"the output is {20 * math.log10(status.peak):.1f} dB too loud and clips: lower /gain_db"


def _status_line(status: Status, voices: int) -> Text:
    minutes, seconds = divmod(int(status.seconds), 60)
    line = Text(f"{minutes}:{seconds:02}  ")
    line.append(f"load {status.load:.0%}, worst block {status.load_peak:.0%}  ", "red" if status.load > 1 else "")
    line.append(f"underruns {status.underruns}  ", "red" if status.underruns else "")
    if voices > 1:
        line.append(f"voices {status.voices} of {voices}  ")
    if status.events_dropped:
        line.append(f"messages dropped {status.events_dropped}  ", "red")
    if status.idle:
        line.append("drifting by itself until a knob is turned", "dim")
    return line
