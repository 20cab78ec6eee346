"""The transport coupling: one cloud moved onto the other with the least effort, all dimensions together."""

from __future__ import annotations

import os
from importlib.util import find_spec

import numpy as np

from ..errors import LatentoneError
from . import affine
from .options import Arrays, Fitted, Options
from .pairing import pair
from .target import Target

POINTS = 512
"""Of each cloud; more make every row slower to apply."""
BLUR = 0.5
"""The entropy's weight, in parts of the mean cost: less follows the single points of the clouds, more only their outline."""
ROWS_FOR_SHAPE = 64
"""With fewer rows, a cloud has no shape beyond its mean and covariance that could be told from chance."""
AT_ONCE = 4096


def fit(data: np.ndarray, target: Target, options: Options) -> Fitted:
    """The optimal transport (squared distances) of the data's cloud onto the one that the decoder learned from.

    In three steps, of which the first and the last are the closed form between normal distributions (Peyré and Cuturi,
    Computational Optimal Transport, remark 2.31): the data gets the cloud's mean and covariance; entropic transport (Cuturi 2013,
    by Sinkhorn's algorithm) bends it onto the cloud, a new row going where the barycentric map of Seguy et al. (2018) sends
    it, which is smooth everywhere; and since that map contracts, its images get the cloud's mean and covariance again.
    Between two normal clouds all of it is the closed form.
    Keeps: neighbourhoods (nothing is moved further than needed, so what was near stays near), and what whole clusters are to
    one another; the sounds are such as the decoder knows, also in how its knobs go together, which none of `standardise`,
    `quantile`, `whiten` can promise of a curved cloud.
    Loses: distances, where one cloud is dense and the other thin; detail finer than the blur. Far outside the data, all goes
    to the cloud's rim. It is the geometry of the knobs that is respected, not of the ear: a difference may land where the
    decoder sounds alike. Dimension i still moves mostly knob i; surplus dimensions are dropped, as `direct` does.
    """
    ot = _pot()
    pairing = pair(data, target.dim)
    live = pairing.live
    chance = np.random.default_rng(options.seed)
    source, cloud = data[:, live], target.cloud[:, live]
    matrix, offset = _normal_map(ot, source, cloud)
    if len(source) < ROWS_FOR_SHAPE:
        whole = np.zeros((target.dim, data.shape[1]))
        whole[np.ix_(live, live)] = matrix
        rest = target.home
        rest[live] = offset
        note = f"{len(data)} rows: only mean and covariance are matched (the shape of the cloud takes {ROWS_FOR_SHAPE})"
        return Fitted(affine.arrays(whole, rest), [*pairing.notes, note])

    options.say("moving one cloud onto the other")
    everything = source @ matrix.T + offset
    moved, points = _some(everything, chance), _some(cloud, chance)
    cost = np.asarray(ot.dist(moved, points))
    blur = BLUR * cost.mean()
    _, log = ot.bregman.sinkhorn_log(
        ot.unif(len(moved)), ot.unif(len(points)), cost, blur, numItermax=2000, stopThr=1e-6, log=True, warn=False
    )
    # softmax over points of (potential - squared distance) / blur, what depends on the row alone left out.
    keys = 2 * points.T / blur
    bias = log["log_v"] - np.square(points).sum(axis=1) / blur
    images = np.concatenate(
        [_softmax(part @ keys + bias) @ points for part in np.array_split(everything, 1 + len(everything) // AT_ONCE)]
    )
    again, shift = _normal_map(ot, images, cloud)
    arrays = {
        "keys": matrix.T @ keys,
        "bias": offset @ keys + bias,
        "images": points @ again.T + shift,
        "home": target.home,
    }
    return Fitted(
        {"live": live, **{key: value.astype(np.float32) for key, value in arrays.items()}},
        pairing.notes,
    )


def apply(latents: np.ndarray, arrays: Arrays) -> np.ndarray:
    """(rows, data dim) to (rows, knobs)."""
    if "matrix_t" in arrays:
        return affine.apply(latents, arrays)
    live = arrays["live"]
    knobs = np.tile(arrays["home"], (len(latents), 1))
    for start in range(0, len(latents), AT_ONCE):
        part = latents[start : start + AT_ONCE, live]
        knobs[start : start + AT_ONCE, live] = _softmax(part @ arrays["keys"] + arrays["bias"]) @ arrays["images"]
    return knobs


def _softmax(logits: np.ndarray) -> np.ndarray:
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def _some(rows: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    return rows[np.sort(chance.choice(len(rows), min(POINTS, len(rows)), replace=False))]


def _normal_map(ot, source: np.ndarray, cloud: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The closed form between two clouds (rows, dim) as if they were normal: matrix (dim, dim) and offset (dim,).

    Covariances are shrunk as Ledoit and Wolf (2004) say, by the more the fewer rows there are.
    """
    from sklearn.covariance import ledoit_wolf

    # ledoit_wolf divides by the rows, np.cov by one less; with the same on both sides it does not matter.
    return _bures(ot, source.mean(axis=0), cloud.mean(axis=0), ledoit_wolf(source)[0], ledoit_wolf(cloud)[0])


def _bures(ot, mean: np.ndarray, to_mean: np.ndarray, covariance: np.ndarray, to_covariance: np.ndarray):
    matrix, offset = ot.gaussian.bures_wasserstein_mapping(mean, to_mean, covariance, to_covariance)
    return np.real(matrix).T, np.ravel(offset)


def _pot():
    if find_spec("ot") is None:
        raise LatentoneError("the coupling transport needs POT: pip install 'latentone[sonify]'")
    # POT imports whatever array library it finds, torch too, which takes seconds.
    for library in ("PYTORCH", "JAX", "CUPY", "TENSORFLOW"):
        os.environ.setdefault(f"POT_BACKEND_DISABLE_{library}", "1")
    import ot

    return ot
