"""`latentone doctor`: every probe in turn, told in plain words or as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from ...export.runtime.load import SHIPPED_MODELS
from ..config import Config, load_config
from .finding import Finding, State, find

MARKS: dict[State, tuple[str, str]] = {"ok": ("ok", "green"), "advice": ("look", "yellow"), "fault": ("fault", "red")}
ANY_MODEL = "voice.onnx"


def doctor(
    config: Annotated[Path | None, typer.Option(help="Settings that go over config.yaml.")] = None,
    latency_ms: Annotated[float | None, typer.Option(help="Sound kept ready in advance, as in play.")] = None,
    block: Annotated[int | None, typer.Option(help="Samples made at a time, as in play.")] = None,
    seconds: Annotated[float, typer.Option(min=1.0, max=600.0, help="How long to play, silently, to measure.")] = 3.0,
    as_json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """Look at what there is to play with, play silently for some seconds, and say how late the sound is and why.

    \b
      latentone doctor                                          everything
      latentone doctor --latency-ms 5 --block 64 --seconds 60   whether that holds here

    Ends with status 1 only if nothing can play.
    """
    findings = examine(config, {"audio.latency_ms": latency_ms, "audio.block_samples": block}, seconds)
    if as_json:
        print(json.dumps([finding.as_json() for finding in findings], indent=2))
    else:
        tell(findings, Console())
    if any(finding.name == "sound" and finding.state == "fault" for finding in findings):
        raise typer.Exit(1)


def examine(config: Path | None, flags: dict[str, object], seconds: float) -> list[Finding]:
    """Every finding; no probe keeps another from its turn."""

    # Imported one by one, as a broken library is one finding and not the end.
    def installed() -> Finding:
        from .system import installed

        return installed()

    def real_time() -> Finding:
        from .system import real_time

        return real_time()

    def kernel() -> Finding:
        from .system import kernel

        return kernel()

    def devices() -> Finding:
        from .outside import devices

        return devices()

    def midi() -> Finding:
        from .outside import midi

        return midi()

    def providers() -> Finding:
        from .outside import providers

        return providers(SHIPPED_MODELS / ANY_MODEL)

    def settings() -> Finding:
        load_config(config, flags)
        return Finding("settings", "ok", [str(config) if config else "as shipped"])

    def sound() -> Finding:
        from .sound import sound

        return sound(_settings(config, flags), seconds)

    probes: dict[str, Callable[[], Finding]] = {
        "installed": installed,
        "settings": settings,
        "real time": real_time,
        "kernel": kernel,
        "devices": devices,
        "MIDI": midi,
        "providers": providers,
        "sound": sound,
    }
    return [find(name, probe) for name, probe in probes.items()]


def _settings(config: Path | None, flags: dict[str, object]) -> Config:
    """Those asked for, or where they are wrong, which is a finding already, those that are shipped."""
    try:
        return load_config(config, flags)
    except Exception:
        return load_config(None, {})


def tell(findings: list[Finding], console: Console) -> None:
    for finding in findings:
        mark, style = MARKS[finding.state]
        for number, line in enumerate(finding.says):
            head = Text(f"{mark:<6}", style) + Text(f"{finding.name:<10}") if number == 0 else Text(" " * 16)
            console.print(head + Text(line), soft_wrap=True, highlight=False)
    changes = [(finding.name, change) for finding in findings for change in finding.change]
    console.print()
    if not changes:
        console.print("Nothing to change.")
    for name, change in changes:
        console.print(Text(f"{name}: ", "bold") + Text(change), soft_wrap=True, highlight=False)
