"""What a player meets of a decoder: knobs, their names, ranges and home, measured on training data or taken from a file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx

from ..models.wavenet_vae import network
from .calibrate import Calibration, find_home, knob_names
from .coupling import cloud
from .descriptors import HEARD_AS
from .manifest import LatentRecord, Manifest
from .onnx.narrow import tensors_of
from .provenance import check_made_of
from .runtime import Decoder
from .sweep import Heard, listen
from .training_material import encode_all


@dataclass(frozen=True)
class Instrument:
    """latents: the manifest's account of the knobs. cloud: knobs of frames that were learned from and sound, (frames, dim),
    where they are known."""

    calibration: Calibration
    latents: list[LatentRecord]
    seconds: float
    """Of the audio that was measured."""
    cloud: np.ndarray | None


def measured(
    model: network.WaveNetVAE,
    files: list[Path],
    as_decoder: Callable[[Calibration, list[LatentRecord]], Decoder],
    seed: int,
    say: Callable[[str], None],
) -> Instrument:
    """Encode the recordings `files`, then listen to every knob of the decoder that `as_decoder` makes of a calibration."""
    say(f"encoding {len(files)} recordings")
    raw, energy_db, seconds = encode_all(model, files)
    calibration = Calibration.fit(raw)
    dim = raw.shape[1]
    unheard = calibration.records(knob_names([None] * dim), np.zeros(dim), [{}] * dim)
    decoder = as_decoder(calibration, unheard)
    say("looking for a home that sounds")
    home = find_home(decoder, calibration.knobs, energy_db, seed)
    for latent, value in zip(decoder.manifest.latents, home, strict=True):
        latent.home = float(value)
    say(f"listening to {dim} knobs")
    heard = listen(decoder, range(dim), seed, lambda done, count: say(f"listened to {done} of {count} knobs"))
    mains = [knob.main for knob in heard]
    # Turning a knob up is to mean more of what it does.
    signs = np.array([-1.0 if main and knob.rho[main] < 0 else 1.0 for main, knob in zip(mains, heard, strict=True)])
    calibration = calibration.turned(signs)
    names = knob_names([HEARD_AS[main] if main else None for main in mains])
    latents = calibration.records(names, home * signs, _turned(heard, signs))
    return Instrument(calibration, latents, seconds, calibration.knobs[cloud.sounding(energy_db)])


def taken_from(file: Path, model: network.WaveNetVAE) -> tuple[Instrument, Manifest]:
    """The instrument in an earlier export of the same weights, and its manifest. Raises LatentoneError for other files."""
    manifest, knobs = cloud.read(file)
    check_made_of(file, manifest, model)
    exported = onnx.load(file)
    tensors = tensors_of(exported)
    matrix, offset = (tensors[f"calibration.{name}"].astype(np.float64) for name in ("matrix", "offset"))
    known = any(entry.key == cloud.CLOUD_KEY for entry in exported.metadata_props)
    calibration = Calibration(matrix, offset[:, 0], knobs)
    seconds = float(manifest.trained_on.get("seconds", 0.0))
    return Instrument(calibration, manifest.latents, seconds, knobs if known else None), manifest


def _turned(heard: list[Heard], signs: np.ndarray) -> list[dict[str, float]]:
    return [
        {name: float(rho * sign) for name, rho in knob.rho.items()} for knob, sign in zip(heard, signs, strict=True)
    ]
