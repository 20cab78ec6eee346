"""Clips for training: which are held out, and crops of the others, and of what they are in a mirror."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from ..errors import LatentoneError
from . import rotations
from .clips import Clip
from .pose import INPUTS, LIMBS, ROOT

CROP_S = 1.2
TILT = np.radians(4.0)
"""Standard deviation about each axis: how much another rest pose, or another body, may differ."""


def split(clips: Sequence[Clip], share: float, seed: int) -> tuple[list[Clip], list[Clip]]:
    """Training and held-out clips: of each label `share` of its clips, but never its only one; at least one of all.

    Raises LatentoneError for a single clip.
    """
    if len(clips) < 2:
        raise LatentoneError("training needs two clips at least, one of them to be held out; there is one")
    generator = np.random.default_rng(seed)
    chosen: set[str] = set()
    for label in sorted({clip.label for clip in clips}):
        names = [clip.name for clip in clips if clip.label == label]
        count = min(len(names) - 1, max(1, math.floor(share * len(names) + 0.5)))
        chosen.update(generator.permutation(names)[:count])
    if not chosen:
        chosen.add(clips[-1].name)
    return [clip for clip in clips if clip.name not in chosen], [clip for clip in clips if clip.name in chosen]


def fewer(clips: Sequence[Clip], most: int | None) -> list[Clip]:
    """At most so many clips, spread evenly over all of them."""
    if most is None or len(clips) <= most:
        return list(clips)
    return [clips[index] for index in np.linspace(0, len(clips) - 1, most).round().astype(int)]


def mirrored(values: np.ndarray) -> np.ndarray:
    """Values (inputs, frames) of the same movement with left and right exchanged."""
    return values[_MIRROR] * _MIRROR_SIGNS[:, None]


def tilted(crops: Sequence[Tensor]) -> Tensor:
    """Crops (inputs, frames) as a batch; in each, every limb is turned all along by angles of its own about its axes."""
    batch = torch.stack(list(crops)).numpy()
    turns = rotations.from_exponential(TILT * torch.randn(len(batch), 1, len(LIMBS), 3).numpy())
    limbs = rotations.from_six(batch[:, len(ROOT) :].swapaxes(1, 2).reshape(len(batch), -1, len(LIMBS), 6))
    six = rotations.to_six(limbs @ turns).reshape(len(batch), -1, len(LIMBS) * 6)
    return torch.from_numpy(np.concatenate([batch[:, : len(ROOT)], six.swapaxes(1, 2)], axis=1, dtype=np.float32))


def _mirror() -> tuple[np.ndarray, np.ndarray]:
    """Which channel each one is in a mirror, and with which sign: S R S with S = diag(-1, 1, 1) of every rotation R."""
    other = {"left": "right", "right": "left"}
    names, signs = list(ROOT), [-1.0, 1.0, 1.0, -1.0]
    for limb in LIMBS:
        side, _, part = limb.partition("_")
        twin = f"{other[side]}_{part}" if side in other else limb
        names += [f"{twin}_{axis}{component}" for axis in "xy" for component in "xyz"]
        signs += [1.0, -1.0, -1.0, -1.0, 1.0, 1.0]
    return np.array([INPUTS.index(name) for name in names]), np.array(signs, dtype=np.float32)


_MIRROR, _MIRROR_SIGNS = _mirror()


class Crops(Dataset[Tensor]):
    """Crops of CROP_S (inputs, frames), as many as fit into the clips and their mirror images side by side.

    Where one begins is drawn anew each time.
    """

    def __init__(self, clips: Sequence[Clip]) -> None:
        self._frames = max(2, round(CROP_S * clips[0].frame_rate_hz))
        both = [values for clip in clips for values in (clip.values, mirrored(clip.values))]
        self._values = [values for values in both for _ in range(max(1, values.shape[1] // self._frames))]

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, index: int) -> Tensor:
        values = self._values[index]
        start = int(torch.randint(max(1, values.shape[1] - self._frames + 1), ()))
        crop = values[:, start : start + self._frames]
        crop = np.pad(crop, ((0, 0), (0, self._frames - crop.shape[1])), mode="edge")
        return torch.from_numpy(crop)


class Whole(Dataset[Tensor]):
    """Clips as they are, one at a time (inputs, frames)."""

    def __init__(self, clips: Sequence[Clip]) -> None:
        self._clips = clips

    def __len__(self) -> int:
        return len(self._clips)

    def __getitem__(self, index: int) -> Tensor:
        return torch.from_numpy(self._clips[index].values)
