"""The contract of nn~ and nn.ar around decoder and encoder: methods, their buffers and labels, attributes, no exceptions.

Every method takes and gives float32 (batch, channels, frames). Rows past the batch that the file was made for are silent, missing
channels are filled with zeros and those too many are left out; what is over whole frames is not heard.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from .contract import BOOL, FLOAT, INT, NnContract, padded_to
from .encoder import ScriptedEncoder
from .noise import uniform_noise
from .wavenet import ScriptedDecoder

HOTTEST = 2.0


class NnModule(NnContract):
    """To be scripted. `decode`: knobs to audio; `encode`: audio to knobs; `forward`: audio to audio; state is in the buffers."""

    drawn_numbers: Tensor

    def __init__(
        self,
        decoder: ScriptedDecoder,
        encoder: ScriptedEncoder,
        knobs: list[str],
        sample_rate_hz: int,
        temperature: float,
        batch: int,
    ) -> None:
        super().__init__()
        self.decoder, self.encoder = decoder, encoder
        self.sample_rate_hz, self.batch, self.dim = sample_rate_hz, batch, len(knobs)
        self.hop_samples, self.hottest = decoder.hop_samples, HOTTEST
        hop = decoder.hop_samples
        self.offer("decode", knobs, hop, ["audio"], 1)
        self.offer("encode", ["audio"], 1, knobs, hop)
        self.offer("forward", ["audio"], 1, ["audio"], 1)
        self.temperature, self.seed = (float(temperature),), (0,)
        self.offer_attribute("temperature", FLOAT)
        self.offer_attribute("seed", INT)
        self.offer_attribute("reset", BOOL)
        self.register_buffer("drawn_numbers", torch.zeros(1, dtype=torch.int64))
        self.requires_grad_(False)

    @torch.jit.export
    def get_sample_rate(self) -> int:
        return self.sample_rate_hz

    @torch.jit.export
    def get_temperature(self) -> tuple[float]:
        return self.temperature

    @torch.jit.export
    def set_temperature(self, temperature: float) -> int:
        """Held within 0 and 2; what is not a number changes nothing."""
        if not math.isnan(temperature):
            self.temperature = (min(max(temperature, 0.0), self.hottest),)
        return 0

    @torch.jit.export
    def get_seed(self) -> tuple[int]:
        return self.seed

    @torch.jit.export
    def set_seed(self, seed: int) -> int:
        """Of the noise, which begins anew."""
        self.seed = (seed,)
        self.drawn_numbers.zero_()
        return 0

    @torch.jit.export
    def forget(self) -> None:
        """Everything is as if nothing had been played."""
        self.decoder.reset()
        self.encoder.reset()
        self.drawn_numbers.zero_()

    @torch.jit.export
    def decode(self, latents: Tensor) -> Tensor:
        """knobs (batch, dim, frames) to audio (batch, 1, frames × hop)."""
        with torch.no_grad():
            given = padded_to(latents[: self.batch], self.dim)
            voices, count = given.size(0), given.size(2) * self.hop_samples
            audio = torch.zeros(latents.size(0), 1, count)
            if voices > 0 and count > 0:
                first = int(self.drawn_numbers.item())
                noise = uniform_noise(self.seed[0], first, voices, count)
                self.drawn_numbers.add_(count)
                audio[:voices] = self.decoder(given, noise, torch.full([voices], self.temperature[0]))[1]
            return audio

    @torch.jit.export
    def encode(self, audio: Tensor) -> Tensor:
        """audio (batch, 1, samples) to knobs (batch, dim, samples / hop)."""
        with torch.no_grad():
            given = padded_to(audio[: self.batch], 1)
            frames = given.size(2) // self.hop_samples
            knobs = torch.zeros(audio.size(0), self.dim, frames)
            if given.size(0) > 0 and frames > 0:
                knobs[: given.size(0)] = self.encoder(given[:, 0, : frames * self.hop_samples])
            return knobs

    def forward(self, audio: Tensor) -> Tensor:
        """audio (batch, 1, samples) to audio as long; a last part of a frame is filled with silence."""
        samples = audio.size(2)
        padded = F.pad(audio, [0, (self.hop_samples - samples % self.hop_samples) % self.hop_samples])
        return self.decode(self.encode(padded))[:, :, :samples]

    @torch.jit.export
    def advance(self, knobs: Tensor, noise: Tensor, temperature: Tensor) -> tuple[Tensor, Tensor]:
        """`decode` with noise from outside, for proof and for players that know it: values drawn, and audio."""
        with torch.no_grad():
            return self.decoder(knobs, noise, temperature)
