"""Give a decoder's file its cloud after the export: recordings through the encoder beside it; nothing else in the file changes.

    python -m latentone.export.coupling.recordings voice.onnx recordings

`latentone export` does it of itself; this is for files that older versions wrote. The recordings are those of the
training, of which every tenth was held out and is not read.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from ...models import audio_files
from ...models.wavenet_vae import data
from ..errors import LatentoneError
from ..runtime.load import encoder_file_of, load_encoder
from . import cloud


def encode(decoder: Path, recordings: Path) -> tuple[np.ndarray, np.ndarray]:
    """The training files of a folder by the encoder beside `decoder`: knobs (frames, dim), and the level of each frame in dB.

    Raises LatentoneError.
    """
    encoder = load_encoder(encoder_file_of(decoder))
    files, _, _ = data.split(recordings, None)
    skipped: list[str] = []
    loaded = audio_files.load_all(files, encoder.manifest.sample_rate_hz, skipped)
    hop = encoder.manifest.hop_samples
    found, energy_db = [], []
    for _, audio in loaded:
        knobs = encoder.encode(audio[None])[0].T
        frames = np.pad(audio, (0, len(knobs) * hop - len(audio))).reshape(-1, hop)
        found.append(knobs)
        energy_db.append(10 * np.log10(np.mean(frames**2, axis=1) + 1e-10))
    for line in skipped:
        print(f"skipped {line}", file=sys.stderr)
    if not found:
        raise LatentoneError(f"{recordings}: none of its {len(files)} training files could be read")
    return np.concatenate(found), np.concatenate(energy_db)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("decoder", type=Path, help="the decoder's file; its encoder lies beside it")
    parser.add_argument("recordings", type=Path, help="the folder that it was trained on")
    parser.add_argument("--seed", type=int, default=0, help="which frames are kept")
    chosen = parser.parse_args()
    try:
        knobs, energy_db = encode(chosen.decoder, chosen.recordings)
        sounding = cloud.sounding(energy_db)
        cloud.store(chosen.decoder, knobs[sounding], chosen.seed)
    except LatentoneError as error:
        sys.exit(f"recordings: {error}")
    kept = len(cloud.audio_cloud(chosen.decoder))
    low, high = np.quantile(knobs, (0.025, 0.975), axis=0)
    print(f"{chosen.decoder}: {kept} frames kept of {len(knobs)}, of which {sounding.mean():.0%} sound")
    middle = ", ".join(f"{a:+.2f} to {b:+.2f}" for a, b in np.stack([low, high], axis=1)[:4])
    print(f"middle 95 % of the first knobs (-1 to 1 for the recordings that it learned from): {middle}")


if __name__ == "__main__":
    main()
