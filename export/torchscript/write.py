"""Checkpoint to one `.ts` file for nn~ and nn.ar: calibrated and named as the ONNX file is, proved, and its speed said."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import numpy as np
import torch

from ..errors import LatentoneError
from ..export import Exported, Request, speaker_index
from ..export import export as export_onnx
from ..manifest import METADATA_KEY, Manifest
from ..onnx.parity import LATENT_TOLERANCE, Parity, check_decoder
from ..runtime import State
from .encoder import ScriptedEncoder
from .module import NnModule
from .noise import NOISE
from .wavenet import ScriptedDecoder

BATCH = 8
"""Voices that a file has state for: what mc.nn~ may ask for at once."""
MEASURED_FRAMES = 8
PATIENCE_S = 2.0


@dataclass(frozen=True)
class ExportedScript:
    """The file written and what was proved of it."""

    file: Path
    manifest: Manifest
    decoder_parity: Parity
    encoder_error: float
    times_real_time: float
    """Of `decode`, one voice on one core of this machine."""


def export(request: Request, say: Callable[[str], None] = lambda _: None) -> ExportedScript:
    """Do all of it; raises LatentoneError for a bad checkpoint, missing data or failed parity. `say` hears each stage."""
    request.output.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".export-", dir=request.output.parent) as folder:
        name = request.name or request.output.stem
        return script(request, export_onnx(replace(request, output=Path(folder) / f"{name}.onnx", name=name), say), say)


def script(request: Request, calibrated: Exported, say: Callable[[str], None] = lambda _: None) -> ExportedScript:
    """The same from an ONNX export of the same request, so that its data is measured once."""
    model, h = calibrated.model, calibrated.model.hyperparameters
    with TemporaryDirectory(prefix=".export-", dir=request.output.parent) as folder:
        say("scripting")
        encoder = ScriptedEncoder(model.encoder, calibrated.calibration, h, BATCH)
        latency_samples = encoder.latency_samples
        speaker = speaker_index(h.speakers, request.speaker)
        decoder = ScriptedDecoder(model.decoder, calibrated.calibration, speaker, BATCH)
        knobs = calibrated.manifest.latent_names
        module = NnModule(decoder, encoder, knobs, h.sample_rate_hz, calibrated.manifest.temperature, BATCH)
        scripted = cast(torch.jit.ScriptModule, torch.jit.script(module.eval()))
        say("comparing with PyTorch over 20 blocks")
        proof = check_decoder(model.decoder, calibrated.calibration, _Proving(scripted), speaker=speaker)
        error = _encoder_error(scripted, encoder)
        say("measuring")
        speed = times_real_time(scripted, len(knobs), h.control_hop_samples, h.sample_rate_hz)
        scripted.set_reset(True)
        manifest = calibrated.manifest.model_copy(
            update={
                "state": [],
                "torchscript": {
                    "batch": BATCH,
                    "times_real_time": round(speed, 3),
                    "noise": NOISE,
                    "encode_latency_samples": latency_samples,
                },
            }
        )
        draft = Path(folder) / request.output.name
        torch.jit.save(scripted, draft, _extra_files={METADATA_KEY: manifest.model_dump_json()})
        draft.replace(request.output)
    return ExportedScript(request.output, manifest, proof, error, speed)


@torch.inference_mode()
def times_real_time(script: torch.jit.ScriptModule, dim: int, hop_samples: int, sample_rate_hz: int) -> float:
    """How fast `decode` makes one voice on one core, in blocks of a few frames, once it is warm."""
    knobs = torch.zeros(1, dim, MEASURED_FRAMES)
    blocks = math.ceil(0.5 * sample_rate_hz / hop_samples / MEASURED_FRAMES)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for _ in range(3):
            script.decode(knobs)
        times_s: list[float] = []
        while len(times_s) < blocks and sum(times_s) < PATIENCE_S:
            began_s = time.perf_counter()
            script.decode(knobs)
            times_s.append(time.perf_counter() - began_s)
    finally:
        torch.set_num_threads(threads)
    # The middle block: what else the machine does while it is measured is not the model's.
    return MEASURED_FRAMES * hop_samples / sample_rate_hz / float(np.median(times_s))


def _encoder_error(script: torch.jit.ScriptModule, encoder: ScriptedEncoder) -> float:
    """Largest difference of knobs heard live, in blocks of several sizes, from those of the whole recording.

    Relative to the largest of them, away from its edges. Raises LatentoneError over LATENT_TOLERANCE.
    """
    hop, latent_hop = encoder.hop_samples, encoder.latent_hop_samples
    hops = encoder.back + encoder.ahead + 24
    generator = torch.Generator().manual_seed(0)
    audio = 0.1 * torch.randn(1, 1, hops * latent_hop, generator=generator)
    with torch.no_grad():
        wanted = encoder.whole(audio[:, 0])[:, :, encoder.back : hops - encoder.ahead]
    script.set_reset(True)
    parts, start, size = [], 0, 1
    while start < audio.shape[2]:
        parts.append(script.encode(audio[:, :, start : start + size * hop]))
        start, size = start + size * hop, size % 13 + 1
    frames = latent_hop // hop
    heard = torch.cat(parts, dim=2)[:, :, frames - 1 :: frames][:, :, encoder.back + encoder.ahead :]
    error = float((heard - wanted).abs().max() / wanted.abs().max().clamp(min=1.0))
    if error > LATENT_TOLERANCE:
        raise LatentoneError(f"parity: encode differs by {error:.2g} (at most {LATENT_TOLERANCE:g} allowed)")
    return error


class _Proving:
    """The script as `check_decoder` plays it: its state taken out and put in, its noise given."""

    runtime = "TorchScript"

    def __init__(self, script: torch.jit.ScriptModule) -> None:
        self._script = script
        self._buffers = dict(script.decoder.named_buffers())

    def initial_state(self, batch: int) -> State:
        self._script.set_reset(True)
        return self._copy()

    def decode_and_draw(
        self, latents: np.ndarray, noise: np.ndarray, temperature: np.ndarray, state: State
    ) -> tuple[np.ndarray, np.ndarray, State]:
        for name, tensor in state.items():
            self._buffers[name].copy_(torch.from_numpy(tensor))
        drawn, audio = self._script.advance(*map(torch.from_numpy, (latents, noise, temperature)))
        return drawn.numpy(), audio.numpy(), self._copy()

    def _copy(self) -> State:
        names = ("clock", "ring", "previous", "condition_past", "synthesis_past")
        return {name: self._buffers[name].numpy().copy() for name in names}
