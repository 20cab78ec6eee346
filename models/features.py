"""What the encoder hears: 13 MFCC with first and second differences, as torch operations that export."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

COEFFICIENTS = 13
DELTA_WIDTH_FRAMES = 9
POWER_FLOOR = 1e-8


class MelSpectrogram(nn.Module):
    """Power mel spectrogram, as `librosa.feature.melspectrogram` with zero padding and centred frames.

    The short-time Fourier transform is a convolution with a windowed cosine and sine basis: plain operators that
    every runtime has.
    """

    basis: Tensor
    mel: Tensor

    def __init__(self, sample_rate_hz: int, hop_samples: int, mels: int, window_s: float = 0.032) -> None:
        super().__init__()
        import librosa

        self.hop_samples = hop_samples
        self.window_samples = 2 ** round(math.log2(window_s * sample_rate_hz))
        bins = self.window_samples // 2 + 1
        angle = 2 * math.pi * np.outer(np.arange(bins), np.arange(self.window_samples)) / self.window_samples
        window = np.hanning(self.window_samples + 1)[:-1]
        basis = np.concatenate([np.cos(angle), -np.sin(angle)]) * window
        # Neither belongs into a checkpoint: both follow from the sizes, and the basis is larger than many a network.
        self.register_buffer("basis", torch.tensor(basis[:, None, :], dtype=torch.float32), persistent=False)
        mel = librosa.filters.mel(sr=sample_rate_hz, n_fft=self.window_samples, n_mels=mels)
        self.register_buffer("mel", torch.tensor(mel, dtype=torch.float32), persistent=False)

    def forward(self, audio: Tensor) -> Tensor:
        """(batch, samples) to (batch, mels, samples // hop); frame i is centred on sample i × hop."""
        half = self.window_samples // 2
        parts = F.conv1d(F.pad(audio[:, None, :], (half, half)), self.basis, stride=self.hop_samples)
        real, imaginary = parts.chunk(2, dim=1)
        power = real.square() + imaginary.square()
        return (self.mel @ power)[..., : audio.shape[-1] // self.hop_samples]


def log_mel_db(mel: Tensor) -> Tensor:
    """Power to dB with a floor of -80 dB; any shape."""
    return 10 * torch.log10(mel.clamp(min=POWER_FLOOR))


class Mfcc(nn.Module):
    """39 features at 100 Hz: MFCC (orthonormal DCT-II of the log-mel spectrogram) and their two differences.

    Differences are Savitzky-Golay slopes over 9 frames, as `librosa.feature.delta(mode="nearest")`.
    """

    dct: Tensor
    slopes: Tensor

    def __init__(self, sample_rate_hz: int, hop_samples: int, mels: int = 40) -> None:
        super().__init__()
        from scipy.signal import savgol_coeffs

        self.mel = MelSpectrogram(sample_rate_hz, hop_samples, mels)
        k, n = np.arange(COEFFICIENTS)[:, None], np.arange(mels)[None, :]
        dct = np.cos(math.pi * k * (2 * n + 1) / (2 * mels)) * math.sqrt(2 / mels)
        dct[0] /= math.sqrt(2)
        self.register_buffer("dct", torch.tensor(dct, dtype=torch.float32))
        slopes = np.stack([savgol_coeffs(DELTA_WIDTH_FRAMES, order, deriv=order)[::-1] for order in (1, 2)])
        self.register_buffer("slopes", torch.tensor(slopes[:, None, :].copy(), dtype=torch.float32))

    def forward(self, audio: Tensor) -> Tensor:
        """(batch, samples) to (batch, 39, frames)."""
        cepstrum = self.dct @ log_mel_db(self.mel(audio))
        half = DELTA_WIDTH_FRAMES // 2
        padded = F.pad(cepstrum, (half, half), mode="replicate")
        batch, rows, frames = padded.shape
        slopes = F.conv1d(padded.reshape(batch * rows, 1, frames), self.slopes)
        first, second = slopes.reshape(batch, rows, 2, -1).unbind(2)
        return torch.cat([cepstrum, first, second], dim=1)
