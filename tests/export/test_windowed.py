"""Our own encoder, live: what it hears in blocks is what it hears in the whole recording, so much later."""

from __future__ import annotations

import numpy as np
import pytest
from latentone.export.errors import LatentoneError
from latentone.export.export import Exported
from latentone.export.runtime.load import load_encoder, load_live_encoder
from latentone.export.runtime.onnx import OnnxEncoder
from latentone.export.runtime.windowed import WindowedEncoder


@pytest.mark.parametrize("hops", [1, 3])
def test_blocks_are_as_good_as_the_whole(exported: Exported, hops: int) -> None:
    encoder = load_live_encoder(exported.decoder)
    assert isinstance(encoder, WindowedEncoder)
    hop = encoder.manifest.hop_samples
    assert encoder.manifest.latency_samples == encoder.ahead * hop
    audio = 0.1 * np.random.default_rng(0).normal(size=60 * hop).astype(np.float32)
    whole = load_encoder(exported.encoder).encode(audio[None])[0]
    parts = [encoder.hear(audio[start : start + hops * hop]) for start in range(0, len(audio), hops * hop)]
    heard = np.concatenate(parts, axis=1)
    inner = slice(encoder.back, whole.shape[1] - encoder.ahead)
    late = heard[:, inner.start + encoder.ahead : inner.stop + encoder.ahead]
    np.testing.assert_allclose(late, whole[:, inner], atol=1e-4 * np.abs(whole).max())
    encoder.rest()
    np.testing.assert_allclose(encoder.hear(audio[: hops * hop]), parts[0], atol=1e-5)


def test_an_encoder_of_another_family_is_refused(exported: Exported) -> None:
    encoder: OnnxEncoder = load_encoder(exported.encoder)
    encoder.manifest = encoder.manifest.model_copy(update={"family": "other"})
    with pytest.raises(LatentoneError, match="how far its encoder looks"):
        WindowedEncoder(encoder)
