"""An npz that holds no movement is told so in one line, whatever else it holds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from latentone.models.errors import LatentoneError
from latentone.models.mocap.clips import read_clips

STILL = np.zeros((3, 117))


@pytest.mark.parametrize(
    ("arrays", "why"),
    [
        ({"a": STILL[:, :4]}, r"a is not \(frames, 117\) numbers, but float64 \(3, 4\)"),
        ({"a": STILL.astype(str)}, "a is not .* numbers, but <U"),
        ({"a": STILL + np.nan}, "a has values that are no angles or places: not finite"),
        ({"a": STILL + 1e200}, "a has values that are no angles or places"),
        ({"a": np.array([{}])}, "not a readable npz of movements"),
        ({"a": STILL, "frame_rate_hz": np.array(0)}, r"frame_rate_hz must be one number, 0.1 to 10000, got 0"),
        ({"a": STILL, "frame_rate_hz": np.array("fast")}, "frame_rate_hz must be one number, .* got fast"),
        ({"a": STILL, "frame_rate_hz": np.ones(2)}, "frame_rate_hz must be one number"),
        ({}, "holds no movement"),
    ],
)
def test_an_npz_that_holds_no_movement_is_told_so(tmp_path: Path, arrays: dict[str, np.ndarray], why: str) -> None:
    np.savez(tmp_path / "clips.npz", **arrays)  # pyright: ignore[reportArgumentType]
    with pytest.raises(LatentoneError, match=rf"clips\.npz: {why}") as raised:
        read_clips(tmp_path / "clips.npz")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_an_npz_that_is_cut_or_bent_is_told_so(tmp_path: Path, share: float) -> None:
    path = tmp_path / "clips.npz"
    np.savez(path, a=np.random.default_rng(0).normal(size=(30, 117)))
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))] if share < 1 else whole[:9000] + bytes(9) + whole[9009:])
    with pytest.raises(LatentoneError, match=r"clips\.npz: not a readable npz of movements"):
        read_clips(path)
