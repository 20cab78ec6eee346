"""`latentone devices`: what `--device` can name."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from ..export.errors import LatentoneError
from .audio.devices import output_devices


def devices() -> None:
    """List the audio devices that can play; the one at the top is taken when none is named.

    \b
      latentone devices
      latentone play --device 3          by index
      latentone play --device "usb"      by a part of its name, or a pattern such as "usb*stereo*"

    Latency is what the device asks for when it is to be quick, and when it is to be safe. `audio.host_api` and
    `audio.exclusive` in the settings narrow the choice.
    """
    found = output_devices()
    if not found:
        raise LatentoneError("there is no audio output device: connect one, or start a sound server (JACK, PipeWire)")
    table = Table("index", box=None)
    table.add_column("name", overflow="fold")  # whole, as it is what --device takes
    for title in ("host API", "default", "channels", "latency", "rates"):
        table.add_column(title)
    for device in found:
        rates = [f"{rate_hz / 1000:g}" for rate_hz in device.sample_rates_hz if rate_hz != device.sample_rate_hz]
        table.add_row(
            str(device.index),
            device.name,
            device.host_api,
            "default" if device.default else "",
            str(device.channels),
            f"{device.low_latency_s * 1000:.1f} to {device.high_latency_s * 1000:.1f} ms",
            f"{device.sample_rate_hz / 1000:g} kHz" + (f", also {' '.join(rates)}" if rates else ""),
        )
    Console(markup=False, highlight=False).print(table)  # names have brackets in them
