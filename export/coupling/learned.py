"""The learned coupling: neighbours in the data become neighbours in what is heard."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from ..errors import LatentoneError
from . import triplets
from .options import Arrays, Fitted, Options, Sound
from .pairing import DEAD
from .surrogate import Surrogate
from .target import Target

SETTINGS = 256
AGAIN = 128
"""Settings that are listened to where a first map sends rows of the data, before the final one is fitted."""
LEAST_CLEAR = 0.1
"""In units in which any two sounds of the decoder lie about 1.4 apart: how clear an order is wanted, chance apart."""
ROWS = 512
"""Of the data that the map is fitted to, at most, drawn by the seed."""
REACH_QUANTILE = 0.01
"""A knob is sent from this quantile of the cloud to its counterpart at most."""
INSIDE_QUANTILE = 0.9
"""Of the cloud's own (Mahalanobis) distances from its mean: what lies further out is pulled in."""
FILLED = 0.5
"""Deviation of what a first map sends into the tanh: most of a knob's range, hardly any of its ends."""
PULL_IN = 3.0
PLAIN = 1e-3
"""What large weights cost: a map of small ones is smooth, and says more about rows that it was not fitted to."""
STEPS = 120
FIRST_STEPS = 40


def fit(data: np.ndarray, target: Target, options: Options) -> Fitted:
    """A small map of all dimensions onto all knobs, fitted so that what is near in the data is near to the ear, what is far is far.

    Near is meant in the data, not in its latents, of which a weak one is as wide as a strong one: every dimension counts by its
    weight (see Options), with which the distance is that of the rebuilt rows, as far as straight lines go.
    First the decoder is listened to: held at some hundred settings (frames of its cloud as they are, and with their knobs
    mixed), each heard as descriptors of its sound. A surrogate foretells these from the knobs; a descriptor counts by how well
    it is foretold at settings that were left out, so that what is chance in the sound, or does not follow the knobs, does not
    count. Then the map, knobs = centre + half range × tanh(matrix @ latents + offset), is moved (L-BFGS) until, for as many
    triplets of rows as can be, the one that is nearer in the data is nearer in the surrogate's ear, by a difference that chance
    in the sound does not turn round. What leaves the cloud is pulled in. The decoder is listened to again where this map
    leads, and the map is moved on. With labels, half of the weight goes to triplets of two rows of one class and one of another.
    Keeps: neighbourhoods, as differences that are heard. It takes from all dimensions of the data, the 30th as the first, and
    puts what matters onto the knobs that move the sound, so that no variance is wasted on knobs that nobody hears.
    Loses: what a single knob means, as each goes by many dimensions; distances beyond their order; all that does not fit into
    what can be heard of one held sound, which has fewer dimensions than the data. The ear is a surrogate's, which errs. With
    labels it can tell apart even classes that chance made, in the rows that it was fitted to: judge it by held-out rows alone.
    """
    chance = np.random.default_rng(options.seed)
    weights = np.ones(data.shape[1]) if options.weights is None else options.weights / options.weights.max()
    data = data * weights
    ear = _Ear(options.sound or _default_sound(target, options))
    used = np.sort(chance.choice(len(data), min(ROWS, len(data)), replace=False))
    labels = None if options.labels is None else np.asarray(options.labels, dtype=str)[used]
    order = triplets.choose(data[used], labels, chance)
    options.say(f"listening to {SETTINGS} settings")
    surrogate = ear.listen(some_settings(target.cloud, SETTINGS, chance))
    problem = _Problem.of(data[used], target, surrogate, order)
    starts = [problem.paired(), problem.most_audible(_axes(problem.rows))]
    known = np.zeros(len(used), dtype=bool) if labels is None else _comparable(labels)
    if labels is not None and len(set(labels[known])) > 1:
        told_apart = _class_axes(problem.rows[known], labels[known])
        starts.append(problem.most_audible(np.concatenate([told_apart, _axes(problem.rows)])))
    options.say("fitting a first map")
    first = min((problem.solved(start, FIRST_STEPS) for start in starts), key=lambda found: found[0])[1]
    again = chance.choice(len(used), AGAIN, replace=len(used) < AGAIN)
    options.say(f"listening to {AGAIN} settings where it leads")
    problem = replace(problem, surrogate=ear.listen(problem.knobs(*first)[0][again]))
    options.say("fitting the map")
    matrix, offset = problem.solved(first, STEPS)[1]
    foretold = ", ".join(f"{name} {max(r2, 0):.2f}" for name, r2 in ear.foretold(problem.surrogate))
    before, after = (problem.in_order(*one) for one in (starts[0], (matrix, offset)))
    notes = [
        f"heard, R² foretold from the knobs: {foretold}",
        f"triplets in order to the surrogate's ear: {before:.1%} with paired knobs, {after:.1%} as learned",
    ]
    numbers = {
        "matrix_t": weights[:, None] * matrix.T / problem.unit,
        "offset": offset - matrix @ problem.middle / problem.unit,
        "centre": problem.centre,
        "half": problem.half,
    }
    return Fitted({key: np.ascontiguousarray(value, dtype=np.float32) for key, value in numbers.items()}, notes)


def apply(latents: np.ndarray, arrays: Arrays) -> np.ndarray:
    """(rows, data dim) to (rows, knobs)."""
    return arrays["centre"] + arrays["half"] * np.tanh(latents @ arrays["matrix_t"] + arrays["offset"])


def some_settings(cloud: np.ndarray, count: int, chance: np.random.Generator) -> np.ndarray:
    """Knobs (count, dim) to listen to: half are frames of the cloud, half have each knob from another frame."""
    rows = cloud[chance.integers(0, len(cloud), count)]
    for column in rows[count // 2 :].T:
        chance.shuffle(column)
    return rows


@dataclass
class _Ear:
    """The decoder's sound, and all of it that was heard so far."""

    sound: Sound
    settings: list[np.ndarray] = field(default_factory=list)
    heard: list[np.ndarray] = field(default_factory=list)

    def listen(self, settings: np.ndarray) -> Surrogate:
        """To more settings (settings, dim); what foretells all that was heard. Raises LatentoneError."""
        heard = np.asarray(self.sound(settings), dtype=np.float64)
        if heard.ndim != 2 or len(heard) != len(settings) or not np.isfinite(heard).all():
            raise LatentoneError(
                f"coupling learned: the sound of {len(settings)} settings came as {heard.shape}, or not finite"
            )
        self.settings.append(settings)
        self.heard.append(heard)
        try:
            return Surrogate.fit(np.concatenate(self.settings), np.concatenate(self.heard))
        except ValueError as error:
            raise LatentoneError(f"coupling learned: {error}: choose another decoder or coupling") from None

    def foretold(self, surrogate: Surrogate) -> list[tuple[str, float]]:
        names = getattr(self.sound, "names", [str(index) for index in range(len(surrogate.r2))])
        return list(zip(names, surrogate.r2.tolist(), strict=True))


Map = tuple[np.ndarray, np.ndarray]
"""Matrix (dim, data dim) and offset (dim,)."""


@dataclass(frozen=True)
class _Problem:
    """What is minimised over maps."""

    rows: np.ndarray
    """About their middle, in one unit for all dimensions: (rows, data dim)."""
    middle: np.ndarray
    unit: float
    centre: np.ndarray
    half: np.ndarray
    """Of the knobs' range, (dim,)."""
    mean: np.ndarray
    precision: np.ndarray
    reach: float
    """Of the cloud: its mean, inverse covariance, and squared distance of nearly all frames."""
    surrogate: Surrogate
    order: triplets.Triplets

    @classmethod
    def of(cls, data: np.ndarray, target: Target, surrogate: Surrogate, order: triplets.Triplets) -> _Problem:
        middle = data.mean(axis=0)
        unit = float(np.sqrt(np.square(data - middle).sum(axis=1).mean() / max(1, min(data.shape))))
        if unit < 1e-9:
            raise LatentoneError(f"coupling learned: all {len(data)} rows are the same: nothing to couple")
        low, high = np.quantile(target.cloud, (REACH_QUANTILE, 1 - REACH_QUANTILE), axis=0)
        mean = target.cloud.mean(axis=0)
        covariance = np.atleast_2d(np.cov(target.cloud, rowvar=False))
        floor = 1e-3 * np.trace(covariance) / target.dim + 1e-12
        precision = np.linalg.inv(covariance + floor * np.eye(target.dim))
        away = target.cloud - mean
        reach = float(np.quantile(np.einsum("fi,ij,fj->f", away, precision, away), INSIDE_QUANTILE))
        return cls(
            rows=(data - middle) / unit,
            middle=middle,
            unit=unit,
            centre=(high + low) / 2,
            half=np.maximum((high - low) / 2, 1e-6),
            mean=mean,
            precision=precision,
            reach=max(reach, 1e-9),
            surrogate=surrogate,
            order=order,
        )

    def knobs(self, matrix: np.ndarray, offset: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(rows, dim), and the tanh that they come of."""
        bent = np.tanh(self.rows @ matrix.T + offset)
        return self.centre + self.half * bent, bent

    def in_order(self, matrix: np.ndarray, offset: np.ndarray) -> float:
        return self.order.in_order(self.surrogate(self.knobs(matrix, offset)[0])[0])

    def paired(self) -> Map:
        """A start: dimension i moves knob i over about the knob's own range, however little the dimension counts."""
        dim, inputs = len(self.half), self.rows.shape[1]
        matrix, both = np.zeros((dim, inputs)), min(dim, inputs)
        spread = np.sqrt(np.diag(np.linalg.inv(self.precision))) / self.half
        widths = self.rows.std(axis=0)
        live = np.flatnonzero(widths[:both] > DEAD * widths.max())
        matrix[live, live] = spread[live] / widths[live]
        return matrix, (self.mean - self.centre) / self.half

    def most_audible(self, axes: np.ndarray) -> Map:
        """A start: the first of the data's axes (axes, data dim) moves the knobs together as is heard most, and so on."""
        heard, bumps = self.surrogate(self.mean[None])
        slopes = np.concatenate(
            [self.surrogate.back(self.mean[None], bumps, row[None]) for row in np.eye(heard.shape[1])]
        )
        _, _, directions = np.linalg.svd(slopes * self.half, full_matrices=False)
        count = min(len(directions), len(axes))
        return directions[:count].T @ axes[:count], (self.mean - self.centre) / self.half

    def solved(self, start: Map, steps: int) -> tuple[float, Map]:
        """The loss and the map that it leads to."""
        from scipy.optimize import minimize

        shape = start[0].shape
        size = shape[0] * shape[1]

        def value(flat: np.ndarray) -> tuple[float, np.ndarray]:
            loss, (matrix, offset) = self.loss(flat[:size].reshape(shape), flat[size:])
            return loss, np.concatenate([matrix.ravel(), offset])

        begun = np.concatenate([start[0].ravel(), start[1]])
        done = minimize(value, begun, jac=True, method="L-BFGS-B", options={"maxiter": steps})
        return float(done.fun), (done.x[:size].reshape(shape), done.x[size:])

    def loss(self, matrix: np.ndarray, offset: np.ndarray) -> tuple[float, Map]:
        """And its gradient with respect to both."""
        knobs, bent = self.knobs(matrix, offset)
        heard, bumps = self.surrogate(knobs)
        loss, by_heard = self.order.loss(heard, max(LEAST_CLEAR, 2 * self.surrogate.chance))
        by_knobs = self.surrogate.back(knobs, bumps, by_heard)
        away = knobs - self.mean
        pulled = away @ self.precision
        beyond = np.maximum((away * pulled).sum(axis=1) / self.reach - 1, 0.0)
        loss += PULL_IN * float(np.square(beyond).mean()) + PLAIN * float(np.square(matrix).sum()) / len(self.half)
        by_knobs += (4 * PULL_IN / self.reach / len(knobs)) * beyond[:, None] * pulled
        by_sum = by_knobs * self.half * (1 - bent**2)
        return loss, (by_sum.T @ self.rows + 2 * PLAIN / len(self.half) * matrix, by_sum.sum(axis=0))


def _axes(rows: np.ndarray) -> np.ndarray:
    """Directions in which the rows (rows, data dim) vary, most first, each scaled to a deviation of FILLED: (axes, data dim)."""
    _, values, axes = np.linalg.svd(rows, full_matrices=False)
    there = values > 1e-3 * values[0]
    return FILLED * np.sqrt(len(rows)) * axes[there] / values[there, None]


def _comparable(labels: np.ndarray) -> np.ndarray:
    """Which rows have a class that is not theirs alone, bool (rows,): one row does not show what a class has in common."""
    found, counts = np.unique(labels, return_counts=True)
    return np.isin(labels, found[(counts > 1) & (found != "")])


def _class_axes(rows: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Directions that tell classes apart (linear discriminants), scaled likewise: (axes, data dim)."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    found = LinearDiscriminantAnalysis(solver="eigen", shrinkage="auto").fit(rows, labels)
    axes = found.scalings_[:, : len(set(labels)) - 1].T
    return FILLED * axes / np.maximum((rows @ axes.T).std(axis=0), 1e-9)[:, None]


def _default_sound(target: Target, options: Options):
    if target.file is None:
        raise LatentoneError("coupling learned: has to hear the decoder: give its file, not its manifest alone")
    from .sound import HeldSounds

    return HeldSounds.of_file(target.file, options.seed, options.progress)
