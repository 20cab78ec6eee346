"""How good a movement's VAE is, in figures: on clips that it never saw, beside what simple means are worth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...models import vae
from ...models.mocap import network
from ...models.mocap.clips import Clip
from ...models.mocap.network import MotionVAE, limb_degrees
from ...models.mocap.pose import LIMBS, ROOT
from ..errors import LatentoneError
from ..provenance import check_made_of
from ..runtime.data_encoder import DataEncoder
from ..runtime.load import load_data_encoder
from .mocap import clips_of

PIECE_S = 2.0
"""Of a clip, that is told the action of by itself."""


@dataclass(frozen=True)
class Figures:
    """What `latentone evaluate` reports of a movement's VAE.

    Errors are angles between limbs' rotations, degrees, the mean of all limbs and frames of the held-out clips; `window` is
    over all frames that a latent is decoded to, and other errors are of the present frame alone.
    """

    name: str
    training_clips: int
    held_out_clips: int
    held_out_frames: int
    latents: int
    active_units: int
    degrees: float
    degrees_95_percent: float
    """So much or less in 95 of 100 limbs and frames."""
    degrees_training: float
    """On the clips that it learned from."""
    degrees_mean_pose: float
    """What the mean pose of the training clips would miss by."""
    degrees_previous_frame: float
    """How far a pose is from the one a frame before."""
    degrees_components_pose: float
    """Of as many principal components of a single pose as there are latents."""
    degrees_components: float
    """Of as many of the window."""
    degrees_window: float
    degrees_window_components: float
    degrees_by_limb: dict[str, float]
    velocity: float
    """Root mean square error, leg lengths a second."""
    velocity_spread: float
    """Its standard deviation."""
    actions: int
    pieces: int
    """Of PIECE_S of held-out clips."""
    told: dict[str, dict[str, float]]
    """Share of actions told right of `pieces` and of whole `clips`, balanced over actions, from `latents` and from `poses`."""

    @property
    def title(self) -> str:
        return f"{self.held_out_clips} held-out clips of {self.name}, {self.held_out_frames} frames, after {self.training_clips}"

    def to_dict(self) -> dict[str, object]:
        return {key: round(value, 3) if isinstance(value, float) else value for key, value in asdict(self).items()}

    def rows(self) -> list[tuple[str, str, str]]:
        components = f"{self.latents} principal components"
        beside = f"mean pose: {self.degrees_mean_pose:.2f}, frame before: {self.degrees_previous_frame:.2f}, "
        beside += f"{components} of the window: {self.degrees_components:.2f}, "
        beside += f"of the pose alone: {self.degrees_components_pose:.2f}"
        rows = [
            ("degrees a limb", f"{self.degrees:.2f}", beside),
            (
                "degrees a limb, of 95 %",
                f"{self.degrees_95_percent:.2f}",
                f"training clips, mean: {self.degrees_training:.2f}",
            ),
            (
                "degrees a limb, over the window",
                f"{self.degrees_window:.2f}",
                f"{components}: {self.degrees_window_components:.2f}",
            ),
            ("velocity, leg lengths a second", f"{self.velocity:.3f}", f"spread: {self.velocity_spread:.3f}"),
            ("active latents", str(self.active_units), f"of {self.latents}"),
        ]
        for what, found in self.told.items():
            beside = f"poses: {found['poses']:.3f}, chance: {1 / self.actions:.3f}"
            rows.append((f"{what}: right of {self.actions} actions", f"{found['latents']:.3f}", beside))
        return [
            *rows,
            *(
                (f"degrees, {limb.replace('_', ' ')}", f"{value:.2f}", "")
                for limb, value in self.degrees_by_limb.items()
            ),
        ]


@torch.inference_mode()
def evaluate(checkpoint: Path, model_file: Path, data_path: str | None = None, labels: str | None = None) -> Figures:
    """Measure `checkpoint` and its export on the clips that were held out in training.

    data_path: where they lie now, if they have moved. Raises LatentoneError when a file cannot be used.
    """
    if labels is not None:
        raise LatentoneError("--labels: clips of movement have the labels of their folders or keys")
    model, record = network.load(checkpoint)
    encoder = load_data_encoder(model_file)
    check_made_of(model_file, encoder.manifest, model, checkpoint)
    training, held_out = clips_of(checkpoint, record, data_path, model.hyperparameters.frame_rate_hz)
    inside, learned, _ = _decoded(model, training)
    outside, decoded, means = _decoded(model, held_out)
    dim = model.hyperparameters.latents
    errors = limb_degrees(decoded[0], outside[0])
    window = _components(inside, dim)(outside)
    steps = [limb_degrees(values[:, :-1], values[:, 1:]) for values in (torch.from_numpy(c.values) for c in held_out)]
    return Figures(
        name=record["data"]["name"],
        training_clips=len(training),
        held_out_clips=len(held_out),
        held_out_frames=errors.shape[1],
        latents=dim,
        active_units=vae.active_units(means),
        degrees=float(errors.mean()),
        degrees_95_percent=float(np.quantile(errors.numpy(), 0.95)),
        degrees_training=_degrees(learned[0], inside[0]),
        degrees_mean_pose=_degrees(inside[0].mean(dim=1, keepdim=True).expand_as(outside[0]), outside[0]),
        degrees_previous_frame=float(torch.cat(steps, dim=1).mean()),
        degrees_components_pose=_degrees(_components(inside[:1], dim)(outside[:1])[0], outside[0]),
        degrees_components=_degrees(window[0], outside[0]),
        degrees_window=_degrees(decoded, outside),
        degrees_window_components=_degrees(window, outside),
        degrees_by_limb={limb: round(float(error), 2) for limb, error in zip(LIMBS, errors.mean(dim=1), strict=True)},
        velocity=float((decoded[0, :3] - outside[0, :3]).square().mean().sqrt()),
        velocity_spread=float(outside[0, :3].std()),
        **_actions(encoder, training, held_out),
    )


def _decoded(model: MotionVAE, clips: Sequence[Clip]) -> tuple[Tensor, Tensor, Tensor]:
    """What is to come out, what does, (taps, inputs, frames) both, and posterior means (frames, latents), of all clips."""
    targets, outputs, means = [], [], []
    for clip in clips:
        values = torch.from_numpy(clip.values)[None]
        mean = model.encoder(values)[0].mean
        targets.append(model.targets(values)[0])
        outputs.append(model.decode(mean)[0])
        means.append(mean[0].T)
    return torch.cat(targets, dim=-1), torch.cat(outputs, dim=-1), torch.cat(means)


def _degrees(guess: Tensor, wanted: Tensor) -> float:
    return float(limb_degrees(guess, wanted).mean())


def _components(windows: Tensor, count: int) -> Callable[[Tensor], Tensor]:
    """A function that puts windows (taps, inputs, frames) on the principal components of these, weighed as in training."""
    weights = torch.ones(windows.shape[1], 1)
    weights[: len(ROOT)] = network.ROOT_WEIGHT**0.5

    def rows(of: Tensor) -> Tensor:
        return (of * weights).double().flatten(0, 1).T

    mean = rows(windows).mean(dim=0)
    axes = torch.linalg.eigh(torch.cov((rows(windows) - mean).T))[1][:, -count:]
    return lambda of: ((rows(of) - mean) @ axes @ axes.T + mean).T.reshape(of.shape).float() / weights


def _actions(encoder: DataEncoder, training: Sequence[Clip], held_out: Sequence[Clip]) -> dict[str, Any]:
    """What a linear classifier of means and spreads over time, which learned from the training clips, tells of the others."""

    def latents(clip: Clip) -> np.ndarray:
        return encoder.encode(clip.values[None], encoder.initial_state(1))[0][0]

    def poses(clip: Clip) -> np.ndarray:
        return clip.values

    actions = {clip.label for clip in training} & {clip.label for clip in held_out}
    found: dict[str, Any] = {
        "actions": len(actions),
        "pieces": len(_statistics(held_out, poses, PIECE_S)[1]),
        "told": {},
    }
    if len(actions) > 1:
        known = [clip for clip in training if clip.label in actions]
        unknown = [clip for clip in held_out if clip.label in actions]
        for what, piece_s in (("pieces", PIECE_S), ("clips", None)):
            found["told"][what] = {
                of.__name__: _told(_statistics(known, of, PIECE_S), _statistics(unknown, of, piece_s))
                for of in (latents, poses)
            }
    return found


def _told(known: tuple[np.ndarray, list[str]], unknown: tuple[np.ndarray, list[str]]) -> float:
    """The mean over actions of how many of each are told right."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import balanced_accuracy_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    classifier = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=3000, class_weight="balanced"))
    classifier.fit(*known)
    return round(float(balanced_accuracy_score(unknown[1], classifier.predict(unknown[0]))), 3)


def _statistics(
    clips: Sequence[Clip], of: Callable[[Clip], np.ndarray], piece_s: float | None
) -> tuple[np.ndarray, list[str]]:
    """Means and standard deviations over each piece of each clip, or over the whole clip, and labels."""
    rows, labels = [], []
    for clip in clips:
        series = of(clip)
        count = 1 if piece_s is None else max(1, round(series.shape[1] / (piece_s * clip.frame_rate_hz)))
        for piece in np.array_split(series, count, axis=1):
            rows.append(np.concatenate([piece.mean(axis=1), piece.std(axis=1)]))
            labels.append(clip.label)
    return np.stack(rows), labels
