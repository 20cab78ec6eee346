"""Voices that the fused kernel plays together: a failure would be heard as one voice changing what another plays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from latentone.export.runtime import POSITION
from latentone.export.runtime.fused.crew import Crew
from latentone.export.runtime.fused.layout import AHEAD
from test_fused import HOP, fused, material, play


@pytest.mark.parametrize("voices", [2, 3, 4, 7, 8])
def test_a_voice_sounds_the_same_however_many_play(voices: int, tmp_path: Path) -> None:
    decoder = fused(tmp_path / "small.onnx", 4)
    latents, noise, heat = material(voices, 20)
    together = play(decoder.stream(voices), latents, noise, heat, [64])
    for voice in (0, voices - 1):
        alone = play(decoder.stream(1), latents[[voice]], noise[[voice]], heat[[voice]], [64])
        np.testing.assert_array_equal(together[voice], alone[0])


@pytest.mark.parametrize("voices", [4, 5])
def test_threads_change_nothing_but_the_time(voices: int, tmp_path: Path) -> None:
    alone = fused(tmp_path / "small.onnx", 4).stream(voices)
    shared = fused(tmp_path / "small.onnx", 4, threads=2).stream(voices)
    latents, noise, heat = material(voices, 20)
    np.testing.assert_array_equal(
        play(shared, latents, noise, heat, [64, 20]), play(alone, latents, noise, heat, [64, 20])
    )


def test_a_failure_in_a_thread_comes_to_the_caller() -> None:
    crew, done = Crew(3), []

    def work(part: int) -> None:
        done.append(part)
        if part == 2:
            raise ValueError("part 2")

    with pytest.raises(ValueError, match="part 2"):
        crew.share(work, 3)
    crew.share(done.append, 2)
    assert sorted(done) == [0, 0, 1, 1, 2]


def test_a_silent_voice_stands_still(tmp_path: Path) -> None:
    decoder = fused(tmp_path / "small.onnx", 4)
    latents, noise, heat = material(3, 20)
    stream = decoder.stream(3)
    before = stream.save()
    audio = np.full((3, 1, 20 * HOP), 9.0, np.float32)
    stream.advance(latents, noise, heat, np.array([True, False, True]), audio)
    assert bool((audio[1] == 9.0).all())
    after = stream.save()
    for name, was in before.items():
        np.testing.assert_array_equal(after[name][1], was[1])
    alone = play(decoder.stream(1), latents[2:], noise[2:], heat[2:], [20 * HOP])
    np.testing.assert_array_equal(audio[2], alone)


@pytest.mark.parametrize(
    ("bands", "head", "threads", "others"),
    [
        (1, "logistic", 1, {}),
        (4, "softmax", 2, {}),
        (16, "softmax", 1, {"layers_per_stack": 2}),  # reaches back too little for any step to be looked ahead to
        (16, "softmax", 1, {"control_hop_samples": 80}),  # five steps a frame
    ],
)
def test_voices_that_rest_for_any_time_go_on_as_if_alone(
    bands: int, head: str, threads: int, others: dict[str, int], tmp_path: Path
) -> None:
    """A rest of one, two or three steps leaves a voice out of step with the others, whose past they take four steps at a time.

    Meanwhile a voice starts anew, and the state of all, in the middle of a frame or not, moves into another stream.
    """
    decoder = fused(tmp_path / "small.onnx", bands, head, threads, **others)
    generator = np.random.default_rng(1)
    together, alone = decoder.stream(5), [decoder.stream(1) for _ in range(5)]
    for turn, steps in enumerate((37, 1, 90, 2, 64, 3, 1, 50, 64)):
        if turn in (4, 7):
            together.reset(turn - 4)
            alone[turn - 4].reset(0)
            state = together.save()
            together = decoder.stream(5)
            together.load(state)
        playing = generator.random(5) < 0.6
        latents, _, heat = material(5, 25, seed=steps)
        noise = generator.random((5, steps * bands), dtype=np.float32)
        heard, expected = np.zeros((2, 5, 1, steps * bands), np.float32)
        together.advance(latents, noise, heat, playing, heard)
        for voice, stream in enumerate(alone):
            one = slice(voice, voice + 1)
            stream.advance(latents[one], noise[one], heat[one], playing[one], expected[one])
        np.testing.assert_array_equal(heard, expected)
        assert np.abs(heard[playing]).max() > 0


def test_a_frame_begins_where_steps_are_looked_ahead_to(tmp_path: Path) -> None:
    """However long a voice rested: elsewhere every frame would be looked ahead to once more, with 16 bands all steps twice."""
    decoder = fused(tmp_path / "small.onnx", 16)
    stream = decoder.stream(3)
    for steps, playing in ((3, [1, 0, 1]), (2, [0, 1, 1]), (4, [1, 1, 0]), (5, [1, 1, 1])):
        latents, noise, heat = material(3, 4)
        active = np.array(playing, bool)
        stream.advance(latents, noise[:, : steps * 16].copy(), heat, active, np.zeros((3, 1, steps * 16), np.float32))
        position = int(stream.save().get(POSITION, np.zeros(1))[0])
        assert set((stream._clocks[active] - position) % AHEAD) == {0}


def test_reset_is_a_new_start_for_one_voice(tmp_path: Path) -> None:
    decoder = fused(tmp_path / "small.onnx", 4)
    latents, noise, heat = material(2, 10)
    stream = decoder.stream(2)
    first = play(stream, latents, noise, heat, [64])
    stream.reset(1)
    again = play(stream, latents, noise, heat, [64])
    np.testing.assert_array_equal(again[1], first[1])
    assert not np.array_equal(again[0], first[0])
