"""The WaveNet decoder as an ONNX graph: a scan over control frames, and in it a scan over steps.

A layer whose dilation reaches back beyond one frame reads its whole past before the frame starts, as a sequence to scan;
only the short dilations keep a queue from step to step. Appending to the long pasts then happens once a frame.
"""

from __future__ import annotations

import numpy as np
import onnx
import torch

from ...models.levels import MINIMUM_TEMPERATURE
from ...models.streaming import GatedLayer
from ...models.wavenet_vae.decoder import Decoder
from ..manifest import StateRecord
from .graph import Graph, array
from .heads import GRAPH_HEADS


def _layers(decoder: Decoder) -> list[GatedLayer]:
    return [layer for layer in decoder.layers if isinstance(layer, GatedLayer)]


def state_records(decoder: Decoder) -> list[StateRecord]:
    """Names and shapes of the decoder's state, in the order of the graph's inputs."""
    return [StateRecord(name=name, shape=list(t.shape[1:])) for name, t in decoder.initial_state(1).items()]


def decoder_graph(
    decoder: Decoder, matrix: np.ndarray, offset: np.ndarray, speaker: int | None = None
) -> onnx.GraphProto:
    """The whole graph: calibrated latents in (raw = matrix @ knobs + offset), audio and next state out.

    matrix (latents, latents), offset (latents,); speaker: whose embedding is folded into the conditioning bias.
    """
    h = decoder.hyperparameters
    g = Graph("")
    latents = g.input("latents", ["batch", h.latents, "frames"])
    noise = g.input("noise", ["batch", "samples"])
    temperature = g.input("temperature", ["batch"])
    state = {r.name: g.input(r.name, ["batch", *r.shape]) for r in state_records(decoder)}

    raw = g.op("MatMul", g.constant("calibration.matrix", matrix), latents)
    raw = g.op("Add", raw, g.constant("calibration.offset", offset[:, None]))
    joined = g.op("Concat", state["condition"], raw, axis=2)
    bias = array(decoder.condition.bias) if decoder.condition.bias is not None else np.zeros(h.conditioning)
    if decoder.speaker is not None and speaker is not None:
        bias = bias + array(decoder.speaker.weight)[speaker]
    weight = g.constant("condition.weight", array(decoder.condition.weight))
    hidden = g.op("Conv", joined, weight, g.constant("condition.bias", bias), dilations=[decoder.condition.dilation])
    hidden = g.op("Transpose", g.op("Relu", hidden), perm=[0, 2, 1])
    # The layers' own biases ride along with their share of the conditioning: one addition less a layer and step.
    layer_bias = np.concatenate([array(layer.input.bias) for layer in _layers(decoder)])
    shares = g.op("MatMul", hidden, g.constant("project.weight", array(decoder.project.weight).T))
    shares = g.op("Add", shares, g.constant("project.bias", array(decoder.project.bias) + layer_bias))

    uniform = g.op("Reshape", noise, g.integers(0, -1, h.steps_per_frame, h.bands))
    inverse = g.op(
        "Reciprocal", g.op("Max", temperature, g.constant("minimum_temperature", np.array(MINIMUM_TEMPERATURE)))
    )
    inverse = g.op("Reshape", inverse, g.integers(-1, 1, 1))
    warmth = g.op("Reshape", temperature, g.integers(-1, 1))
    carried = ["previous", *(f"layer_{i}" for i in range(len(decoder.layers)))]
    *next_carried, drawn = g.ops(
        "Scan",
        *(state[name] for name in carried),
        shares,
        uniform,
        outputs=len(carried) + 1,
        body=_frame_body(decoder, warmth, inverse),
        num_scan_inputs=2,
        scan_input_axes=[1, 1],
        scan_output_axes=[1],
    )

    steps = g.op("Reshape", drawn, g.integers(0, -1, h.bands))
    bands = GRAPH_HEADS[h.head].amplitude(g, g.op("Transpose", steps, perm=[0, 2, 1]))
    bands = g.op("Mul", bands, g.constant("synthesis.gains", 1.0 / array(decoder.band_gains)))
    synthesis = decoder.filter_bank.synthesis
    joined_bands = g.op("Concat", state["synthesis"], bands, axis=2)
    phases = g.op("Conv", joined_bands, g.constant("synthesis.weight", array(synthesis.weight)))
    audio = g.op("Reshape", g.op("Transpose", phases, perm=[0, 2, 1]), g.integers(0, 1, -1))
    audio = g.op("Clip", audio, g.constant("minus_one", np.array(-1.0)), g.constant("one", np.array(1.0)))

    g.output(audio, "audio", ["batch", 1, "samples"])
    # What was drawn, as the head's values: computed anyway, and what parity compares.
    g.output(steps, "drawn", ["batch", "steps", h.bands])
    following = dict(zip(carried, next_carried, strict=True))
    following["condition"] = _last(g, joined, decoder.condition.past_frames)
    following["synthesis"] = _last(g, joined_bands, synthesis.past_frames)
    for record in state_records(decoder):
        g.output(following[record.name], f"next_{record.name}", ["batch", *record.shape])
    return g.proto()


def _last(g: Graph, value: str, frames: int) -> str:
    """The last `frames` of the time axis (2); counted from the end, which a Slice from -0 cannot."""
    return g.slice(value, -frames, None, 2) if frames else g.slice(value, 0, 0, 2)


def _frame_body(decoder: Decoder, temperature: str, inverse_temperature: str) -> onnx.GraphProto:
    """One control frame: conditioning is split once, long pasts are read as sequences, steps are scanned."""
    h = decoder.hyperparameters
    g = Graph("frame")
    previous = g.input("frame.previous", None)
    pasts = [g.input(f"frame.past_{i}", None) for i in range(len(decoder.layers))]
    share = g.input("frame.share", None)
    uniform = g.input("frame.uniform", None)
    sizes = g.integers(*[h.gate] * len(decoder.layers))
    shares = g.ops("Split", share, sizes, outputs=len(decoder.layers), axis=1)

    short = [i for i, dilation in enumerate(h.dilations) if dilation < h.steps_per_frame]
    long = [i for i, dilation in enumerate(h.dilations) if dilation >= h.steps_per_frame]
    sequences = [g.slice(pasts[i], 0, h.steps_per_frame, 1) for i in long]
    results = g.ops(
        "Scan",
        previous,
        *(pasts[i] for i in short),
        uniform,
        *sequences,
        outputs=1 + len(short) + 1 + len(long),
        body=_step_body(decoder, shares, short, long, temperature, inverse_temperature),
        num_scan_inputs=1 + len(long),
        scan_input_axes=[1] * (1 + len(long)),
        scan_output_axes=[1] * (1 + len(long)),
    )
    next_previous, queues = results[0], results[1 : 1 + len(short)]
    drawn, inputs = results[1 + len(short)], results[2 + len(short) :]
    following = dict(zip(short, queues, strict=True))
    for i, sequence in zip(long, inputs, strict=True):
        following[i] = g.op("Concat", g.slice(pasts[i], h.steps_per_frame, None, 1), sequence, axis=1)
    g.output(next_previous, "frame.next_previous")
    for i in range(len(decoder.layers)):
        g.output(following[i], f"frame.next_past_{i}")
    g.output(drawn, "frame.drawn")
    return g.proto()


def _step_body(
    decoder: Decoder,
    shares: list[str],
    short: list[int],
    long: list[int],
    temperature: str,
    inverse_temperature: str,
) -> onnx.GraphProto:
    """One step of the WaveNet: every band's sample is drawn from what came before; rows are voices."""
    h = decoder.hyperparameters
    head = GRAPH_HEADS[h.head]
    g = Graph("step")
    previous = g.input("step.previous", None)
    queues = {i: g.input(f"step.queue_{i}", None) for i in short}
    uniform = g.input("step.uniform", None)
    before = {i: g.input(f"step.before_{i}", None) for i in long}
    next_queues: dict[int, str] = {}
    read: dict[int, str] = {}
    for i, queue in queues.items():
        before[i] = g.op("Squeeze", g.slice(queue, 0, 1, 1), g.integers(1))

    x = _linear(g, head.read(g, previous), "input", decoder.input)
    gated = []
    for i, layer in enumerate(_layers(decoder)):
        read[i] = x
        if i in queues:
            newest = g.op("Unsqueeze", x, g.integers(1))
            kept = g.slice(queues[i], 1, None, 1)
            next_queues[i] = newest if h.dilations[i] == 1 else g.op("Concat", kept, newest, axis=1)
        taps = g.op("Concat", before[i], x, axis=1)
        weight = g.constant(f"layers.{i}.input.weight", array(layer.input.weight).T)
        signal, gate = g.ops("Split", g.op("Gemm", taps, weight, shares[i]), outputs=2, axis=1)
        gated.append(g.op("Mul", g.op("Tanh", signal), g.op("Sigmoid", gate)))
        x = g.op("Gemm", gated[-1], g.constant(f"layers.{i}.residual.weight", array(layer.residual.weight).T), x)

    hidden = g.op("Relu", _linear(g, g.op("Concat", *gated, axis=1), "skip", decoder.skip))
    hidden = g.op("Relu", _linear(g, hidden, "hidden", decoder.hidden))
    outputs = _linear(g, hidden, "output", decoder.output)
    outputs = g.op("Reshape", outputs, g.integers(-1, h.bands, decoder.head.outputs))
    drawn = head.draw(g, outputs, g.op("Unsqueeze", uniform, g.integers(2)), temperature, inverse_temperature)

    g.output(drawn, "step.next_previous")
    for i in short:
        g.output(next_queues[i], f"step.next_queue_{i}")
    g.output(drawn, "step.drawn")
    for i in long:
        g.output(read[i], f"step.input_{i}")
    return g.proto()


def _linear(g: Graph, x: str, name: str, layer: torch.nn.Linear) -> str:
    weight = g.constant(f"{name}.weight", array(layer.weight).T)
    return g.op("Gemm", x, weight, g.constant(f"{name}.bias", array(layer.bias)))
