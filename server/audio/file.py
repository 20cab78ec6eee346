"""The file sink: audio into a WAV or FLAC file, as fast as it comes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Self

import numpy as np
import soundfile

from ...export.errors import LatentoneError

FORMATS = {".wav": "WAV", ".flac": "FLAC"}


class FileSink:
    """Writes one file; never blocks, so it is not a clock.

    The default subtype is 24 bit: below the noise of any converter, smaller than float, the same in WAV and FLAC, and
    opened by every editor. Samples beyond [-1, 1] are clipped. The same audio always gives the same bytes.

    Everything goes to a hidden `.part` file beside the target, renamed when the sink is left without an exception: a
    render that was stopped or killed leaves nothing that looks like a whole file, and a file that was there before
    stays.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        sample_rate_hz: int,
        channels: int,
        subtype: str = "PCM_24",
        comment: str = "",
    ) -> None:
        """comment: kept in the file, where players show it."""
        self.path = Path(path)
        self._comment = comment
        self.sample_rate_hz = sample_rate_hz
        self.channels = channels
        suffix = self.path.suffix.lower()
        if suffix not in FORMATS:
            raise LatentoneError(f"{self.path}: {suffix or 'no suffix'} is not one of {', '.join(FORMATS)}")
        self._format = FORMATS[suffix]
        if subtype not in soundfile.available_subtypes(self._format):
            allowed = ", ".join(soundfile.available_subtypes(self._format))
            raise LatentoneError(f"{self.path}: {subtype} is not a subtype of {self._format}; it is one of {allowed}")
        self._subtype = subtype
        self._part = self.path.with_name(f".{self.path.name}.part")
        self._file: soundfile.SoundFile | None = None

    def __enter__(self) -> Self:
        folder = self.path.parent
        if not folder.is_dir():
            raise LatentoneError(f"{self.path}: the folder {folder} does not exist")
        if self.path.is_dir():
            raise LatentoneError(f"{self.path} is a folder, not a file")
        try:
            self._file = soundfile.SoundFile(
                self._part, "w", self.sample_rate_hz, self.channels, self._subtype, format=self._format
            )
            if self._comment:
                self._file.comment = self._comment
        except (OSError, soundfile.LibsndfileError) as error:
            # libsndfile says only "System error."; what the system means is asked for here
            why = "no permission to write there" if not os.access(folder, os.W_OK) else str(error)
            raise LatentoneError(f"{self.path}: cannot be written: {why}") from error
        return self

    def __exit__(self, exc_type: object, *exc: object) -> None:
        if self._file is None:
            return
        try:
            self._file.close()
            self._file = None
            if exc_type is None:
                _clear_peak_time(self._part)
                os.replace(self._part, self.path)
        except (OSError, soundfile.LibsndfileError) as error:
            raise LatentoneError(f"{self.path}: cannot be written: {error}") from error
        finally:
            self._part.unlink(missing_ok=True)

    def write(self, audio: np.ndarray) -> None:
        """Append float32 `audio` (channels, samples)."""
        assert self._file is not None, "enter the sink before writing"
        try:
            self._file.write(audio.T)
        except soundfile.LibsndfileError as error:
            raise LatentoneError(f"{self.path}: cannot be written: {error} (is the disk full?)") from error

    @property
    def latency_s(self) -> float:
        return 0.0

    @property
    def underruns(self) -> int:
        return 0

    def describe(self) -> str:
        return f"{self.path}, {self._subtype}, {self.sample_rate_hz} Hz"


def _clear_peak_time(path: Path) -> None:
    """Zero the time of writing that libsndfile puts into the PEAK chunk of float WAV files, the one thing that differs.

    The chunk stands before the data: name, size, version, then the time in four bytes.
    """
    with open(path, "r+b") as file:
        header = file.read(4096).partition(b"data")[0]
        chunk = header.find(b"PEAK")
        if header.startswith(b"RIFF") and chunk >= 0:
            file.seek(chunk + 12)
            file.write(bytes(4))
