"""What a glide promises: no clicks, there in time, the same however it is cut into blocks."""

from __future__ import annotations

import numpy as np
import pytest
from latentone.server.trajectory import SETTLE, Trajectory

RATE_HZ = 250.0


def glide(targets: list[tuple[float, float, int]], cut: int | None = None) -> np.ndarray:
    """Follow (target, glide_s, frames) in turn with one knob, `cut` frames at a time; (frames,)."""
    trajectory = Trajectory(np.zeros(1), RATE_HZ)
    pieces = []
    for target, glide_s, frames in targets:
        trajectory.turn(0.0, np.array([target]), glide_s)
        for start in range(0, frames, cut or frames):
            out = np.zeros((1, min(cut or frames, frames - start)), np.float32)
            trajectory.fill(out)
            pieces.append(out[0])
    return np.concatenate(pieces)


PATH = [(1.0, 0.1, 37), (-1.0, 0.5, 11), (0.3, 0.0, 5), (0.9, 0.05, 64)]


@pytest.mark.parametrize("cut", [1, 2, 3, 7, 16, 63])
def test_blocks_of_any_size_glide_alike(cut: int) -> None:
    np.testing.assert_array_equal(glide(PATH, cut), glide(PATH))


@pytest.mark.parametrize("glide_s", [0.02, 0.1, 1.0, 10.0])
def test_is_within_one_percent_after_the_glide_time(glide_s: float) -> None:
    frames = round(glide_s * RATE_HZ)
    path = glide([(1.0, glide_s, frames)])
    assert path[-1] == pytest.approx(0.99, abs=1e-4)
    assert np.all(np.diff(path) > 0), "a critically damped glide never overshoots nor turns back"


def test_without_glide_the_next_frame_is_the_target() -> None:
    np.testing.assert_array_equal(glide([(0.7, 0.0, 3)]), np.full(3, 0.7, np.float32))


def test_a_new_target_in_mid_glide_makes_no_corner() -> None:
    """Second differences stay within omega² × jump of each step: a corner in the path would be heard as a click."""
    glide_s = 0.2
    path = glide([(1.0, glide_s, 12), (-1.0, glide_s, 9), (1.0, glide_s, 100)])
    omega = SETTLE / (glide_s * RATE_HZ)
    largest_jump = 2.0
    bends = np.abs(np.diff(np.concatenate([[0.0, 0.0], path]), n=2))
    assert bends.max() < largest_jump * omega**2
    assert bends.max() < 0.2 * np.abs(np.diff([0.0, 1.0, -1.0])).max(), "the bound says nothing if it allows a jump"


@pytest.mark.parametrize("glide_s", [0.02, 0.3])
def test_a_turn_inside_a_frame_is_the_same_way_begun_so_much_later(glide_s: float) -> None:
    """Half a frame late is half way between the frames of a path that is twice as fine."""
    late, fine = Trajectory(np.zeros(1), RATE_HZ), Trajectory(np.zeros(1), 2 * RATE_HZ)
    heard, exact = np.zeros((1, 40), np.float32), np.zeros((1, 81), np.float32)
    fine.turn(0.0, np.ones(1), glide_s)
    fine.fill(exact)
    late.fill(heard[:, :1], whole=False)
    late.turn(0.5, np.ones(1), glide_s)
    late.fill(heard)
    np.testing.assert_allclose(heard[0], exact[0, 0:80:2], atol=1e-6)


def test_turns_inside_a_frame_join_without_a_corner() -> None:
    """A turn to where the path goes already, at any place and as often as one likes, changes nothing but rounding."""
    straight, turned = Trajectory(np.zeros(1), RATE_HZ), Trajectory(np.zeros(1), RATE_HZ)
    expected, frame = np.zeros((1, 3), np.float32), np.zeros((1, 1), np.float32)
    straight.turn(0.0, np.ones(1), 0.05)
    straight.fill(expected)
    turned.turn(0.0, np.ones(1), 0.05)
    for along in (0.125, 0.5, 0.5, 0.75):
        turned.turn(along, np.full(1, 3.0), 0.05)
        turned.turn(along, np.ones(1), 0.05)
        turned.fill(frame, whole=along == 0.75)
        np.testing.assert_allclose(frame[0], expected[0, :1], atol=1e-7)
    turned.fill(frame)
    np.testing.assert_allclose(frame[0], expected[0, 1:2], atol=1e-7)


def test_without_glide_a_turn_inside_a_frame_is_there_at_once() -> None:
    trajectory, frame = Trajectory(np.zeros(1), RATE_HZ), np.zeros((1, 2), np.float32)
    trajectory.turn(0.3, np.full(1, 0.5), 0.0)
    trajectory.fill(frame)
    np.testing.assert_array_equal(frame, [[0.5, 0.5]])


def test_a_rest_ends_every_way() -> None:
    trajectory, frames = Trajectory(np.zeros(1), RATE_HZ), np.zeros((1, 5), np.float32)
    trajectory.turn(0.0, np.ones(1), 1.0)
    trajectory.fill(frames)
    trajectory.rest(np.full(1, -0.5))
    trajectory.fill(frames)
    np.testing.assert_array_equal(frames, np.full((1, 5), -0.5, np.float32))


def test_each_knob_keeps_its_own_way() -> None:
    trajectory = Trajectory(np.array([0.5, -0.5]), RATE_HZ)
    trajectory.turn(0.0, np.array([0.5, 1.0]), 0.1)
    out = np.zeros((2, 40), np.float32)
    trajectory.fill(out)
    np.testing.assert_allclose(out[0], 0.5, atol=1e-7)
    assert out[1, -1] == pytest.approx(1.0, abs=0.01)


def test_rests_for_ever_where_it_arrived() -> None:
    path = glide([(0.3, 0.01, 5000)])
    np.testing.assert_array_equal(path[-2000:], np.full(2000, 0.3, np.float32))
