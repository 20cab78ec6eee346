"""The ear that the settings ask for, and the encoder of whichever model plays."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from ...export.errors import LatentoneError
from ..audio.capture import DeviceSound
from ..config import Config
from ..engine import Engine
from ..layer import Layer
from .ear import Ear, LiveEncoder
from .sounds import FileSound, Sound


def open_ear(stack: ExitStack, config: Config) -> Ear | None:
    """An ear for the input that the settings name, which hears nothing yet; None where there is none. `stack` closes the input.

    Raises LatentoneError, one line, when the input cannot be had.
    """
    return None if config.input.source == "none" else Ear(_sound(stack, config), config.input.gain_db)


def encoder_for(config: Config, layer: Layer) -> LiveEncoder:
    """The encoder of the model that `layer` plays. Raises LatentoneError, one line, where it has none that fits."""
    from ...export.runtime.load import load_live_encoder  # it loads ONNX Runtime or torch, for which few wait

    file = config.with_model(layer.name).model_file()
    encoder = load_live_encoder(file, config.model.sample_rate_hz)
    heard, played = len(encoder.manifest.latents), len(layer.manifest.latents)
    if heard != played:
        raise LatentoneError(f"{file}: hears {heard} latents and plays {played}, so no input can move its knobs")
    return encoder


def hear_anew(ear: Ear, config: Config, engine: Engine, say: Callable[[str], object]) -> None:
    """Let another model, which has begun to play, hear by its own encoder; one that cannot plays on, and `say` hears why."""
    layer = engine.layer
    try:
        feed = ear.follow(encoder_for(config, layer))
    except LatentoneError as error:
        ear.rest()
        say(f"the input is not heard: {error}")
        return
    engine.ask(lambda: layer.listen(feed))


def input_flags(input: str | None, device: str | None) -> dict[str, object]:
    """The settings that the flags of `play` mean."""
    if input is None or input in ("none", "device"):
        return {"input.source": input or ("device" if device is not None else None), "input.device": device}
    return {"input.source": "file", "input.file": Path(input), "input.device": device}


def _sound(stack: ExitStack, config: Config) -> Sound:
    settings = config.input
    if settings.source == "device":
        return stack.enter_context(DeviceSound(settings.device, config.audio.host_api))
    assert settings.file is not None  # the settings were checked
    return FileSound(settings.file, loop=settings.loop)
