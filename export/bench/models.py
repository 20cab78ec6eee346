"""Decoders with random weights, to measure: as fast as trained ones, and written as every runtime wants to read them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from ...models.wavenet_vae.decoder import Decoder
from ...models.wavenet_vae.hyperparameters import Hyperparameters
from ..manifest import SCHEMA_VERSION, LatentRecord, Manifest
from ..onnx import graph, wavenet

WEIGHTS_SUFFIX = ".pt"


def write(size: str, bands: int, sample_rate_hz: int, head: str, folder: Path) -> Path:
    """A decoder of a size by name as an ONNX file, and PyTorch's weights of it beside that. Returns the former."""
    h = Hyperparameters.of_size(size, bands=bands, sample_rate_hz=sample_rate_hz, head=head)
    decoder = lively_decoder(h)
    manifest = Manifest(
        schema_version=SCHEMA_VERSION,
        kind="decoder",
        family="wavenet_vae",
        name=size,
        sample_rate_hz=h.sample_rate_hz,
        hop_samples=h.control_hop_samples,
        channels=1,
        latency_samples=decoder.latency_samples,
        noise_per_frame=h.control_hop_samples,
        latents=[LatentRecord(name=f"z{i}", mean=0, std=1, quantiles={}) for i in range(h.latents)],
        state=wavenet.state_records(decoder),
        network=h.to_dict(),
    )
    path = folder / f"{size}-{bands}.onnx"
    nodes = wavenet.decoder_graph(decoder, np.eye(h.latents), np.zeros(h.latents))
    graph.write(nodes, manifest, path)
    weights = {"manifest": manifest.model_dump_json(), "weights": decoder.state_dict()}
    torch.save(weights, path.with_suffix(WEIGHTS_SUFFIX))
    return path


def read(path: Path) -> tuple[Decoder, Manifest]:
    """PyTorch's decoder and the manifest from what `write` left beside the ONNX file `path`."""
    record = torch.load(path.with_suffix(WEIGHTS_SUFFIX), weights_only=True)
    manifest = Manifest.model_validate_json(record["manifest"])
    decoder = Decoder(Hyperparameters.from_dict(manifest.network))
    decoder.load_state_dict(record["weights"], assign=True)
    return decoder.eval(), manifest


@torch.no_grad()
def lively_decoder(h: Hyperparameters) -> Decoder:
    """Random weights that draw neither silence nor plain noise: a draw depends on the past and on the latents."""
    torch.manual_seed(0)
    decoder = Decoder(h).eval()
    decoder.output.weight.mul_(8.0)
    decoder.project.weight.mul_(3.0)
    return decoder
