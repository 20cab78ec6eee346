"""What `latentone export` prints of one checkpoint: files, proof, cost, speed, knobs."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from .encoders.command import export_data, family_of
from .errors import LatentoneError
from .export import Request, export
from .manifest import Manifest


def export_one(request: Request, chosen: str) -> None:
    """Export a checkpoint of any family as `chosen`, onnx or torchscript."""
    family = family_of(request.checkpoint)
    if family is None:
        _export_script(request) if chosen == "torchscript" else _export_onnx(request)
        return
    if request.calibration_from is not None:
        raise LatentoneError(f"{request.checkpoint}: is a model of data; --calibration-from is for models of audio")
    export_data(family, request, chosen)


def _export_onnx(request: Request) -> None:
    with Console(stderr=True).status("exporting") as status:
        done = export(request, status.update)
    print(f"decoder: {done.decoder} ({done.decoder.stat().st_size / 1e6:.1f} MB)")
    for runtime, parity in done.decoder_parity.items():
        print(
            f"  parity of {runtime}: {parity.draws - parity.different} of {parity.draws} draws equal PyTorch's, "
            f"audio within {parity.largest_error:.1e}"
        )
    _print_cost(done.manifest)
    print(f"encoder: {done.encoder} ({done.encoder.stat().st_size / 1e6:.1f} MB)")
    print(f"  parity: latents within {done.encoder_error:.1e}")
    print("knobs: " + ", ".join(done.manifest.latent_names))
    print(f"next: latentone play {done.decoder}")


def _export_script(request: Request) -> None:
    from .torchscript.write import export

    with Console(stderr=True).status("exporting") as status:
        done = export(request, status.update)
    parity, facts = done.decoder_parity, done.manifest
    print(f"decoder and encoder: {done.file} ({done.file.stat().st_size / 1e6:.1f} MB)")
    print(
        f"  parity: {parity.draws - parity.different} of {parity.draws} draws equal PyTorch's, "
        f"audio within {parity.largest_error:.1e}, latents within {done.encoder_error:.1e}"
    )
    _print_cost(facts)
    print(f"  speed: {done.times_real_time:.2g} × real time, one voice on one core of this machine")
    if done.times_real_time < 1.0:
        print("  too slow to be played in nn~ here: train with more --bands or a smaller --size")
    print(f"in a host: {facts.sample_rate_hz} Hz, a buffer of {facts.hop_samples} samples or a power of two above")
    print("knobs: " + ", ".join(facts.latent_names))


def _print_cost(manifest: Manifest) -> None:
    """Of weights of less precision."""
    cost: dict[str, Any] = manifest.weights
    if not cost:
        return
    print(
        f"  {cost['kind']}: {cost['bits']:.5f} bits a code, float32 {cost['bits_float32']:.5f} "
        f"({cost['loss_bits']:+.5f}), on {cost['measured_on']}"
    )
    for runtime, speed in cost["times_real_time"].items():
        print(f"  {runtime}: {speed['these']:.2f} × real time, float32 {speed['float32']:.2f} ×")
