"""`latentone resynth` with a TorchScript model: what comes out is what the model makes of the recording."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from latentone.export.errors import LatentoneError
from latentone.models import audio_files
from latentone.server.render import resynth
from streaming_decoder import Autoencoder, RatedDecoder

RATE_HZ = 44100


def recording(folder: Path) -> Path:
    time_s = np.arange(RATE_HZ) / RATE_HZ
    file = folder / "recording.wav"
    soundfile.write(file, 0.3 * np.sin(2 * np.pi * 3 * time_s) * np.sin(2 * np.pi * 220 * time_s), RATE_HZ)
    return file


def test_a_recording_is_encoded_and_decoded_again(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model, file, output = tmp_path / "other.ts", recording(tmp_path), tmp_path / "again.wav"
    torch.jit.script(Autoencoder().eval()).save(str(model))
    resynth(file, output, str(model), None, None, None)
    found, rate_hz = soundfile.read(output, dtype="float32")
    audio = audio_files.load(file, RATE_HZ)
    assert (rate_hz, len(found)) == (RATE_HZ, len(audio))
    module = torch.jit.load(str(model))
    with torch.inference_mode():
        whole = module(torch.from_numpy(np.pad(audio, (0, 2000 - (len(audio) + 2000) % 64)))[None, None])[0, 0].numpy()
    # Beside the recording, with the model's delay taken out, apart from the first fade.
    best = min(range(200), key=lambda late: np.abs(found[4000:8000] - whole[4000 + late : 8000 + late]).max())
    np.testing.assert_allclose(found[4000:40000], whole[4000 + best : 40000 + best], atol=1e-4)


def test_a_model_that_cannot_hear_is_refused(tmp_path: Path) -> None:
    model = tmp_path / "mute.ts"
    torch.jit.script(RatedDecoder().eval()).save(str(model))
    with pytest.raises(LatentoneError, match="has no encode method"):
        resynth(recording(tmp_path), tmp_path / "again.wav", str(model), None, None, None)
