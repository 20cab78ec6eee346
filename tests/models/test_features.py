"""The encoder hears what the field calls MFCC: librosa is the judge."""

from __future__ import annotations

import librosa
import numpy as np
import torch
from latentone.models.features import Mfcc
from signals import SAMPLE_RATE_HZ, voice_like

HOP_SAMPLES = 160


def test_features_equal_librosa() -> None:
    audio = voice_like(1.5, 5)
    ours = Mfcc(SAMPLE_RATE_HZ, HOP_SAMPLES)(torch.from_numpy(audio)[None])[0].numpy()
    mel = librosa.feature.melspectrogram(y=audio, sr=SAMPLE_RATE_HZ, n_fft=512, hop_length=HOP_SAMPLES, n_mels=40)
    # librosa counts one frame more, centred on the end: it belongs to what comes next.
    cepstrum = librosa.feature.mfcc(S=librosa.power_to_db(mel, amin=1e-8, top_db=None), n_mfcc=13)[:, : ours.shape[1]]
    first = librosa.feature.delta(cepstrum, mode="nearest")
    second = librosa.feature.delta(cepstrum, order=2, mode="nearest")
    np.testing.assert_allclose(ours, np.concatenate([cepstrum, first, second]), atol=5e-3)


def test_a_hundred_frames_a_second() -> None:
    assert Mfcc(SAMPLE_RATE_HZ, HOP_SAMPLES)(torch.zeros(2, SAMPLE_RATE_HZ)).shape == (2, 39, 100)
