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


def encode(decoder: Path, recordings: Path) -> np.ndarray:
    """Knobs (frames, dim) of the training files of a folder, by the encoder beside `decoder`. Raises LatentoneError."""
    encoder = load_encoder(encoder_file_of(decoder))
    files, _, _ = data.split(recordings, None)
    skipped: list[str] = []
    loaded = audio_files.load_all(files, encoder.manifest.sample_rate_hz, skipped)
    found = [encoder.encode(audio[None])[0].T for _, audio in loaded]
    for line in skipped:
        print(f"skipped {line}", file=sys.stderr)
    if not found:
        raise LatentoneError(f"{recordings}: none of its {len(files)} training files could be read")
    return np.concatenate(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("decoder", type=Path, help="the decoder's file; its encoder lies beside it")
    parser.add_argument("recordings", type=Path, help="the folder that it was trained on")
    parser.add_argument("--seed", type=int, default=0, help="which frames are kept")
    chosen = parser.parse_args()
    try:
        knobs = encode(chosen.decoder, chosen.recordings)
        cloud.store(chosen.decoder, knobs, chosen.seed)
    except LatentoneError as error:
        sys.exit(f"recordings: {error}")
    kept = len(cloud.audio_cloud(chosen.decoder))
    low, high = np.quantile(knobs, (0.025, 0.975), axis=0)
    print(f"{chosen.decoder}: {kept} of {len(knobs)} frames kept")
    middle = ", ".join(f"{a:+.2f} to {b:+.2f}" for a, b in np.stack([low, high], axis=1)[:4])
    print(f"middle 95 % of the first knobs (-1 to 1 for the recordings that it learned from): {middle}")


if __name__ == "__main__":
    main()
