"""A ramp promises straight lines without a step, the same however they are cut into blocks."""

from __future__ import annotations

import numpy as np
import pytest
from latentone.server.ramp import Ramp


def played(ramp: Ramp, samples: int) -> np.ndarray:
    out = np.full((len(ramp.target), samples), np.nan, np.float32)
    ramp.fill(out)
    return out


def test_it_reaches_a_new_target_in_a_straight_line_and_stays() -> None:
    ramp = Ramp(np.array([1.0, 0.0]), 8)
    ramp.turn(np.array([0.0, 0.5]))
    assert ramp.left_samples == 8
    left, right = played(ramp, 10)
    np.testing.assert_allclose(left, [*(1 - np.arange(1, 9) / 8), 0, 0])
    np.testing.assert_allclose(right, [*(np.arange(1, 9) / 16), 0.5, 0.5])
    assert ramp.left_samples == 0


def test_a_turn_on_the_way_begins_where_it_is() -> None:
    ramp = Ramp(np.zeros(1), 8)
    ramp.turn(np.ones(1))
    played(ramp, 4)
    ramp.turn(np.zeros(1))
    np.testing.assert_allclose(played(ramp, 9)[0], [*(0.5 - np.arange(1, 9) / 16), 0])


def test_the_same_target_again_changes_nothing() -> None:
    ramp = Ramp(np.zeros(1), 8)
    ramp.turn(np.ones(1))
    played(ramp, 4)
    ramp.turn(np.ones(1))
    assert ramp.left_samples == 4


def test_a_jump_is_there_at_once_and_a_rise_starts_from_silence() -> None:
    ramp = Ramp(np.zeros(1), 4)
    ramp.jump(np.ones(1))
    np.testing.assert_array_equal(played(ramp, 2), [[1, 1]])
    ramp.rise()
    np.testing.assert_allclose(played(ramp, 5), [[0.25, 0.5, 0.75, 1, 1]])


@pytest.mark.parametrize("cut", [1, 3, 7, 64])
def test_blocks_of_any_size_give_the_same_samples(cut: int) -> None:
    def cut_into(block: int) -> np.ndarray:
        ramp, pieces = Ramp(np.array([0.3, 0.7]), 48), []
        for target in (0.9, 0.1, 0.2):
            ramp.turn(np.array([target, 0.5 * target]))
            pieces += [played(ramp, min(block, 30 - start)) for start in range(0, 30, block)]
        return np.concatenate(pieces, axis=1)

    np.testing.assert_array_equal(cut_into(cut), cut_into(30))
