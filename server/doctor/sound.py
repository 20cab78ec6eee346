"""The probe that plays: a few seconds of the settings' model, silent, on the device or without one, with a look at the clock."""

from __future__ import annotations

import io
from contextlib import ExitStack
from typing import Any

import numpy as np
from rich.console import Console

from ..audio.device import DeviceSink
from ..audio.null import NullSink
from ..config import Config
from ..events import EventQueue
from ..instrument import Running, choose_decoder, new_engine
from ..output import open_sink
from ..process import undisturbed
from .finding import Finding
from .measured import MeasuredSink

BUSY = 0.7
"""A load above this leaves little for what else happens."""
SILENCE_DB = -90.0


def sound(config: Config, seconds: float) -> Finding:
    """Play for `seconds` as `latentone play` would, and say how late the sound is, part by part."""
    with ExitStack() as stack:
        config = _silent(config)
        choice = choose_decoder(config, Console(file=io.StringIO()))
        sink, why_null = open_sink(stack, config, choice.decoder.manifest)
        assert isinstance(sink, DeviceSink | NullSink)
        measured = MeasuredSink(sink)
        engine = new_engine(config, choice.decoder, measured, EventQueue(), None)
        engine.layer.warm_up()
        stack.enter_context(undisturbed())
        with Running(engine, seconds, in_real_time=True) as running:
            running.start()
            running.done.wait(seconds + 30)
        status = engine.status()
        manifest = choice.decoder.manifest
        parts = _parts(
            config.audio.block_samples / measured.sample_rate_hz,
            np.array(measured.ahead_s or [sink.latency_s]),
            sink.device_latency_s if isinstance(sink, DeviceSink) else 0.0,
            engine.layer.delay_s,
            manifest.latency_samples / manifest.sample_rate_hz,
        )
        spare_ms = float(min(measured.spare_s, default=0.0)) * 1000 - parts["device"]["median_ms"]
        causes = sink.underruns_by_cause._asdict() if isinstance(sink, DeviceSink) else {"ring_dry": sink.underruns}
        facts: dict[str, Any] = {
            "model": manifest.name,
            "runtime": choice.decoder.runtime,
            "output": sink.describe(),
            "load": status.load,
            "load_peak": status.load_peak,
            "underruns": causes,
            "least_spare_ms": spare_ms,
            "latency": parts,
        }
    says = [f"{facts['model']} on {facts['runtime']}", f"into {facts['output']}"]
    says += [
        f"control to sound: {parts['total']['median_ms']:.1f} ms as a rule, {parts['total']['late_ms']:.1f} ms at 95 %"
    ]
    says += [
        f"  {name:<10}{part['median_ms']:6.1f} ms, 95 % {part['late_ms']:.1f}"
        for name, part in parts.items()
        if name != "total" and part["late_ms"] > 0
    ]
    says.append(f"load {status.load:.0%}, worst block {status.load_peak:.0%}, underruns {sum(causes.values())}")
    change = [why_null] if why_null else []
    change += advice(config, facts)
    return Finding("sound", "advice" if change else "ok", says, change, facts)


def _silent(config: Config) -> Config:
    """The same, playing what nobody hears, and into no file."""
    sink = "auto" if config.audio.sink == "file" else config.audio.sink
    return config.model_copy(update={"audio": config.audio.model_copy(update={"gain_db": SILENCE_DB, "sink": sink})})


def _parts(
    block_s: float, ahead_s: np.ndarray, device_s: float, resampler_s: float, model_s: float
) -> dict[str, dict[str, float]]:
    """Milliseconds as a rule (median) and at 95 % of all moments, in the order in which they are waited for."""
    parts = {
        "block": (block_s / 2, 0.95 * block_s),  # a control comes at any moment of a block, and waits for the next
        "ring": tuple(np.quantile(ahead_s - device_s, [0.5, 0.95])),
        "device": (device_s, device_s),
        "resampler": (resampler_s, resampler_s),
        "model": (model_s, model_s),
    }
    parts["total"] = tuple(np.sum(list(parts.values()), axis=0))
    return {name: {"median_ms": 1000 * float(p[0]), "late_ms": 1000 * float(p[1])} for name, p in parts.items()}


def advice(config: Config, facts: dict[str, Any]) -> list[str]:
    """What to change, by what was measured."""
    causes, lines = facts["underruns"], []
    if facts["load"] > 1:
        lines.append(
            "this machine does not keep up with the model: a smaller model, or another --runtime; `latentone bench`"
        )
    elif facts["load"] > BUSY:
        lines.append(f"the model takes {facts['load']:.0%} of a core: close what else is busy, or use a smaller model")
    if causes["ring_dry"] and facts["load"] <= 1:
        lines.append(
            f"the engine was late {_times(causes['ring_dry'])}: more than --latency-ms {config.audio.latency_ms:g}"
        )
    if causes.get("device_late"):
        lines.append(
            f"the device itself was late {_times(causes['device_late'])}: a longer period in the sound server "
            "(jackd -p 256), or real time for it (jackd -R)"
        )
    if causes.get("lost"):
        lines.append("the device went away while it played: look at its cable, or at the sound server's log")
    spare_ms, latency_ms = facts["least_spare_ms"], config.audio.latency_ms
    if not lines and spare_ms > latency_ms / 2 and latency_ms > 10:
        enough_ms = max(5, round(latency_ms - spare_ms / 2))
        lines.append(
            f"{spare_ms:.0f} ms were never needed: --latency-ms {enough_ms} answers faster, if it stays so quiet here"
        )
    return lines


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
