"""The encoder as it listens live: it keeps as much of what it heard as it looks back, and answers when it has looked ahead."""

import warnings
from typing import cast

import torch
from torch import Tensor, nn

from ...models.wavenet_vae.encoder import Encoder
from ...models.wavenet_vae.hyperparameters import Hyperparameters
from ..calibrate import Calibration
from ..onnx.encoder import CalibratedEncoder
from ..runtime.windowed import FEATURES_AHEAD, FEATURES_BACK

LOUDEST = 100.0
"""Audio is held within so much, so that no finite input overflows."""


class ScriptedEncoder(nn.Module):
    """Audio to knobs, a column for every `control_hop_samples`: that of the newest latent that is known by then.

    Silence before the start. What comes out does not depend on how the audio is cut.
    """

    heard: Tensor
    held: Tensor
    waiting_samples: Tensor
    at_rest: Tensor

    def __init__(self, encoder: Encoder, calibration: Calibration, h: Hyperparameters, batch: int) -> None:
        super().__init__()
        self.hop_samples, self.latent_hop_samples = h.control_hop_samples, h.latent_hop_samples
        half_window = encoder.mfcc.mel.window_samples // 2
        self.back = -(-(FEATURES_BACK * h.feature_hop_samples + half_window) // h.latent_hop_samples)
        self.ahead = -(-(FEATURES_AHEAD * h.feature_hop_samples + half_window) // h.latent_hop_samples) - 1
        self.loudest = LOUDEST
        context = self.back + self.ahead
        module = CalibratedEncoder(encoder, calibration).eval()
        audio = torch.randn(2, (context + 3) * h.latent_hop_samples, generator=torch.Generator().manual_seed(0))
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")  # of sizes that it takes for constants: the parity check hears other ones
            self.whole = cast(nn.Module, torch.jit.trace(module, (audio,), check_trace=False))
        self.register_buffer("heard", torch.zeros(batch, (context + 1) * h.latent_hop_samples))
        self.register_buffer("held", torch.zeros(batch, h.latents))
        self.register_buffer("waiting_samples", torch.zeros(1, dtype=torch.int64))
        self.register_buffer("at_rest", self._at_rest((context + 1) * h.latent_hop_samples))
        self.reset()

    @property
    def latency_samples(self) -> int:
        """From the middle of a latent's sound going in to the latent coming out."""
        return self.ahead * self.latent_hop_samples + self.latent_hop_samples // 2

    @torch.no_grad()
    def _at_rest(self, samples: int) -> Tensor:
        return self.whole(torch.zeros(1, samples))[:, :, self.back]

    @torch.jit.export
    def reset(self) -> None:
        """Silence before the start, for all rows."""
        self.heard.zero_()
        self.held.copy_(self.at_rest.expand_as(self.held))
        self.waiting_samples.zero_()

    def forward(self, audio: Tensor) -> Tensor:
        """audio (batch, samples), a multiple of the control hop, to knobs (batch, dim, samples / control hop)."""
        batch, samples = audio.size(0), audio.size(1)
        heard, held = self.heard[:batch], self.held[:batch]
        clean = torch.nan_to_num(audio, nan=0.0).clamp(-self.loudest, self.loudest)
        joined = torch.cat([heard, clean], dim=1)
        heard.copy_(joined[:, joined.size(1) - heard.size(1) :])
        before = int(self.waiting_samples.item())
        waiting = before + samples
        hops = waiting // self.latent_hop_samples
        self.waiting_samples.fill_(waiting - hops * self.latent_hop_samples)
        known = held[:, :, None]
        if hops > 0:
            end = joined.size(1) - (waiting - hops * self.latent_hop_samples)
            start = end - (self.back + hops + self.ahead) * self.latent_hop_samples
            latents = self.whole(joined[:, start:end])[:, :, self.back : self.back + hops]
            known = torch.cat([known, latents], dim=2)
            held.copy_(known[:, :, known.size(2) - 1])
        ends = before + self.hop_samples * torch.arange(1, samples // self.hop_samples + 1)
        return known.index_select(2, torch.div(ends, self.latent_hop_samples, rounding_mode="floor"))
