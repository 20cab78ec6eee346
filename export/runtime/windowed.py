"""An encoder that hears whole recordings, made to listen live: by windows that overlap as far as it looks to either side."""

from __future__ import annotations

import math

import numpy as np

from ...models.wavenet_vae.hyperparameters import Hyperparameters
from ..errors import LatentoneError
from .onnx import OnnxEncoder

FEATURES_BACK, FEATURES_AHEAD = 11, 12
"""Feature frames before and after the first one of a latent that it depends on: six convolutions and the differences."""
WINDOW_S = 0.032
"""Of the mel spectrogram, whose length in samples is the power of two next to it."""
LOUDEST = 100.0


class WindowedEncoder:
    """Our exported encoder, live: a column of knobs a hop, as far behind as the encoder looks ahead. Used by one thread."""

    def __init__(self, encoder: OnnxEncoder) -> None:
        """Raises LatentoneError for an encoder that is of another family than ours."""
        manifest = encoder.manifest
        if manifest.family != "wavenet_vae":
            raise LatentoneError(f"{manifest.name}: how far its encoder looks to either side is not known")
        h = Hyperparameters.from_dict(manifest.network)
        hop = manifest.hop_samples
        half_window = 2 ** round(math.log2(WINDOW_S * h.sample_rate_hz)) // 2
        self._encoder, self._hop = encoder, hop
        self.back = -(-(FEATURES_BACK * h.feature_hop_samples + half_window) // hop)
        self.ahead = -(-(FEATURES_AHEAD * h.feature_hop_samples + half_window) // hop) - 1
        self.manifest = manifest.model_copy(update={"latency_samples": self.ahead * hop})
        self._heard = np.zeros((self.back + self.ahead) * hop, np.float32)

    def rest(self) -> None:
        """As if nothing had been heard."""
        self._heard.fill(0.0)

    def hear(self, audio: np.ndarray) -> np.ndarray:
        """The next audio (samples,), whole hops, to knobs (dim, hops): those of what was heard `ahead` hops before."""
        clean = np.clip(np.nan_to_num(audio), -LOUDEST, LOUDEST).astype(np.float32)
        joined = np.concatenate([self._heard, clean])
        self._heard = joined[len(clean) :]
        hops = len(clean) // self._hop
        return self._encoder.encode(joined[None])[0][:, self.back : self.back + hops]
