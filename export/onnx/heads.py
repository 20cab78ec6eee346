"""The decoder's heads (see `models.wavenet_vae.heads`) as ONNX nodes."""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np
import onnx

from ...models.levels import HALF_RANGE, LEVELS, MINIMUM_LOG_SCALE, MINIMUM_UNIFORM, MU, SILENCE
from .graph import Graph


class GraphHead(Protocol):
    """One head's part of the graph; every argument and result is the name of a value."""

    def amplitude(self, g: Graph, values: str) -> str:
        """Values of any shape to amplitude."""
        ...

    def read(self, g: Graph, values: str) -> str:
        """Values of any shape to what the network is shown of its own past."""
        ...

    def draw(self, g: Graph, outputs: str, uniform: str, temperature: str, inverse_temperature: str) -> str:
        """Values (batch, bands); outputs (batch, bands, n), uniform (batch, bands, 1).

        temperature is (batch, 1), inverse_temperature (batch, 1, 1), of the temperature kept from 0.
        """
        ...


class SoftmaxGraph:
    def amplitude(self, g: Graph, values: str) -> str:
        """µ-law expansion, as `mulaw.expand`."""
        exponent = g.op("Mul", g.op("Abs", values), g.constant("log_levels", np.array(math.log1p(MU))))
        magnitude = g.op("Sub", g.op("Exp", exponent), g.constant("unit", np.array(1.0)))
        magnitude = g.op("Mul", magnitude, g.constant("one_over_mu", np.array(1.0 / MU)))
        return g.op("Mul", g.op("Sign", values), magnitude)

    def read(self, g: Graph, values: str) -> str:
        return values

    def draw(self, g: Graph, outputs: str, uniform: str, temperature: str, inverse_temperature: str) -> str:
        probability = g.op("Softmax", g.op("Mul", outputs, inverse_temperature), axis=-1)
        cumulative = g.op("CumSum", probability, g.integers(2))
        passed = g.op("Cast", g.op("LessOrEqual", cumulative, uniform), to=onnx.TensorProto.FLOAT)
        code = g.op("ReduceSum", passed, g.integers(2), keepdims=0)
        code = g.op("Min", code, g.constant("last_code", np.array(float(LEVELS - 1))))
        half = LEVELS / 2
        scaled = g.op("Mul", code, g.constant("code_unit", np.array(1 / half)))
        return g.op("Sub", scaled, g.constant("silence", np.array(SILENCE / half)))


class LogisticGraph:
    def amplitude(self, g: Graph, values: str) -> str:
        return values

    def read(self, g: Graph, values: str) -> str:
        """µ-law companding, as `mulaw.compand`."""
        grown = g.op("Mul", g.op("Abs", values), g.constant("mu", np.array(float(MU))))
        logarithm = g.op("Log", g.op("Add", grown, g.constant("unit", np.array(1.0))))
        magnitude = g.op("Mul", logarithm, g.constant("one_over_log_levels", np.array(1.0 / math.log1p(MU))))
        return g.op("Mul", g.op("Sign", values), magnitude)

    def draw(self, g: Graph, outputs: str, uniform: str, temperature: str, inverse_temperature: str) -> str:
        logits, means, log_scales = g.ops("Split", outputs, outputs=3, axis=2)
        share = g.op("Softmax", g.op("Mul", logits, inverse_temperature), axis=-1)
        below = g.op("Sub", g.op("CumSum", share, g.integers(2)), share)
        begun = g.op("Cast", g.op("LessOrEqual", below, uniform), to=onnx.TensorProto.INT64)
        which = g.op("Sub", g.op("ReduceSum", begun, g.integers(2), keepdims=1), g.integers(1))

        def chosen(value: str) -> str:
            return g.op("GatherElements", value, which, axis=2)

        within = g.op("Div", g.op("Sub", uniform, chosen(below)), chosen(share))
        low = g.constant("minimum_uniform", np.array(MINIMUM_UNIFORM))
        within = g.op("Clip", within, low, g.constant("maximum_uniform", np.array(1.0 - MINIMUM_UNIFORM)))
        remainder = g.op("Sub", g.constant("whole", np.array(1.0)), within)
        logit = g.op("Squeeze", g.op("Log", g.op("Div", within, remainder)), g.integers(2))
        floor = g.constant("minimum_log_scale", np.array(MINIMUM_LOG_SCALE))
        scale = g.op("Squeeze", g.op("Exp", g.op("Max", chosen(log_scales), floor)), g.integers(2))
        spread = g.op("Mul", g.op("Mul", scale, temperature), logit)
        sample = g.op("Add", g.op("Squeeze", chosen(means), g.integers(2)), spread)
        code = g.op("Round", g.op("Mul", sample, g.constant("half_range", np.array(float(HALF_RANGE)))))
        lowest = g.constant("lowest_code", np.array(float(-HALF_RANGE)))
        code = g.op("Clip", code, lowest, g.constant("highest_code", np.array(float(HALF_RANGE - 1))))
        return g.op("Mul", code, g.constant("code_unit", np.array(1.0 / HALF_RANGE)))


GRAPH_HEADS: dict[str, GraphHead] = {"softmax": SoftmaxGraph(), "logistic": LogisticGraph()}
