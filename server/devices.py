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
      latentone play --device "usb"      by a part of its name
    """
    found = output_devices()
    if not found:
        raise LatentoneError("there is no audio output device: connect one, or start a sound server (JACK, PipeWire)")
    table = Table("index", box=None)
    table.add_column("name", overflow="fold")  # whole, as it is what --device takes
    for title in ("host API", "channels", "default rate"):
        table.add_column(title)
    for device in found:
        cells = (device.index, device.name, device.host_api, device.channels, f"{device.sample_rate_hz} Hz")
        table.add_row(*map(str, cells))
    Console(markup=False, highlight=False).print(table)  # names have brackets in them
