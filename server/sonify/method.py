"""How the figures of the report were measured, in sentences that a methods section can take over."""

from __future__ import annotations

from . import baseline, classes, neighbours
from .answers import Answers
from .descriptors import NAMES
from .discriminant import MOST_COMPONENTS
from .question import BASELINE


def method(answers: Answers) -> list[str]:
    """One matter a line, with the numbers of this report."""
    return [
        _sound(answers),
        *_classes(answers),
        _mapping(answers),
        _likeness(),
        _links(answers),
        f"Seed {answers.seed} for every draw.",
    ]


def _sound(answers: Answers) -> str:
    return (
        f"Sound: {len(NAMES)} descriptors of each row's {answers.seconds:.2g} s at {answers.sample_rate_hz} Hz: MFCCs (mean, "
        "median, spread, change), spectral shape weighted by power, contrast of bands, onsets, pitch by YIN, A-weighted "
        "loudness and its movement."
    )


def _classes(answers: Answers) -> list[str]:
    told = answers.telling
    if told is None:
        return []
    return [
        "Classifier, the same for all: columns standardised, then a linear discriminant with Ledoit-Wolf shrinkage; beyond "
        f"{MOST_COMPONENTS} columns, first to that many principal components. All of it is fitted on the training folds "
        "alone, and nothing is tuned.",
        f"Accuracy: stratified {told.folds}-fold cross-validation, {told.repeats} times over {told.rows} rows; classes of "
        f"fewer than {told.minimum} rows, or of one clip alone, are left out. Intervals: rows drawn again "
        f"{classes.RESAMPLES} times."
        + (
            f" Rows of one of {told.groups} groups are held back, shuffled and drawn together."
            if told.groups < told.rows
            else ""
        ),
        f"Chance: {told.permutations} shuffles of the labels within the folds of the first split; p = (b + 1)/(m + 1), for "
        "couplings corrected after Holm. The best coupling is chosen on these rows, so its accuracy is a little flattering; "
        "its p is not.",
        "Sound against parameter mapping: paired, row by row on the same folds; p by flipping signs (McNemar's test over "
        "repeats), corrected after Holm over the couplings.",
    ]


def _mapping(answers: Answers) -> str:
    knew = BASELINE in answers.knew_classes
    found = "linear discriminants (which knew the training rows' classes)" if knew else "principal components"
    (low_hz, high_hz), (dull_hz, bright_hz), (soft_db, loud_db) = (
        baseline.PITCH_HZ,
        baseline.CUTOFF_HZ,
        baseline.LEVEL_DB,
    )
    return (
        f"Parameter mapping: the first {len(baseline.TARGETS)} {found} of the training rows' standardised columns "
        f"to pitch ({low_hz:.0f} to {high_hz:.0f} Hz), brightness (cut-off {dull_hz:.0f} to {bright_hz:.0f} Hz) and loudness "
        f"({soft_db:.0f} to {loud_db:.0f} dB) of a filtered saw, for the same time; the middle 95 % of the rows fill each range."
    )


def _likeness() -> str:
    return (
        f"Likeness: Euclidean distances of standardised columns, at most {neighbours.MOST_ROWS} rows; Spearman's correlation "
        "with Mantel's test; trustworthiness after Venna and Kaski, 1 when the nearest in the second space are near in the first."
    )


def _links(answers: Answers) -> str:
    links = answers.links
    constant = f" ({links.constant_columns} of the data, {links.constant_descriptors} of the sound)" if links else ""
    return (
        f"Links: Spearman's rho, ties sharing their rank, constant columns left out{constant}; q after Benjamini and Hochberg "
        "over all pairs."
    )
