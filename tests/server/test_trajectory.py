"""What a glide promises: no clicks, there in time, the same however it is cut into blocks."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
from latentone.server.trajectory import SETTLE, Curve, Trajectory

RATE_HZ = 250.0


def glide(targets: list[tuple[float, float, int]], cut: int | None = None, curve: Curve = "damped") -> np.ndarray:
    """Follow (target, glide_s, frames) in turn with one knob, `cut` frames at a time; (frames,)."""
    trajectory = Trajectory(np.zeros(1), RATE_HZ)
    pieces = []
    for target, glide_s, frames in targets:
        trajectory.turn(0.0, np.array([target]), glide_s, curve)
        for start in range(0, frames, cut or frames):
            out = np.zeros((1, min(cut or frames, frames - start)), np.float32)
            trajectory.fill(out)
            pieces.append(out[0])
    return np.concatenate(pieces)


PATH = [(1.0, 0.1, 37), (-1.0, 0.5, 11), (0.3, 0.0, 5), (0.9, 0.05, 64)]


@pytest.mark.parametrize("curve", get_args(Curve))
@pytest.mark.parametrize("cut", [1, 2, 3, 7, 16, 63])
def test_blocks_of_any_size_glide_alike(cut: int, curve: Curve) -> None:
    np.testing.assert_array_equal(glide(PATH, cut, curve), glide(PATH, curve=curve))


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


@pytest.mark.parametrize("glide_s", [0.02, 0.1, 1.0])
def test_a_linear_glide_has_one_speed_arrives_on_time_and_stays(glide_s: float) -> None:
    frames = round(glide_s * RATE_HZ)
    path = glide([(1.0, glide_s, frames + 50)], curve="linear")
    np.testing.assert_allclose(path[:frames], np.arange(1, frames + 1) / frames, atol=1e-6)
    np.testing.assert_array_equal(path[frames:], np.ones(50, np.float32))


def test_a_linear_glide_turned_on_the_way_sets_off_anew_from_there() -> None:
    path = glide([(1.0, 0.4, 50), (0.0, 0.4, 200)], curve="linear")
    np.testing.assert_allclose(path[49], 0.5, atol=1e-6)
    np.testing.assert_allclose(path[50:150], 0.5 * (1 - np.arange(1, 101) / 100), atol=1e-6)
    np.testing.assert_array_equal(path[150:], np.zeros(100, np.float32))


def test_a_linear_glide_of_one_knob_does_not_hold_up_another() -> None:
    trajectory, out = Trajectory(np.zeros(2), RATE_HZ), np.zeros((2, 100), np.float32)
    trajectory.turn(0.0, np.array([1.0, 0.0]), 0.4, "linear")
    trajectory.fill(out[:, :50])
    trajectory.turn(0.0, np.array([1.0, -1.0]), 0.4, "linear")
    trajectory.fill(out[:, 50:])
    np.testing.assert_allclose(out[0], np.arange(1, 101) / 100, atol=1e-6)
    np.testing.assert_allclose(out[1, 50:], -np.arange(1, 51) / 100, atol=1e-6)


def test_a_linear_glide_that_begins_inside_a_frame_has_gone_its_part_of_it() -> None:
    trajectory, out = Trajectory(np.zeros(1), RATE_HZ), np.zeros((1, 5), np.float32)
    trajectory.turn(0.25, np.ones(1), 0.04, "linear")
    trajectory.fill(out)
    np.testing.assert_allclose(out[0], (np.arange(5) + 0.75) / 10, atol=1e-6)


def test_another_curve_on_the_way_goes_on_from_there() -> None:
    trajectory, out = Trajectory(np.zeros(1), RATE_HZ), np.zeros((1, 300), np.float32)
    ways: list[tuple[Curve, slice]] = [("damped", slice(8)), ("linear", slice(8, 16)), ("damped", slice(16, 300))]
    for curve, frames in ways:
        trajectory.turn(0.0, np.ones(1), 0.2, curve)
        trajectory.fill(out[:, frames])
    assert np.all(np.diff(out[0]) >= 0)
    assert np.diff(out[0]).max() < 0.06
    assert out[0, -1] == pytest.approx(1.0)


@pytest.mark.parametrize("curve", get_args(Curve))
def test_a_shifted_path_goes_to_the_same_target(curve: Curve) -> None:
    trajectory, out = Trajectory(np.zeros(2), RATE_HZ), np.zeros((2, 200), np.float32)
    trajectory.turn(0.0, np.array([1.0, 0.5]), 0.2, curve)
    trajectory.fill(out[:, :100])
    trajectory.shift(0.5, np.array([-0.5, 0.0]))
    trajectory.fill(out[:, 100:])
    assert 0.5 <= out[0, 100] < 0.52
    np.testing.assert_allclose(out[:, -1], [1.0, 0.5], atol=1e-3)
    np.testing.assert_allclose(out[1, 100:], 0.5, atol=1e-3)


@pytest.mark.parametrize("curve", get_args(Curve))
def test_a_saved_path_goes_on_as_it_would_have(curve: Curve) -> None:
    first, second = Trajectory(np.zeros(2), RATE_HZ), Trajectory(np.ones(2), RATE_HZ)
    out = np.zeros((2, 60), np.float32)
    first.turn(0.3, np.array([1.0, -0.5]), 0.1, curve)
    first.fill(out[:, :10], whole=False)
    first.turn(0.7, np.array([0.2, -0.5]), 0.1, curve)
    second.load(first.save())
    again = np.zeros((2, 60), np.float32)
    first.fill(out)
    second.fill(again)
    np.testing.assert_array_equal(again, out)
