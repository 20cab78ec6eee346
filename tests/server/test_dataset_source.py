"""Data sets played live: every row sounds on its sample, whatever is said on the way, and what arrives sounds at once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from data_encoders import write_frame_encoder, write_row_encoder
from latentone.export.errors import LatentoneError
from latentone.export.runtime.data_encoder import DataEncoder
from latentone.server.ahead import Ahead
from latentone.server.controllers.dataset import BURST, LIVE_HZ, LiveDataSets
from latentone.server.datasets.items import DataSet, Item
from latentone.server.datasets.source import Coupling, DataSource
from latentone.server.live import Live
from latentone.server.piece import Mark
from rig import HOP, RATE_HZ
from test_sources import LATENCY_S, Concert, performing

FIRST = [0.25, 0.5, 0.75, 0.125]
"""Of each row the value that moves knob 0; half of it is heard."""


class Padded:
    """A coupling that leaves latents as they are, for a decoder with 4 knobs."""

    def apply(self, latents: np.ndarray) -> np.ndarray:
        return np.pad(latents, ((0, 0), (0, 4 - latents.shape[1]))).astype(np.float32)


def padded(name: str, training: np.ndarray, labels: list[str]) -> Coupling:
    if name != "direct":
        raise LatentoneError(f"coupling {name}: there is none")
    return Padded()


def rows(folder: Path, **options: Any) -> DataSource:
    encoder = DataEncoder(write_row_encoder(folder / "rows.encoder.onnx", ["a", "b"], 2))
    items = [
        Item(f"r{number}", "low" if value < 0.4 else "", np.array([[value], [-0.5]], np.float32))
        for number, value in enumerate(FIRST)
    ]
    settings = {"coupling": "direct", "order": "file", "dwell_s": 0.05, "glide_s": 0.0, **options}
    name, couple = settings.pop("name", "rows"), settings.pop("couple", padded)
    return DataSource(name, DataSet(name, ["a", "b"], items), encoder, couple, **settings)


def movement(folder: Path, clips: Sequence[np.ndarray], **options: Any) -> DataSource:
    """Clips (frames,) of one channel, 30 frames a second."""
    encoder = DataEncoder(write_frame_encoder(folder / "clips.encoder.onnx", ["x"], 1))
    items = [Item(f"c{number}", "", clip[None].astype(np.float32)) for number, clip in enumerate(clips)]
    settings = {"coupling": "direct", "order": "file", "dwell_s": 0.5, "glide_s": 0.0, **options}
    return DataSource("clips", DataSet("clips", ["x"], items, 30.0), encoder, padded, **settings)


class DataConcert(Concert):
    """An engine in real time, and one data set."""

    def __init__(self, folder: Path, source: DataSource) -> None:
        super().__init__(folder)
        self.told: list[tuple[int, Mark]] = []
        """Marks, and the sample that was heard when each was told."""
        clock = Live(self.engine, lambda: LATENCY_S)
        self.ahead = Ahead(self.queue, clock, RATE_HZ, self.ended.append, self.tell)
        self.data = LiveDataSets([source], self.ahead)

    def tell(self, mark: Mark) -> None:
        self.told.append((self.engine.sample_at(time.time()), mark))

    def heard(self, count: int) -> tuple[list[int], list[float]]:
        """The first `count` changes of the sound: samples from the first one on, and knob 0."""
        self.until(lambda: len(self.tape.changes()) >= count)
        changes = self.tape.changes()[:count]
        return [sample - changes[0][0] for sample, _ in changes], [2 * value for _, value in changes]


def test_each_row_sounds_on_its_sample_and_its_label_is_told_when_it_is_heard(tmp_path: Path) -> None:
    """Told when queued, a label would stand on the screen a tenth of a second before its sound."""
    with performing(DataConcert(tmp_path, rows(tmp_path))) as live:
        live.data.play("rows")
        live.until(lambda: live.ended)
        changes = live.tape.changes()[:4]
        assert live.heard(4) == ([0, 800, 1600, 2400], FIRST)
        assert live.engine.status().events_late == 0
        assert [mark for _, mark in live.told] == [
            ("rows", 0, "low"), ("rows", 1, "r1"), ("rows", 2, "r2"), ("rows", 3, "low"),
        ]  # fmt: skip
        for (told, _), (sample, _) in zip(live.told, changes, strict=True):
            assert told >= sample


def test_a_rate_shortens_the_rows_and_a_loop_has_no_seam(tmp_path: Path) -> None:
    with performing(DataConcert(tmp_path, rows(tmp_path))) as live:
        live.data.set_rate("rows", 2.0)
        live.data.set_loop("rows", True)
        live.data.play("rows")
        samples, values = live.heard(10)
    assert (samples, values) == ([400 * number for number in range(10)], (FIRST * 3)[:10])


def test_a_dwell_changes_on_the_way_and_no_row_is_lost(tmp_path: Path) -> None:
    with performing(DataConcert(tmp_path, rows(tmp_path))) as live:
        live.data.set_loop("rows", True)
        live.data.play("rows")
        live.until(lambda: live.told)
        live.data.set_dwell("rows", 0.02)
        samples, values = live.heard(11)
    assert values == (FIRST * 3)[:11]
    steps = np.diff(samples)
    assert steps[-1] == 320
    between = [step for step in steps if step not in (800, 320)]
    assert len(between) <= 1
    assert all(320 < step < 800 for step in between)


def test_index_and_seek_go_on_from_another_row(tmp_path: Path) -> None:
    with performing(DataConcert(tmp_path, rows(tmp_path, order="-file", dwell_s=0.3))) as live:
        live.data.play("rows")
        live.until(lambda: live.told)
        live.data.go_to("rows", 1)
        live.heard(3)
        live.until(lambda: live.ended)
        samples, values = live.heard(3)
    assert values == [FIRST[3], FIRST[1], FIRST[0]], "the row of that number in the file, and on in the order"
    assert samples[2] - samples[1] == 4800
    with performing(DataConcert(tmp_path, rows(tmp_path, dwell_s=0.2))) as live:
        live.data.play("rows")
        live.until(lambda: live.told)
        live.data.seek("rows", 2.5)
        samples, values = live.heard(3)
        marks = [mark[1] for _, mark in live.told]
    assert values == [FIRST[0], FIRST[2], FIRST[3]]
    assert samples[2] - samples[1] == 1600, "it was half through the third"
    assert marks[:2] == [0, 2]


def test_what_does_not_play_can_be_scrubbed(tmp_path: Path) -> None:
    with performing(DataConcert(tmp_path, rows(tmp_path))) as live:
        for place in (3.0, 1.7, 0.2):
            live.data.seek("rows", place)
            live.until(lambda place=place: live.engine.targets()[0] == FIRST[int(place)])
        live.until(lambda: len(live.told) == 3)
        assert live.heard(3)[1] == [FIRST[3], FIRST[1], FIRST[0]]
        assert [mark[1] for _, mark in live.told] == [3, 1, 0]
        for go, why in (
            (lambda: live.data.seek("rows", 4.5), "0 to 4, got 4.5"),
            (lambda: live.data.go_to("rows", 4), "0 to 3"),
        ):
            with pytest.raises(LatentoneError, match=f"rows has 4 items: .* must be {why}"):
                go()


def test_another_order_goes_on_from_the_row_that_plays(tmp_path: Path) -> None:
    with performing(DataConcert(tmp_path, rows(tmp_path, dwell_s=0.25))) as live:
        live.data.play("rows")
        live.until(lambda: len(live.told) == 2)
        live.data.set_order("rows", "-file")
        live.until(lambda: live.ended)
        samples, values = live.heard(3)
    assert values == [FIRST[0], FIRST[1], FIRST[0]]
    assert samples == [0, 4000, 8000]


def test_a_movement_has_no_steps_and_takes_its_time(tmp_path: Path) -> None:
    """31 frames of a straight rise at half rate: two seconds, and nowhere a jump such as one from frame to frame."""
    rise = np.concatenate([np.linspace(-0.8, 0.8, 31), np.full(3, 0.8)])
    with performing(DataConcert(tmp_path, movement(tmp_path, [rise]))) as live:
        live.data.set_rate("clips", 0.5)
        live.data.play("clips")
        live.until(lambda: live.ended)
        heard = 2 * np.concatenate(live.tape.blocks)
    low = int(np.argmin(heard))
    risen = heard[low : low + 2 * RATE_HZ]
    assert np.diff(heard).max() < 2 * HOP * 1.6 / (2 * RATE_HZ), "in no frame twice as fast as it is meant to be"
    between = int(np.argmax(risen > 0.7)) - int(np.argmax(risen > -0.7))
    assert between / RATE_HZ == pytest.approx(2 * 1.4 / 1.6, rel=0.02)
    assert np.diff(risen).min() > -1e-4
    assert [mark for _, mark in live.told] == [("clips", 0, "c0")]


def test_a_movement_goes_on_from_clip_to_clip_and_can_be_sought(tmp_path: Path) -> None:
    clips = [np.full(12, 0.5), np.full(24, -0.5), np.full(12, 0.25)]
    with performing(DataConcert(tmp_path, movement(tmp_path, clips))) as live:
        live.data.set_loop("clips", True)
        live.data.play("clips")
        live.until(lambda: len(live.told) >= 2)
        live.data.seek("clips", 2.5)
        live.until(lambda: len(live.told) >= 4)
        live.data.set_order("clips", "-file")
        live.until(lambda: len(live.told) >= 6)
        with pytest.raises(LatentoneError, match="by its frames"):
            live.data.set_dwell("clips", 1.0)
    assert [mark[1] for _, mark in live.told][:4] == [0, 1, 2, 0]
    assert live.engine.status().events_late == 0


def test_a_live_row_turns_the_knobs_at_once(tmp_path: Path) -> None:
    with performing(DataConcert(tmp_path, rows(tmp_path))) as live:
        live.data.take_row("rows", [0.625, -0.75])
        live.until(lambda: live.engine.targets()[:2] == [0.625, -0.75])
        assert live.engine.status().events_late == 0


def test_live_frames_are_a_stream_until_it_is_stopped(tmp_path: Path) -> None:
    """The encoder's latent is the mean of a frame and the one before it: a state that was lost, or kept, is heard."""
    source = movement(tmp_path, [np.zeros(3)])
    with performing(DataConcert(tmp_path, source)) as live:
        for wanted in (0.25, 0.5, 0.5):
            live.data.take_frame("clips", [0.5])
            live.until(lambda wanted=wanted: live.engine.targets()[0] == wanted)
        live.data.stop("clips")
        live.data.take_frame("clips", [0.5])
        live.until(lambda: live.engine.targets()[0] == 0.25)


def test_a_frame_far_out_is_refused_and_not_remembered(tmp_path: Path) -> None:
    """Infinite latents would be knobs that are no numbers, and stay in the encoder's state: silence until a restart."""
    source = movement(tmp_path, [np.zeros(3)])
    source.frame([3e38])
    with pytest.raises(LatentoneError, match="clips: values that far out are none for clips"):
        source.frame([3e38])
    source.begin_anew()
    source.frame([0.5])
    event = source.frame([0.5])
    assert event is not None
    assert event.values[1] == 0.5


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ([0.5], "rows takes 2 values, got 1"),
        ([0.5] * 3, "takes 2 values, got 3"),
        ([0.5, 1e39], "one of them is too large"),
    ],
)
def test_a_row_that_is_none_is_refused(tmp_path: Path, values: list[float], why: str) -> None:
    with pytest.raises(LatentoneError, match=why):
        rows(tmp_path).row(values)


def test_rows_and_frames_are_not_taken_for_each_other(tmp_path: Path) -> None:
    with pytest.raises(LatentoneError, match=r"rows is a table: it takes rows, by /source/rows/row"):
        rows(tmp_path).frame([0.5, 0.5])
    with pytest.raises(LatentoneError, match=r"clips is a movement: it takes frames, by /source/clips/frame"):
        movement(tmp_path, [np.zeros(3)]).row([0.5])


def test_a_flood_of_rows_is_bounded_and_counted(tmp_path: Path) -> None:
    """What nobody could hear is not even encoded, and whoever sends it hears how much was lost."""
    live = DataConcert(tmp_path, rows(tmp_path))
    began_s = time.monotonic()
    for _ in range(3000):
        live.data.take_row("rows", [0.5, 0.5])
    allowed = BURST + LIVE_HZ * (time.monotonic() - began_s)
    assert live.queue.put_count + live.queue.dropped == 3000
    assert BURST <= live.queue.put_count <= allowed + 1


def test_nothing_is_heard_with_another_models_knobs(tmp_path: Path) -> None:
    """Until it has been fitted to the model that plays now, a row would be turned into the knobs of the one before."""
    source = rows(tmp_path)
    with performing(DataConcert(tmp_path, source)) as live:
        live.data.set_loop("rows", True)
        live.data.play("rows")
        live.heard(2)
        live.data.model_changed()
        with pytest.raises(LatentoneError, match="rows cannot be heard: it is being fitted to the decoder"):
            live.data.take_row("rows", [0.5, 0.5])
        count = live.queue.put_count
        seconds = live.engine.status().seconds
        live.until(lambda: live.engine.status().seconds > seconds + 0.5)
        assert live.queue.put_count == count
        assert len(live.told) == count, "ten rows went by unheard: none of them may stand on a screen"
        assert not list(live.data.fit_again())
        live.until(lambda: live.queue.put_count > count)


def test_a_coupling_that_does_not_fit_the_new_model_is_told_and_another_may_be_taken(tmp_path: Path) -> None:
    fits: list[str] = []

    def couple(name: str, training: np.ndarray, labels: list[str]) -> Coupling:
        fits.append(name)
        if len(fits) > 1 and name == "old.npz":
            raise LatentoneError("old.npz: was fitted for another decoder")
        return Padded()

    source = rows(tmp_path, couple=couple, coupling="old.npz")
    live = DataConcert(tmp_path, source)
    live.data.model_changed()
    assert list(live.data.fit_again()) == ["rows cannot be heard: old.npz: was fitted for another decoder"]
    with pytest.raises(LatentoneError, match=r"rows cannot be heard: old\.npz: was fitted for another decoder"):
        live.data.play("rows")
    live.data.set_coupling("rows", "direct")
    live.data.play("rows")


def test_after_another_model_what_is_quickly_fitted_is_heard_before_what_is_not(tmp_path: Path) -> None:
    """`learned` listens to the decoder for half a minute: in the order of the settings all others would be silent as long."""
    order = ["learned", "transport", "mine.coupling.npz", "direct", "quantile"]
    fits: list[str] = []

    def couple(name: str, training: np.ndarray, labels: list[str]) -> Coupling:
        fits.append(name)
        return Padded()

    sources = [rows(tmp_path, couple=couple, coupling=coupling, name=coupling) for coupling in order]
    data = LiveDataSets(sources, DataConcert(tmp_path, sources[0]).ahead)
    data.model_changed()
    assert fits == order
    fits.clear()
    assert not list(data.fit_again())
    assert fits == ["mine.coupling.npz", "direct", "quantile", "transport", "learned"]


def test_a_coupling_that_there_is_not_leaves_the_one_that_sounds(tmp_path: Path) -> None:
    source = rows(tmp_path)
    with pytest.raises(LatentoneError, match="there is none"):
        source.set_coupling("nonsense")
    assert source.row([0.5, 0.5]).values == (0.0, 0.5, 0.5, 0.0, 0.0)


def test_couplings_are_fitted_to_what_the_encoder_learned_from_and_never_to_what_was_held_out(tmp_path: Path) -> None:
    given: list[tuple[list, list[str]]] = []

    def couple(name: str, training: np.ndarray, labels: list[str]) -> Coupling:
        given.append((training.tolist(), labels))
        return Padded()

    path = write_row_encoder(tmp_path / "rows.encoder.onnx", ["a"], 1, held_out=["r1"])
    items = [Item(f"r{number}", str(number), np.array([[number]], np.float32)) for number in range(3)]
    settings: dict[str, Any] = {"coupling": "direct", "order": "file", "dwell_s": 0.1, "glide_s": 0.0}
    DataSource("rows", DataSet("rows", ["a"], items), DataEncoder(path), couple, **settings)
    assert given == [([[0.0], [2.0]], ["0", "2"])]
