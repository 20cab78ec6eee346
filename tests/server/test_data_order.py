"""In which order a data set is heard, and what may be read as one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from data_encoders import data_manifest, write_frame_encoder, write_row_encoder
from latentone.export.errors import LatentoneError
from latentone.export.runtime.data_encoder import DataEncoder
from latentone.server.datasets.encode import ROWS_AT_ONCE, encode_items
from latentone.server.datasets.items import DataSet, Item
from latentone.server.datasets.order import order_of, path_length, short_path
from latentone.server.datasets.read import dataset_name, read_dataset
from test_dataset_source import rows


def table(labels: Sequence[str], column: Sequence[float]) -> DataSet:
    rows = [
        Item(f"row {index}", label, np.array([[value], [0.0]], np.float32))
        for index, (label, value) in enumerate(zip(labels, column, strict=True))
    ]
    return DataSet("table", ["height", "width"], rows)


DATA = table(["10", "9", "b", "a", "9", ""], [3.0, 1.0, 2.0, 1.0, 5.0, 4.0])
LATENTS = [np.array([[place], [0.0]], np.float32) for place in (0.0, 5.0, 1.0, 4.0, 2.0, 3.0)]


@pytest.mark.parametrize(
    ("order", "played"),
    [
        ("file", [0, 1, 2, 3, 4, 5]),
        ("-file", [5, 4, 3, 2, 1, 0]),
        ("label", [1, 4, 0, 5, 3, 2]),
        ("height", [1, 3, 2, 0, 5, 4]),
        ("-height", [4, 5, 0, 2, 3, 1]),
    ],
)
def test_items_are_played_in_the_order_that_is_asked_for(order: str, played: list[int]) -> None:
    """Labels that are numbers come as numbers do; what is alike stays as in the file."""
    assert order_of(order, DATA, LATENTS) == played


def test_a_path_goes_from_neighbour_to_neighbour() -> None:
    assert order_of("path", DATA, LATENTS) in ([0, 2, 4, 5, 3, 1], [1, 3, 5, 4, 2, 0])


def test_a_path_is_found_once_for_a_data_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of three thousand rows it takes many seconds, in which a performer who goes back to it would hear the old order."""
    found: list[int] = []

    def counted(points: np.ndarray) -> list[int]:
        found.append(len(points))
        return short_path(points)

    monkeypatch.setattr("latentone.server.datasets.order.short_path", counted)
    source = rows(tmp_path, order="path")
    path = list(source.piece.order)
    assert path in ([3, 0, 1, 2], [2, 1, 0, 3])
    assert source.set_order("-path").order == path[::-1]
    assert source.set_order("file").order == [0, 1, 2, 3]
    source.uncouple()
    source.set_coupling()
    assert source.set_order("path").order == path
    assert found == [4]


def test_a_path_is_improved_and_the_same_every_time() -> None:
    """Points on a circle, where always going to the nearest goes wrong: the way round is known."""
    angles = np.random.default_rng(3).uniform(0, 2 * np.pi, 200)
    points = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    path = short_path(points)
    assert sorted(path) == list(range(200))
    assert path == short_path(points)
    assert path_length(points, path) < 2 * np.pi
    cloud = np.random.default_rng(4).normal(size=(300, 8))
    assert path_length(cloud, short_path(cloud)) < 0.7 * path_length(cloud, range(300))


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_items_have_a_path_too(count: int) -> None:
    assert sorted(short_path(np.arange(2.0 * count).reshape(count, 2))) == list(range(count))


def test_an_order_that_there_is_not_is_told() -> None:
    with pytest.raises(LatentoneError, match=r"there is no order 'depth': file, label, path, or a column of table"):
        order_of("depth", DATA, LATENTS)


def test_a_table_is_read_as_its_encoder_reads_it(tmp_path: Path) -> None:
    """Columns by name, whatever their place in the file and whatever stands beside them."""
    (tmp_path / "flowers.csv").write_text("id,kind,b,extra,a\none,x,1,9,2\ntwo,y,3,9,4\n")
    data = read_dataset(str(tmp_path / "flowers.csv"), data_manifest("small", ["a", "b"], 2), "kind")
    assert (data.name, list(data.inputs), data.names()) == ("flowers", ["a", "b"], ["one", "two"])
    assert [item.label for item in data.items] == ["x", "y"]
    assert [item.values.tolist() for item in data.items] == [[[2], [1]], [[4], [3]]]


def test_columns_that_an_encoder_needs_are_named_and_counted(tmp_path: Path) -> None:
    (tmp_path / "flowers.csv").write_text("id,b\none,1\ntwo,2\n")
    wanted = ["a", "b", *"cdefg"]
    why = r"flowers\.csv: lacks 6 of the 7 columns that small reads: a, c, d, e …"
    with pytest.raises(LatentoneError, match=why):
        read_dataset(str(tmp_path / "flowers.csv"), data_manifest("small", wanted, 2))


@pytest.mark.parametrize(
    ("file", "frame_rate_hz", "why"),
    [
        ("walk.bvh", None, "is a movement, but the encoder small reads rows of a table"),
        ("genes.tsv.gz", 30.0, "is a table, but the encoder small reads movement"),
        ("song.wav", None, "song.wav"),
        ("song.wav", 30.0, "not a movement"),
    ],
)
def test_a_file_of_another_kind_is_told(tmp_path: Path, file: str, frame_rate_hz: float | None, why: str) -> None:
    (tmp_path / file).write_bytes(b"RIFF")
    with pytest.raises(LatentoneError, match=why) as raised:
        read_dataset(str(tmp_path / file), data_manifest("small", ["a"], 2, frame_rate_hz))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(("source", "name"), [("digits", "digits"), ("a/b/x.tsv.gz", "x"), ("clips/", "clips")])
def test_a_data_set_is_named_after_its_file(source: str, name: str) -> None:
    assert dataset_name(source) == name


def test_rows_are_encoded_together_and_clips_each_from_their_beginning(tmp_path: Path) -> None:
    encoder = DataEncoder(write_row_encoder(tmp_path / "rows.encoder.onnx", ["a", "b"], 3))
    rows = [Item(str(index), "", np.array([[index], [1]], np.float32)) for index in range(ROWS_AT_ONCE + 5)]
    encoded = encode_items(encoder, rows)
    assert [latents.tolist() for latents in encoded[-1:]] == [[[ROWS_AT_ONCE + 4], [1], [0]]]
    encoder = DataEncoder(write_frame_encoder(tmp_path / "clips.encoder.onnx", ["x"], 1))
    clips = [Item(name, "", np.full((1, 3), 2.0, np.float32)) for name in ("one", "two")]
    assert [latents.tolist() for latents in encode_items(encoder, clips)] == [[[1, 2, 2]]] * 2


@pytest.mark.parametrize(
    ("values", "why"), [([[1.0]], "has 1 values; rows reads 2"), ([[1.0], [np.nan]], "not a number")]
)
def test_an_item_that_cannot_be_encoded_is_named(tmp_path: Path, values: list, why: str) -> None:
    encoder = DataEncoder(write_row_encoder(tmp_path / "rows.encoder.onnx", ["a", "b"], 3))
    with pytest.raises(LatentoneError, match=f"odd: .*{why}"):
        encode_items(encoder, [Item("odd", "", np.array(values, np.float32))])
