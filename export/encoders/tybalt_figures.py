"""How good a table's VAE is, in figures: on rows that it never saw, from its checkpoint and its exported file."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ...models import vae
from ...models.tables import Table
from ...models.tybalt import network
from ..errors import LatentoneError
from ..provenance import check_made_of
from ..runtime.load import load_data_encoder
from .tybalt import encode, source_of

FOLDS, REPEATS = 3, 5
CLASSIFIERS = ("nearest neighbour", "logistic")


@dataclass(frozen=True)
class Figures:
    """What `latentone evaluate` reports of a table's VAE. Values are scaled to 0..1 as the training rows say."""

    name: str
    training_rows: int
    held_out_rows: int
    columns: int
    latents: int
    active_units: int
    """Latents whose posterior means vary over the held-out rows (by more than 0.01)."""
    nats: float
    """Binary cross-entropy of a held-out row that was encoded and decoded, summed over its columns."""
    nats_of_means: float
    """The same where the training rows' means are said of every row."""
    nats_at_best: float
    """The same where each row is said of itself: values between 0 and 1 are never free."""
    r2: float
    """Share of the held-out rows' squared deviation from the training rows' means that comes back."""
    r2_pca: float
    """The same of a principal component analysis of the training rows with as many dimensions."""
    classes: int
    chance: float
    """Share of the largest class among the held-out rows."""
    accuracy: dict[str, dict[str, float]]
    """Of classifiers that learn from the training rows, on held-out rows: of the data, its principal components, the latents."""
    cross_validated_classes: int
    """Of which enough rows were held out."""
    cross_validated_chance: float
    cross_validated: dict[str, dict[str, float]]
    """Of classifiers that learn from two thirds of the held-out rows, on the others; the mean of five divisions in three."""

    @property
    def title(self) -> str:
        return f"{self.held_out_rows} held-out rows of {self.name}, after {self.training_rows} rows of {self.columns} columns"

    def to_dict(self) -> dict[str, object]:
        return asdict(self)

    def rows(self) -> list[tuple[str, str, str]]:
        rows = [
            ("share of the variance that comes back", f"{self.r2:.3f}", f"principal components: {self.r2_pca:.3f}"),
            (
                "binary cross-entropy, nats a row",
                f"{self.nats:.2f}",
                f"means: {self.nats_of_means:.2f}, the least there can be: {self.nats_at_best:.2f}",
            ),
            ("active latents", str(self.active_units), f"of {self.latents}"),
        ]
        for title, classes, chance, found in (
            ("learnt from training rows", self.classes, self.chance, self.accuracy),
            ("within held-out rows", self.cross_validated_classes, self.cross_validated_chance, self.cross_validated),
        ):
            for classifier in CLASSIFIERS if found else ():
                beside = f"data: {found['data'][classifier]:.3f}, principal components: {found['components'][classifier]:.3f}"
                beside += f", chance: {chance:.3f}"
                value = f"{found['latents'][classifier]:.3f}"
                rows.append((f"{classifier}, {title}: right of {classes} classes", value, beside))
        return rows


@torch.inference_mode()
def evaluate(checkpoint: Path, model_file: Path, data_path: str | None = None, labels: str | None = None) -> Figures:
    """Measure `checkpoint` and its export on the rows that were held out in training.

    data_path, labels: where they lie now, if they have moved. Raises LatentoneError when a file cannot be used.
    """
    model, record = network.load(checkpoint)
    encoder = load_data_encoder(model_file)
    check_made_of(model_file, encoder.manifest, model, checkpoint)
    source = source_of(record, data_path, labels)
    training, judged = source.split(source.read(model.columns))
    if len(training.names) < 2 or not judged.names:
        raise LatentoneError(f"{source.data_path}: has {len(judged.names)} of the rows that {checkpoint} held out")
    learnt, held = scaled(model, training), scaled(model, judged)
    means = learnt.mean(axis=0)
    decoded = model.scaling(model.decode(torch.from_numpy(encode(model, judged.values)))).numpy()
    learnt_components, held_components, r2_pca = components(learnt, held, model.hyperparameters.latents)
    knobs = encoder.encode_rows(training.values), encoder.encode_rows(judged.values)
    views = {"data": (learnt, held), "components": (learnt_components, held_components), "latents": knobs}
    classes, chance, accuracy = on_held_out(views, training, judged)
    inner_classes, inner_chance, cross_validated = within_held_out(views, judged)
    return Figures(
        name=record["data"]["name"],
        training_rows=len(learnt),
        held_out_rows=len(held),
        columns=len(model.columns),
        latents=model.hyperparameters.latents,
        active_units=vae.active_units(torch.from_numpy(encode(model, judged.values))),
        nats=round(nats(decoded, held), 2),
        nats_of_means=round(nats(np.broadcast_to(means, held.shape), held), 2),
        nats_at_best=round(nats(held, held), 2),
        r2=round(r_squared(decoded, held, means), 3),
        r2_pca=round(r2_pca, 3),
        classes=classes,
        chance=chance,
        accuracy=accuracy,
        cross_validated_classes=inner_classes,
        cross_validated_chance=inner_chance,
        cross_validated=cross_validated,
    )


def scaled(model: network.Tybalt, table: Table) -> np.ndarray:
    return model.scaling(torch.from_numpy(table.values)).numpy()


def nats(said: np.ndarray, values: np.ndarray) -> float:
    """Binary cross-entropy of values (rows, columns) in 0..1, summed over columns, mean over rows."""
    sure = np.clip(said.astype(np.float64), 1e-7, 1 - 1e-7)
    return float(-(values * np.log(sure) + (1 - values) * np.log1p(-sure)).sum(axis=1).mean())


def r_squared(found: np.ndarray, wanted: np.ndarray, means: np.ndarray) -> float:
    """1 is all of the deviation of `wanted` (rows, columns) from `means` (columns,), 0 none of it."""
    return float(1 - np.square(wanted - found).sum() / np.square(wanted - means).sum())


def components(learnt: np.ndarray, held: np.ndarray, dim: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Principal components of both, by those of the rows learnt from, and what share of the others comes back."""
    from sklearn.decomposition import PCA

    analysis = PCA(min(dim, *learnt.shape), random_state=0).fit(learnt)
    again = analysis.inverse_transform(analysis.transform(held))
    return analysis.transform(learnt), analysis.transform(held), r_squared(again, held, learnt.mean(axis=0))


Views = dict[str, tuple[np.ndarray, np.ndarray]]
Accuracy = dict[str, dict[str, float]]


def on_held_out(views: Views, training: Table, judged: Table) -> tuple[int, float, Accuracy]:
    """Classes, share of the largest, and what is told right of held-out rows, of classes that there was something to learn of."""
    known = set(training.labels) - {""}
    of, on = _rows(training, known), _rows(judged, known)
    wanted, right = np.array(training.labels)[of], np.array(judged.labels)[on]
    if len(set(wanted)) < 2 or not len(right):
        return 0, 0.0, {}
    found = {
        view: {
            name: round(float(one.fit(learnt[of], wanted).score(held[on], right)), 3) for name, one in _classifiers()
        }
        for view, (learnt, held) in views.items()
    }
    return len(set(right)), _chance(right), found


def within_held_out(views: Views, judged: Table) -> tuple[int, float, Accuracy]:
    """The same of classifiers that never saw a training row either, for classes of which each fold has a row."""
    from sklearn.model_selection import RepeatedStratifiedKFold, cross_val_score

    counts = Counter(label for label in judged.labels if label)
    on = _rows(judged, {label for label, count in counts.items() if count >= FOLDS})
    right = np.array(judged.labels)[on]
    if len(set(right)) < 2:
        return 0, 0.0, {}
    folds = RepeatedStratifiedKFold(n_splits=FOLDS, n_repeats=REPEATS, random_state=0)
    found = {
        view: {
            name: round(float(cross_val_score(one, held[on], right, cv=folds).mean()), 3)
            for name, one in _classifiers()
        }
        for view, (_, held) in views.items()
    }
    return len(set(right)), _chance(right), found


def _classifiers() -> list[tuple[str, Any]]:
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier

    return list(zip(CLASSIFIERS, (KNeighborsClassifier(1), LogisticRegression(max_iter=2000)), strict=True))


def _rows(table: Table, labels: set[str]) -> np.ndarray:
    return np.array([row for row, label in enumerate(table.labels) if label in labels], dtype=int)


def _chance(labels: np.ndarray) -> float:
    return round(Counter(labels.tolist()).most_common(1)[0][1] / len(labels), 3)
