"""A hundred time-tagged bundles from sclang are heard where their tags say, to the sample."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from latentone.server.packets import IMMEDIATELY, read_packet, seconds
from playing import playing
from relay import Relay
from sclang import run_sclang

RATE_HZ = 48000


def rises(audio: np.ndarray) -> np.ndarray:
    """Where audio, (samples,), rises through half of its highest level, in samples with their fractions."""
    half = np.max(audio) / 2
    [before] = np.nonzero((audio[:-1] < half) & (audio[1:] >= half))
    return before + (half - audio[before]) / (audio[before + 1] - audio[before])


@pytest.mark.parametrize("note", ["gain", "gate"])
def test_a_hundred_bundles_land_within_a_sample_of_their_tags_spacing(
    note: str, fake_model: Path, tmp_path: Path
) -> None:
    heard = tmp_path / "heard.wav"
    with (
        # So much latency that a busy machine does not make it run dry: time would go on then, and the file would not.
        playing(fake_model, tmp_path, "-o", heard, "--sample-rate", RATE_HZ, "--latency-ms", 500) as server,
        Relay(server) as relay,
    ):
        run_sclang(
            Path(__file__).parent / "timing.scd", tmp_path, {"LATENTONE_PORT": relay.port, "LATENTONE_NOTE": note}
        )
    messages = [message for packet in relay.packets for message in read_packet(packet)]
    timed = [message for message in messages if message.time_tag != IMMEDIATELY]
    tags_s = np.array([seconds(message.time_tag) for message in timed[::2]])
    assert len(tags_s) == 100
    audio, rate_hz = soundfile.read(heard, always_2d=True)
    assert rate_hz == RATE_HZ
    found = rises(audio[RATE_HZ // 2 :, 0])[-100:]
    assert len(found) == 100
    off_samples = found - (tags_s - tags_s[0]) * RATE_HZ
    off_samples -= np.median(off_samples)
    assert np.all(np.abs(off_samples) <= 1), f"from {off_samples.min():.1f} to {off_samples.max():.1f} samples off"
