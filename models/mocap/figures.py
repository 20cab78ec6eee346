"""What a model of movement is worth on clips that it never saw, beside what simple means are worth."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..errors import LatentoneError
from ..vae import active_units
from . import network
from .clips import Clip, read_clips
from .network import MotionVAE, limb_degrees
from .pose import LIMBS, ROOT

PIECE_S = 2.0
"""Of a clip, that is told the action of by itself."""
ROOT_SCALE = network.ROOT_WEIGHT**0.5


@dataclass(frozen=True)
class Figures:
    """Errors are angles in degrees a limb at the present frame, the mean of all limbs and frames of the held-out clips."""

    held_out_clips: int
    held_out_frames: int
    degrees: float
    degrees_p95: float
    degrees_by_limb: dict[str, float]
    degrees_mean_pose: float
    """What the mean pose of the training clips would miss by."""
    degrees_previous_frame: float
    """How far a pose is from the one a frame before."""
    degrees_pca: float
    """Of as many principal components of a single pose as there are latents."""
    degrees_pca_window: float
    """The same of the frames of the window that the latents are decoded to."""
    degrees_window: float
    """Of the model, over all those frames."""
    degrees_window_pca: float
    degrees_training: float
    """Of the model on the clips that it learned from."""
    velocity_error: float
    """Root mean square, leg lengths a second."""
    velocity_spread: float
    active_units: int
    latents: int
    actions: list[str]
    pieces: int
    """Of PIECE_S of held-out clips."""
    accuracy_latents: float
    """Balanced over actions: the mean of how many of each action's pieces are told right."""
    accuracy_poses: float
    accuracy_clips_latents: float
    accuracy_clips_poses: float
    accuracy_chance: float

    def to_dict(self) -> dict[str, Any]:
        return {key: round(value, 4) if isinstance(value, float) else value for key, value in asdict(self).items()}


@torch.inference_mode()
def measure(checkpoint: Path, source: Path) -> Figures:
    """Figures of a checkpoint on those clips of `source` that it never saw. Raises LatentoneError for other clips."""
    model, record = network.load(checkpoint)
    clips = read_clips(source, model.hyperparameters.frame_rate_hz)
    unseen, seen = set(record["data"]["held_out"]), set(record["data"]["trained_on"])
    held_out = [clip for clip in clips if clip.name in unseen]
    training = [clip for clip in clips if clip.name in seen]
    if not held_out or not training:
        raise LatentoneError(f"{source}: not the clips that {checkpoint} was trained on")
    everything = [(clip, *_passed(model, clip)) for clip in [*training, *held_out]]
    means = {clip.name: mean for clip, mean, _ in everything}
    inside = torch.cat([_windows(model, clip) for clip in training], dim=-1)
    outside = torch.cat([_windows(model, clip) for clip in held_out], dim=-1)
    decoded = torch.cat([decoded for clip, _, decoded in everything if clip.name in unseen], dim=-1)
    learned = torch.cat([decoded for clip, _, decoded in everything if clip.name in seen], dim=-1)
    dim = model.hyperparameters.latents
    errors = limb_degrees(decoded[0], outside[0])
    values = [torch.from_numpy(clip.values) for clip in held_out]
    components = _components(inside[:1], dim)(outside[:1])
    window_components = _components(inside, dim)(outside)
    return Figures(
        held_out_clips=len(held_out),
        held_out_frames=errors.shape[1],
        degrees=float(errors.mean()),
        degrees_p95=float(np.quantile(errors.numpy(), 0.95)),
        degrees_by_limb={limb: round(float(error), 2) for limb, error in zip(LIMBS, errors.mean(dim=1), strict=True)},
        degrees_mean_pose=_error(inside[0].mean(dim=1, keepdim=True).expand_as(outside[0]), outside[0]),
        degrees_previous_frame=float(torch.cat([limb_degrees(v[:, :-1], v[:, 1:]) for v in values], dim=1).mean()),
        degrees_pca=_error(components[0], outside[0]),
        degrees_pca_window=_error(window_components[0], outside[0]),
        degrees_window=_error(decoded, outside),
        degrees_window_pca=_error(window_components, outside),
        degrees_training=_error(learned[0], inside[0]),
        velocity_error=float((decoded[0, :3] - outside[0, :3]).square().mean().sqrt()),
        velocity_spread=float(outside[0, :3].std()),
        active_units=active_units(torch.cat([means[clip.name] for clip in held_out], dim=1).T),
        latents=dim,
        **_actions(training, held_out, {name: mean.numpy() for name, mean in means.items()}),
    )


def _passed(model: MotionVAE, clip: Clip) -> tuple[torch.Tensor, torch.Tensor]:
    """Posterior means (latents, frames) and what they are decoded to (taps, inputs, frames)."""
    mean = model.encoder(torch.from_numpy(clip.values)[None])[0].mean
    return mean[0], model.decode(mean)[0]


def _windows(model: MotionVAE, clip: Clip) -> torch.Tensor:
    return model.targets(torch.from_numpy(clip.values)[None])[0]


def _error(guess: torch.Tensor, wanted: torch.Tensor) -> float:
    return float(limb_degrees(guess, wanted).mean())


def _components(windows: torch.Tensor, count: int) -> Callable[[torch.Tensor], torch.Tensor]:
    """A function that projects windows (taps, inputs, frames) on the principal components of these, weighed as in training."""

    def rows(of: torch.Tensor) -> torch.Tensor:
        scaled = of.clone()
        scaled[:, : len(ROOT)] *= ROOT_SCALE
        return scaled.flatten(0, 1).T

    mean = rows(windows).mean(dim=0)
    axes = torch.linalg.eigh(torch.cov((rows(windows) - mean).T))[1][:, -count:]

    def project(of: torch.Tensor) -> torch.Tensor:
        back = ((rows(of) - mean) @ axes @ axes.T + mean).T.reshape(of.shape)
        back[:, : len(ROOT)] /= ROOT_SCALE
        return back

    return project


def _actions(training: Sequence[Clip], held_out: Sequence[Clip], means: dict[str, np.ndarray]) -> dict[str, Any]:
    """How well a linear classifier of means and spreads over time tells the actions of held-out clips."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import balanced_accuracy_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    def told(of: Callable[[Clip], np.ndarray], whole: bool) -> float:
        known, unknown = _statistics(training, of), _statistics(held_out, of, whole)
        classifier = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=3000, class_weight="balanced"))
        classifier.fit(known[0], known[1])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return float(balanced_accuracy_score(unknown[1], classifier.predict(unknown[0])))

    latents, poses = (lambda clip: means[clip.name]), (lambda clip: clip.values)
    actions = sorted({clip.label for clip in training})
    return {
        "actions": actions,
        "pieces": len(_statistics(held_out, poses)[1]),
        "accuracy_latents": told(latents, False),
        "accuracy_poses": told(poses, False),
        "accuracy_clips_latents": told(latents, True),
        "accuracy_clips_poses": told(poses, True),
        "accuracy_chance": 1.0 / len(actions),
    }


def _statistics(
    clips: Sequence[Clip], of: Callable[[Clip], np.ndarray], whole: bool = False
) -> tuple[np.ndarray, list[str]]:
    """Means and standard deviations over each piece of each clip, or over the whole clip, and labels."""
    rows, labels = [], []
    for clip in clips:
        series = of(clip)
        count = 1 if whole else max(1, round(series.shape[1] / (PIECE_S * clip.frame_rate_hz)))
        for piece in np.array_split(series, count, axis=1):
            rows.append(np.concatenate([piece.mean(axis=1), piece.std(axis=1)]))
            labels.append(clip.label)
    return np.stack(rows), labels
