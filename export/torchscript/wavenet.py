"""The WaveNet decoder with its state inside: the sample loop in as few, preallocated operations as scripting allows.

A layer costs four operations a step. What all layers read of the past is known when a step begins, so it is one batched product;
what they say to the skip path is one product at its end. sigmoid(g) is (1 + tanh(g / 2)) / 2, so one tanh serves signal and gate,
and both halves are folded into the weights. Pasts are rings that are written in place. Scripting reads annotations
as objects, so no file of a scripted class postpones them.
"""

from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...models.streaming import GatedLayer
from ...models.wavenet_vae.decoder import Decoder
from ..calibrate import Calibration
from .heads import SCRIPTED_HEADS

WIDEST_KNOB = 1e4
"""Knobs are held within so much, far outside of what is played, so that no finite input overflows into the state."""


class ScriptedDecoder(nn.Module):
    """`Decoder.decode` of calibrated knobs, for `batch` voices at most, whose clocks are one."""

    matrix: Tensor
    offset: Tensor
    condition_weight: Tensor
    condition_bias: Tensor
    share_weight: Tensor
    share_bias: Tensor
    input_weight: Tensor
    input_bias: Tensor
    past_weight: Tensor
    now_weight: Tensor
    residual_weight: Tensor
    skip_weight: Tensor
    skip_bias: Tensor
    hidden_weight: Tensor
    hidden_bias: Tensor
    output_weight: Tensor
    output_bias: Tensor
    synthesis_weight: Tensor
    band_gains: Tensor
    dilations: Tensor
    first_slots: Tensor
    clock: Tensor
    ring: Tensor
    previous: Tensor
    condition_past: Tensor
    synthesis_past: Tensor

    def __init__(self, decoder: Decoder, calibration: Calibration, speaker: int | None, batch: int) -> None:
        super().__init__()
        h = decoder.hyperparameters
        layers = cast("list[GatedLayer]", list(decoder.layers))
        self.hop_samples, self.bands, self.steps_per_frame = h.control_hop_samples, h.bands, h.steps_per_frame
        self.gate, self.layers, self.widest = h.gate, len(layers), WIDEST_KNOB
        self.dilation = decoder.condition.dilation
        self.head = SCRIPTED_HEADS[h.head]()
        half_gate = torch.ones(h.gate)
        half_gate[h.gate // 2 :] = 0.5  # sigmoid's own argument
        inputs = torch.stack([layer.input.weight for layer in layers]).transpose(1, 2) * half_gate
        shares = decoder.project.weight.view(len(layers), h.gate, -1) * half_gate[:, None]
        biases = torch.stack([layer.input.bias for layer in layers]) + decoder.project.bias.view(len(layers), -1)
        self._constant("matrix", torch.tensor(calibration.matrix, dtype=torch.float32))
        self._constant("offset", torch.tensor(calibration.offset, dtype=torch.float32)[:, None])
        bias = decoder.condition.bias if decoder.condition.bias is not None else torch.zeros(h.conditioning)
        who = decoder.speaker.weight[speaker] if decoder.speaker is not None and speaker is not None else 0.0
        self._constant("condition_weight", decoder.condition.weight)
        self._constant("condition_bias", bias + who)
        self._constant("share_weight", shares.reshape(-1, h.conditioning).T)
        self._constant("share_bias", (biases * half_gate).reshape(-1))
        self._constant("input_weight", decoder.input.weight.T)
        self._constant("input_bias", decoder.input.bias)
        self._constant("past_weight", inputs[:, : h.residual])  # (layers, residual, gate)
        self._constant("now_weight", inputs[:, h.residual :])
        # The gate's own half goes into what reads it.
        self._constant("residual_weight", torch.stack([0.5 * layer.residual.weight.T for layer in layers]))
        self._constant("skip_weight", 0.5 * decoder.skip.weight.T)
        self._constant("skip_bias", decoder.skip.bias)
        self._constant("hidden_weight", decoder.hidden.weight.T)
        self._constant("hidden_bias", decoder.hidden.bias)
        self._constant("output_weight", decoder.output.weight.T)
        self._constant("output_bias", decoder.output.bias)
        self._constant("synthesis_weight", decoder.filter_bank.synthesis.weight)
        self._constant("band_gains", decoder.band_gains)
        self._constant("dilations", torch.tensor(h.dilations))
        self._constant("first_slots", torch.tensor(h.dilations).cumsum(0) - torch.tensor(h.dilations))
        self.register_buffer("clock", torch.zeros(1, dtype=torch.int64))
        self.register_buffer("ring", torch.zeros(sum(h.dilations), batch, h.residual))
        self.register_buffer("previous", torch.zeros(batch, h.bands))
        self.register_buffer("condition_past", torch.zeros(batch, h.latents, decoder.condition.past_frames))
        self.register_buffer("synthesis_past", torch.zeros(batch, h.bands, decoder.filter_bank.synthesis.past_frames))

    def _constant(self, name: str, tensor: Tensor) -> None:
        """A weight; what moves is a buffer, so that buffers are the state."""
        self.register_parameter(name, nn.Parameter(tensor.detach().clone().contiguous(), requires_grad=False))

    @torch.jit.export
    def reset(self) -> None:
        """Silence before the start, for all voices."""
        self.clock.zero_()
        self.ring.zero_()
        self.previous.zero_()
        self.condition_past.zero_()
        self.synthesis_past.zero_()

    def forward(self, knobs: Tensor, noise: Tensor, temperature: Tensor) -> tuple[Tensor, Tensor]:
        """knobs (batch, dim, frames); noise (batch, frames × hop) in [0, 1); temperature (batch,).

        Returns the values drawn (batch, steps, bands) and audio (batch, 1, frames × hop).
        """
        batch, frames = knobs.size(0), knobs.size(2)
        shares = self.shares(knobs)
        drawn = torch.empty(batch, frames * self.steps_per_frame, self.bands)
        self.draw(shares, noise.view(batch, -1, self.bands), temperature, drawn)
        bands = self.head.amplitude(drawn).transpose(1, 2) / self.band_gains  # pyright: ignore[reportCallIssue]
        past = self.synthesis_past[:batch]
        joined = torch.cat([past, bands], dim=-1)
        past.copy_(joined[:, :, joined.size(2) - past.size(2) :])
        audio = F.conv1d(joined, self.synthesis_weight).transpose(1, 2).reshape(batch, 1, -1)
        return drawn, audio.clamp_(-1.0, 1.0)

    @torch.jit.export
    def shares(self, knobs: Tensor) -> Tensor:
        """Every layer's share of the conditioning and of the biases: (frames, layers, batch, gate)."""
        batch, frames = knobs.size(0), knobs.size(2)
        held = torch.nan_to_num(knobs, nan=0.0).clamp(-self.widest, self.widest)
        past = self.condition_past[:batch]
        joined = torch.cat([past, torch.matmul(self.matrix, held) + self.offset], dim=-1)
        past.copy_(joined[:, :, joined.size(2) - past.size(2) :])
        hidden = F.conv1d(joined, self.condition_weight, self.condition_bias, dilation=self.dilation)
        shares = torch.matmul(torch.relu(hidden).transpose(1, 2), self.share_weight) + self.share_bias
        return shares.view(batch, frames, self.layers, self.gate).permute(1, 2, 0, 3).contiguous()

    @torch.jit.export
    def draw(self, shares: Tensor, noise: Tensor, temperature: Tensor, drawn: Tensor) -> None:
        """Fill `drawn` (batch, steps, bands), step by step; noise (batch, steps, bands)."""
        batch, half = noise.size(0), self.gate // 2
        ring, previous = self.ring[:, :batch], self.previous[:batch]
        base = torch.empty(self.layers, batch, self.gate)
        pasts = torch.empty(self.layers, batch, ring.size(2))
        read = torch.empty(self.layers + 1, batch, ring.size(2))
        gated = torch.empty(batch, self.layers * half)
        hidden = torch.empty(batch, self.skip_weight.size(1))
        hidden_again = torch.empty(batch, self.hidden_weight.size(1))
        outputs = torch.empty(batch, self.output_weight.size(1))
        head_outputs = outputs.view(batch, self.bands, -1)
        slots = torch.empty_like(self.dilations)
        seen, newest = read.unbind(0), read[: self.layers]
        bases, signals, gates = base.unbind(0), base[:, :, :half].unbind(0), base[:, :, half:].unbind(0)
        outs = gated.view(batch, self.layers, half).unbind(1)
        now_weights, residual_weights = self.now_weight.unbind(0), self.residual_weight.unbind(0)
        past_weight, dilations, first_slots, clock = self.past_weight, self.dilations, self.first_slots, self.clock
        layers, steps_per_frame, one = self.layers, self.steps_per_frame, torch.ones_like(self.clock)
        # All that a step takes or leaves is cut before the first: a step allocates nothing.
        of_frames, uniforms, drawings = shares.unbind(0), noise[:, :, :, None].unbind(1), drawn.unbind(1)
        room = self.head.room(head_outputs, temperature)  # pyright: ignore[reportCallIssue]
        drawing = previous[:, :, None]
        for step in range(noise.size(1)):
            torch.remainder(clock, dilations, out=slots)
            slots.add_(first_slots)
            torch.index_select(ring, 0, slots, out=pasts)
            torch.baddbmm(of_frames[step // steps_per_frame], pasts, past_weight, out=base)
            read_again = self.head.read(previous, room)  # pyright: ignore[reportCallIssue]
            torch.addmm(self.input_bias, read_again, self.input_weight, out=seen[0])
            for layer in range(layers):
                pre = bases[layer]
                pre.addmm_(seen[layer], now_weights[layer])
                pre.tanh_()
                torch.addcmul(signals[layer], signals[layer], gates[layer], out=outs[layer])
                torch.addmm(seen[layer], outs[layer], residual_weights[layer], out=seen[layer + 1])
            ring.index_copy_(0, slots, newest)
            torch.addmm(self.skip_bias, gated, self.skip_weight, out=hidden)
            torch.addmm(self.hidden_bias, hidden.relu_(), self.hidden_weight, out=hidden_again)
            torch.addmm(self.output_bias, hidden_again.relu_(), self.output_weight, out=outputs)
            self.head(room, uniforms[step], drawing)
            drawings[step].copy_(previous)
            clock.add_(one)
