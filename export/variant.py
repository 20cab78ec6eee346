"""What weights of less precision cost: bits on recordings, and how fast each runtime plays them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..models.wavenet_vae import data, network
from .evaluate import measure_bits
from .runtime import Decoder
from .runtime.fused import FusedDecoder
from .runtime.fused.tensors import NotFusable
from .runtime.measure import measure
from .runtime.onnx import OnnxDecoder
from .training_material import judged_files

BLOCK_SAMPLES = 320
ROUNDS = 3


def cost(
    kept: network.WaveNetVAE,
    model: network.WaveNetVAE,
    kind: str,
    file: Path,
    plain: Path,
    folder: Path,
    record: dict[str, Any],
    say: Callable[[str], None],
) -> dict[str, Any]:
    """For the manifest: of `model` rounded to `kept` and of the decoder's files with both weights, `file` and `plain`.

    Bits are the cross-entropy of a code given its true past and the right latents, on recordings of `folder` that were held out
    in training, or on those learned from where none were.
    """
    files, held_out = judged_files(folder, record)
    say(f"measuring bits on {len(files)} recordings")
    recordings = data.prepare(files, folder, model, fit=False, progress=False)
    bits, bits_float32 = measure_bits(kept, recordings)[0], measure_bits(model, recordings)[0]
    say("measuring speed")
    return {
        "kind": kind,
        "bits": round(bits, 6),
        "bits_float32": round(bits_float32, 6),
        "loss_bits": round(bits - bits_float32, 6),
        "measured_on": f"{len(recordings)} {'held-out' if held_out else 'training'} recordings",
        "times_real_time": _speeds(file, plain),
    }


def _speeds(file: Path, plain: Path) -> dict[str, dict[str, float]]:
    """By runtime, how many times faster than real time one voice is on one core, with these weights and with float32."""
    found = {}
    for runtime, kind in (("onnx", OnnxDecoder), ("fused", FusedDecoder)):
        try:
            decoders: dict[str, Decoder] = {"these": kind(file), "float32": kind(plain)}
        except NotFusable:
            continue
        # In turns, and the best of each: what else the machine does meanwhile is not the weights'.
        rounds = [
            {name: measure(one, 1, BLOCK_SAMPLES).times_real_time for name, one in decoders.items()}
            for _ in range(ROUNDS)
        ]
        found[runtime] = {name: round(max(each[name] for each in rounds), 3) for name in decoders}
    return found
