"""The cloud of a decoder: knobs of frames that it learned from, kept in its own file, so that no data has to be at hand."""

from __future__ import annotations

import base64
import binascii
import json
from pathlib import Path

import numpy as np

from ..errors import LatentoneError
from ..manifest import METADATA_KEY, LatentRecord, Manifest

CLOUD_KEY = "latentone.cloud"
FRAMES = 1024
SOUNDING_DB = 40.0
"""So far below its loud frames (their quantile 0.95) a recording counts as silent: pauses between words, ends of notes."""
NORMAL_975 = 1.959964
"""Where a standard normal distribution has its quantile 0.975."""


def audio_cloud(decoder: Path) -> np.ndarray:
    """Knobs that the decoder in an ONNX file learned from, float32 (frames, dim), without torch.

    A file that holds none, as those written by older versions, has its cloud drawn from its manifest: see `drawn`.
    Raises LatentoneError, one line, for a file that is missing or broken.
    """
    return read(decoder)[1]


def read(decoder: Path) -> tuple[Manifest, np.ndarray]:
    """The manifest of a decoder's ONNX file, and its cloud as `audio_cloud` has it."""
    metadata = {entry.key: entry.value for entry in _model(decoder).metadata_props}
    if METADATA_KEY not in metadata:
        raise LatentoneError(f"{decoder}: holds no Latentone manifest; write it with `latentone export`")
    manifest = Manifest.from_json(metadata[METADATA_KEY], str(decoder))
    if manifest.kind != "decoder":
        raise LatentoneError(f"{decoder}: is an {manifest.kind}; a decoder is needed to couple to")
    if CLOUD_KEY not in metadata:
        return manifest, drawn(manifest)
    cloud = _unpacked(metadata[CLOUD_KEY], decoder)
    if cloud.shape[1] != len(manifest.latents):
        raise LatentoneError(f"{decoder}: its cloud has {cloud.shape[1]} knobs, its manifest {len(manifest.latents)}")
    return manifest, cloud


def sounding(energy_db: np.ndarray) -> np.ndarray:
    """Which frames of recordings sound, bool (frames,), by their levels (frames,) in dB.

    Silent ones have no place in a cloud, since data that is coupled to silence cannot be heard at all.
    """
    return energy_db >= np.quantile(energy_db, 0.95) - SOUNDING_DB


def store(decoder: Path, knobs: np.ndarray, seed: int = 0) -> None:
    """Put `FRAMES` of `knobs` (frames, dim), drawn by `seed`, into a decoder's ONNX file; its graph stays as it is.

    The file is replaced whole or not at all. Raises LatentoneError for knobs that are not this decoder's.
    """
    model, (manifest, _) = _model(decoder), read(decoder)
    if knobs.ndim != 2 or knobs.shape[1] != len(manifest.latents) or not np.isfinite(knobs).all():
        raise LatentoneError(f"{decoder}: a cloud of {len(manifest.latents)} finite knobs a frame is needed")
    chosen = np.random.default_rng(seed).choice(len(knobs), min(FRAMES, len(knobs)), replace=False)
    text = _packed(knobs[np.sort(chosen)])
    entry = next((entry for entry in model.metadata_props if entry.key == CLOUD_KEY), None)
    entry = entry if entry is not None else model.metadata_props.add()
    entry.key, entry.value = CLOUD_KEY, text
    partial = decoder.with_name(decoder.name + ".partial")
    partial.write_bytes(model.SerializeToString())
    partial.replace(decoder)


def drawn(manifest: Manifest, frames: int = FRAMES, seed: int = 0) -> np.ndarray:
    """A cloud (frames, dim) that agrees with a manifest's quantiles, each knob for itself: how they go together is unknown.

    A knob is a normal distribution of two halves, which meet at its median and have its quantiles 0.025 and 0.975.
    """
    normal = np.random.default_rng(seed).standard_normal((frames, len(manifest.latents)))
    low, middle, high = np.array([_quantiles(latent) for latent in manifest.latents]).reshape(-1, 3).T
    scale = np.where(normal < 0, middle - low, high - middle) / NORMAL_975
    return (middle + normal * scale).astype(np.float32)


def _quantiles(latent: LatentRecord) -> tuple[float, float, float]:
    spread = NORMAL_975 * latent.std
    return (
        latent.quantiles.get("0.025", latent.mean - spread),
        latent.quantiles.get("0.5", latent.mean),
        latent.quantiles.get("0.975", latent.mean + spread),
    )


def _model(path: Path):
    # Here, because those who only apply a coupling need not wait for it.
    import onnx
    from google.protobuf.message import DecodeError

    if not path.is_file():
        raise LatentoneError(f"{path}: no such model file")
    try:
        return onnx.load(path, load_external_data=False)
    except OSError as error:
        raise LatentoneError(f"{path}: cannot be read ({error.strerror})") from None
    except (DecodeError, ValueError):
        raise LatentoneError(f"{path}: not an ONNX model, or a truncated one; export it again") from None


def _packed(cloud: np.ndarray) -> str:
    frames, dim = cloud.shape
    numbers = base64.b64encode(cloud.astype("<f2").tobytes()).decode()
    return json.dumps({"frames": frames, "dim": dim, "dtype": "float16", "base64": numbers})


def _unpacked(text: str, where: Path) -> np.ndarray:
    try:
        record = json.loads(text)
        numbers = np.frombuffer(base64.b64decode(record["base64"], validate=True), dtype="<f2")
        cloud = numbers.reshape(record["frames"], record["dim"]).astype(np.float32)
    except (ValueError, TypeError, KeyError, binascii.Error):
        raise LatentoneError(f"{where}: the cloud inside is broken; export it again") from None
    if not len(cloud) or not np.isfinite(cloud).all():
        raise LatentoneError(f"{where}: the cloud inside is broken; export it again")
    return cloud
