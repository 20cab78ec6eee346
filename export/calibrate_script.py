"""Recordings say how far the latents of a model of others reach: they become knobs, in a file beside the model's."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import numpy as np
import torch

from ..models import audio_files
from .calibrate import QUANTILES, Calibration, find_home, knob_names
from .descriptors import HEARD_AS
from .errors import LatentoneError
from .knob_file import KnobFile, knob_file_of, model_digest
from .manifest import LatentRecord
from .runtime.torchscript.decoder import TorchscriptDecoder
from .runtime.torchscript.encoder import TorchscriptEncoder
from .sweep import Heard, listen

Axes = Literal["principal", "own"]
TAKES = 2
"""Of each sweep: these models are made to be played, not drawn from."""
LEAST_FRAMES_A_LATENT = 4


def calibrate(
    model: Path,
    audio: Path,
    axes: Axes = "principal",
    seed: int = 0,
    sample_rate_hz: int | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> tuple[Path, KnobFile, list[str]]:
    """Write the knobs of `model` as the recordings in or below `audio` reach; returns the file, what it says, what was skipped.

    Raises LatentoneError, one line, for a model that has no `encode`, or too little audio.
    """
    decoder = TorchscriptDecoder(model, sample_rate_hz=sample_rate_hz, calibrated=False)
    if decoder.own:
        raise LatentoneError(f"{model}: was calibrated when it was exported: its knobs are in the file")
    encoder = TorchscriptEncoder(model, sample_rate_hz=sample_rate_hz, calibrated=False)
    dim = len(decoder.manifest.latents)
    if len(encoder.manifest.latents) != dim:
        raise LatentoneError(f"{model}: encodes to {len(encoder.manifest.latents)} latents and decodes {dim}")
    files = audio_files.find(audio)
    say(f"encoding {len(files)} recordings")
    skipped: list[str] = []
    raw, level_db, seconds = _encode(encoder, files, skipped)
    if len(raw) < LEAST_FRAMES_A_LATENT * dim:
        least_s = LEAST_FRAMES_A_LATENT * dim * encoder.manifest.hop_samples / encoder.manifest.sample_rate_hz
        raise LatentoneError(
            f"{audio}: {seconds:.1f} s of readable audio is too little: {dim} latents need {least_s:.0f} s"
        )
    calibration = Calibration.fit(raw) if axes == "principal" else _along_own_axes(raw)
    knobs = KnobFile(
        model_sha256=model_digest(model),
        axes=axes,
        matrix=[],
        offset=[],
        latents=[],
        calibrated_on={"folder": audio.name, "files": len(files) - len(skipped), "seconds": round(seconds)},
        tools={"latentone": version("latentone"), "torch": torch.__version__},
    )
    own_names = decoder.manifest.latent_names if axes == "own" else None
    knobs = _with(knobs, calibration, calibration.records(knob_names([None] * dim), np.zeros(dim), [{}] * dim))
    decoder.use_knobs(knobs)
    say("looking for a home that sounds")
    home = find_home(decoder, calibration.knobs, level_db, seed)
    for latent, value in zip(decoder.manifest.latents, home, strict=True):
        latent.home = float(value)
    heard = listen(decoder, range(dim), seed, lambda done, of: say(f"listened to {done} of {of} knobs"), TAKES)
    signs = np.array([_sign(knob) for knob in heard]) if axes == "principal" else np.ones(dim)
    calibration = calibration.turned(signs)
    rho = [{name: value * sign for name, value in knob.rho.items()} for knob, sign in zip(heard, signs, strict=True)]
    named = knob_names([HEARD_AS[knob.main] if knob.main else None for knob in heard])
    if own_names is not None and own_names != [f"z{index}" for index in range(dim)]:
        named = own_names  # the model's maker named them
    knobs = _with(knobs, calibration, calibration.records(named, home * signs, rho))
    return _write(knobs, knob_file_of(model)), knobs, skipped


def _encode(encoder: TorchscriptEncoder, files: list[Path], skipped: list[str]) -> tuple[np.ndarray, np.ndarray, float]:
    """Latents (frames, dim), the level of each frame's sound in dB (frames,), and seconds of all readable recordings."""
    manifest = encoder.manifest
    hop, raw, level_db, samples = manifest.hop_samples, [], [], 0
    late = round(manifest.latency_samples / hop)
    for _, audio in audio_files.load_all(files, manifest.sample_rate_hz, skipped):
        latents = encoder.encode_raw(np.pad(audio, (0, late * hop)))[:, late:]
        frames = len(audio) // hop
        if frames and np.isfinite(latents).all():
            raw.append(latents[:, :frames].T)
            level_db.append(10 * np.log10(np.mean(audio[: frames * hop].reshape(frames, hop) ** 2, axis=1) + 1e-10))
            samples += len(audio)
    if not raw:
        return np.zeros((0, len(manifest.latents))), np.zeros(0), 0.0
    return np.concatenate(raw).astype(np.float64), np.concatenate(level_db), samples / manifest.sample_rate_hz


def _along_own_axes(raw: np.ndarray) -> Calibration:
    """A knob for each latent of the model; [-1, 1] is the middle 95 %. raw (frames, dim)."""
    low, high = np.quantile(raw, (QUANTILES[0], QUANTILES[-1]), axis=0)
    half, centre = np.maximum((high - low) / 2, 1e-3), (high + low) / 2
    return Calibration(np.diag(half), centre, (raw - centre) / half)


def _sign(knob: Heard) -> float:
    """Turning a knob up is to mean more of what it does."""
    return -1.0 if knob.main and knob.rho[knob.main] < 0 else 1.0


def _with(knobs: KnobFile, calibration: Calibration, latents: list[LatentRecord]) -> KnobFile:
    matrix, offset = calibration.matrix.tolist(), calibration.offset.tolist()
    return KnobFile(**{**dict(knobs), "matrix": matrix, "offset": offset, "latents": latents})


def _write(knobs: KnobFile, path: Path) -> Path:
    """Whole or not at all. Raises LatentoneError when it cannot be written."""
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(knobs.model_dump_json(indent=1), encoding="utf-8")
        os.replace(part, path)
    except OSError as error:
        raise LatentoneError(f"{path}: cannot be written ({error.strerror})") from None
    return path
