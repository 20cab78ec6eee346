"""What a log step sounds and looks like: a held-out clip, its free-running resynthesis, and their spectrograms."""

from __future__ import annotations

from typing import Any

import matplotlib
import numpy as np
import torch
from torch import Tensor

from .data import Clips, Recording
from .network import WaveNetVAE

SECONDS = 2.0
TEMPERATURE = 0.9


@torch.inference_mode()
def resynthesise(model: WaveNetVAE, latents: Tensor, temperature: float, seed: int, speaker: int = 0) -> Tensor:
    """Free-running decoding: latents (batch, dim, frames at the latent rate) to audio (batch, samples)."""
    h = model.hyperparameters
    frames = latents.repeat_interleave(h.frames_per_latent, dim=-1)
    batch, _, count = frames.shape
    noise = torch.rand(batch, count * h.control_hop_samples, generator=torch.Generator().manual_seed(seed))
    state = model.decoder.initial_state(batch)
    speakers = torch.full((batch,), speaker) if h.speakers else None
    device = state["previous"].device
    audio, _ = model.decoder.decode(
        frames, noise.to(device), torch.full((batch,), temperature, device=device), state, speakers
    )
    return audio[:, 0]


def log_resynthesis(board: Any, model: WaveNetVAE, clips: Clips, step: int) -> None:
    """Write audio and a picture of the first held-out recording to TensorBoard."""
    h = model.hyperparameters
    recording: Recording = clips.recordings[0]
    latents = round(SECONDS * h.sample_rate_hz / h.latent_hop_samples)
    device = next(model.parameters()).device
    mean, _ = model.encoder(recording.features[None, :, : 2 * latents].to(device))
    resynthesis = resynthesise(model, mean, TEMPERATURE, seed=0, speaker=recording.speaker)[0].cpu()
    codes = recording.codes[: latents * h.steps_per_latent].long()[None].to(device)
    original = model.decoder.synthesise(codes)[0][0].cpu()
    board.add_audio("held out/original", original[None], step, h.sample_rate_hz)
    board.add_audio("held out/resynthesis", resynthesis[None], step, h.sample_rate_hz)
    board.add_figure("held out/spectrogram", _figure(original.numpy(), resynthesis.numpy(), h.sample_rate_hz), step)


def _figure(original: np.ndarray, resynthesis: np.ndarray, sample_rate_hz: int) -> Any:
    from matplotlib.figure import Figure

    with matplotlib.rc_context({"axes.titlesize": 9}):
        figure = Figure(figsize=(8, 5), layout="constrained")
        axes = figure.subplots(2, 1, sharex=True)
        for axis, audio, title in zip(axes, (original, resynthesis), ("original", "resynthesis"), strict=True):
            axis.specgram(audio + 1e-7, NFFT=512, Fs=sample_rate_hz, noverlap=384, vmin=-120, vmax=-30)
            axis.set(title=title, ylabel="Hz")
        axes[-1].set_xlabel("s")
    return figure
