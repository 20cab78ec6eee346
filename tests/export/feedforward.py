"""A decoder without loops: one causal convolution from latent frames to stereo audio, no noise, no temperature."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from latentone.export.manifest import LatentRecord, Manifest, StateRecord
from latentone.export.onnx import graph

LATENTS, CHANNELS, HOP, PAST = 3, 2, 32, 4


def write(path: Path) -> Path:
    """Random weights; `past` is the convolution's state, `nothing` one without a single number in it."""
    generator = np.random.default_rng(0)
    weight = generator.normal(0, 0.3, (CHANNELS * HOP, LATENTS, PAST + 1))
    g = graph.Graph("")
    latents = g.input("latents", ["batch", LATENTS, "frames"])
    g.input("noise", ["batch", 0])
    g.input("temperature", ["batch"])
    past = g.input("past", ["batch", LATENTS, PAST])
    nothing = g.input("nothing", ["batch", 2, 0])
    joined = g.op("Concat", past, latents, axis=2)
    hops = g.op("Conv", joined, g.constant("weight", weight))
    hops = g.op("Reshape", hops, g.integers(0, CHANNELS, HOP, -1))
    audio = g.op("Reshape", g.op("Transpose", hops, perm=[0, 1, 3, 2]), g.integers(0, CHANNELS, -1))
    g.output(g.op("Tanh", audio), "audio", ["batch", CHANNELS, "samples"])
    g.output(g.slice(joined, -PAST, None, 2), "next_past", ["batch", LATENTS, PAST])
    g.output(nothing, "next_nothing", ["batch", 2, 0])
    manifest = Manifest(
        schema_version=1,
        kind="decoder",
        family="feedforward",
        name="feedforward",
        sample_rate_hz=16000,
        hop_samples=HOP,
        channels=CHANNELS,
        latency_samples=0,
        latents=[LatentRecord(name=f"z{i}", mean=0, std=1, quantiles={}) for i in range(LATENTS)],
        state=[StateRecord(name="past", shape=[LATENTS, PAST]), StateRecord(name="nothing", shape=[2, 0])],
    )
    graph.write(g.proto(), manifest, path)
    return path
