"""A table is read as people of its field would: named rows, classes, and nothing odd passed over in silence.

A failure would be heard as a row that sounds of another sample, or of values that nobody measured.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas
import pytest
from latentone.models.errors import LatentoneError
from latentone.models.tables import Table, read_table

PLAIN = "sample\tkind\tg1\tg2\na\tcat\t0\t1\nb\tdog\t0.5\t2\nc\tcat\t1\t3\n"


class Said(list[str]):
    """What the reader had to say."""

    def __call__(self, line: str) -> None:
        self.append(line)


def read(path: Path, text: str, *arguments: str | None, **options: bool) -> tuple[Table, str]:
    path.write_text(text)
    said = Said()
    return read_table(path, *arguments, say=said, **options), "\n".join(said)


@pytest.mark.parametrize("suffix", [".tsv", ".csv", ".txt", ".tsv.gz", ".csv.xz", ".parquet"])
def test_every_format_gives_the_same_table(tmp_path: Path, suffix: str) -> None:
    frame = pandas.DataFrame({"sample": ["a", "b"], "g1": [0.25, 1.0], "kind": ["x", "y"], "g2": [3, 4]})
    path = tmp_path / f"data.set{suffix}"
    if suffix == ".parquet":
        frame.set_index("sample").to_parquet(path)
    else:
        frame.to_csv(path, sep="\t" if ".tsv" in suffix else ";" if suffix == ".txt" else ",", index=False)
    table = read_table(path, "kind")
    assert (table.name, table.columns, table.names, table.labels) == ("data.set", ["g1", "g2"], ["a", "b"], ["x", "y"])
    assert table.values.dtype == np.float32
    np.testing.assert_array_equal(table.values, [[0.25, 3], [1, 4]])


@pytest.mark.parametrize(("name", "shape"), [("digits", (1797, 64)), ("wine", (178, 13)), ("breast_cancer", (569, 30))])
def test_data_sets_of_scikit_learn_come_by_name(name: str, shape: tuple[int, int]) -> None:
    table = read_table(name)
    assert table.values.shape == shape
    assert table.names[12] == f"{name}_{12:0{len(str(shape[0]))}}"
    assert len(set(table.labels)) in (2, 3, 10)
    assert len(table.columns) == shape[1]


def test_a_folder_is_one_table_and_the_labels_in_it_are_none(tmp_path: Path) -> None:
    (tmp_path / "one.tsv").write_text("sample\tg1\tg2\na\t0\t1\n")
    (tmp_path / "two.csv").write_text("g2,sample,g1\n3,b,2\n")
    (tmp_path / "labels.tsv").write_text("sample\tkind\tage\nb\tdog\t3\na\tcat\t\nz\tcow\t1\n")
    table = read_table(tmp_path, f"{tmp_path}/labels.tsv")
    assert (table.names, table.labels, table.values.tolist()) == (["a", "b"], ["cat", "dog"], [[0, 1], [2, 3]])
    said = Said()
    table = read_table(tmp_path, f"{tmp_path}/labels.tsv:age", say=said)
    assert table.labels == ["", "3"]
    assert "no age for 1 of 2 samples, which stay without a class: a" in said[0]
    (tmp_path / "three.csv").write_text("sample,g1\nc,1\n")
    with pytest.raises(LatentoneError, match=r"three\.csv|two\.csv.*g2"):
        read_table(tmp_path, f"{tmp_path}/labels.tsv")


def test_rows_are_named_by_the_first_column_that_names_them(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    assert read(path, "kind,patient_id,g\ncat,7,1\ncat,9,2\n")[0].names == ["7", "9"]
    assert read(path, ",g\nr1,1\nr2,2\n")[0].names == ["r1", "r2"]
    assert read(path, "kind,g\ncat,1\ncat,2\n")[0].names == ["t_0", "t_1"]
    assert read(path, "one,two,g\na,x,1\nb,y,2\n", None, "two")[0].names == ["x", "y"]
    assert read(path, "sample,g\nNA,1\nb,2\n")[0].names == ["NA", "b"]
    with pytest.raises(LatentoneError, match="no column three"):
        read_table(path, name_column="three")
    with pytest.raises(LatentoneError, match=r"no name in column sample_id of line 3$"):
        read(path, "sample_id,g\na,1\n,2\nc,3\n", None, "sample_id")


def test_missing_values_are_named_and_become_medians_or_stay(tmp_path: Path) -> None:
    text = "sample,g1,g2,g3,g4\na,1,1,1,1\nb,,2,2,2\nc,3,n/a,3,3\nd,9,4,,4\n"
    table, said = read(tmp_path / "t.csv", text)
    np.testing.assert_array_equal(table.values, [[1, 1, 1, 1], [3, 2, 2, 2], [3, 2, 3, 3], [9, 4, 2, 4]])
    assert "3 values missing, replaced by the median of their column: g1, g2, g3" in said
    assert "text between the numbers taken for missing in g2" in said
    kept, _ = read(tmp_path / "t.csv", text, keep_missing=True)
    assert np.isnan(kept.values).sum() == 3


def test_what_is_no_number_or_hardly_there_is_left_out_by_name(tmp_path: Path) -> None:
    table, said = read(tmp_path / "t.csv", "sample,kind,g,sparse,day\na,cat,1,,2020-01-01\nb,cat,2,,2020-01-02\n")
    assert table.columns == ["g"]
    assert "columns without numbers left out: kind, day" in said
    assert "more than half empty left out: sparse" in said


def test_a_sample_twice_is_kept_once_only_if_nothing_differs(tmp_path: Path) -> None:
    rows = "".join(f"s{i},{i},1\n" for i in range(12))
    table, said = read(tmp_path / "t.csv", f"sample,g1,g2\n{rows}s3,3,1\n")
    assert (len(table.names), len(table.values)) == (12, 12)
    assert "twice, kept once: s3" in said
    with pytest.raises(LatentoneError, match="come twice, with other values: s3"):
        read(tmp_path / "t.csv", f"sample,g1,g2\n{rows}s3,3,2\n")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("sample,g1,g2\na,1,inf\nb,2,1e300\n", r"2 infinite values in columns g2, rows a, b"),
        ("sample,g1,g2,g3\na,1,,\nb,2,2,1\nc,3,1,1\n", r"samples more than half empty: a; remove"),
        ("sample,g1,g1\na,1,2\n", "columns that come twice: g1"),
        ("sample,kind\na,cat\nb,dog\n", "no column of numbers"),
        ("sample,g1,g2\na,1,2,\nb,3,4,\n", "lines end with a separator, and the heading does not"),
        ("sample,g1\n", "without rows"),
        ("", "cannot be read as a table"),
        ("sample,g1\na,1,2,3\nb,1\n", "t.csv"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name_in_one_line(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(LatentoneError, match=why) as refused:
        read(tmp_path / "t.csv", text)
    assert "\n" not in str(refused.value)


def test_files_that_are_no_tables_are_refused(tmp_path: Path) -> None:
    (tmp_path / "t.csv.gz").write_bytes(b"not packed")
    (tmp_path / "t.bin").write_bytes(b"1")
    (tmp_path / "empty").mkdir()
    pandas.DataFrame({"sample": ["a", "b"], "genes": [[1], [2]]}).to_parquet(tmp_path / "nested.parquet")
    with pytest.raises(LatentoneError, match="more than one value in a cell: genes"):
        read_table(tmp_path / "nested.parquet")
    for source, why in (("t.csv.gz", "cannot be read"), ("t.bin", "not a table"), ("empty", "no table in it")):
        with pytest.raises(LatentoneError, match=why):
            read_table(tmp_path / source)
    with pytest.raises(LatentoneError, match="nor one of digits, wine"):
        read_table("nowhere")


def test_labels_that_do_not_fit_are_refused_by_name(tmp_path: Path) -> None:
    path, labels = tmp_path / "t.tsv", tmp_path / "labels.tsv"
    path.write_text(PLAIN)
    assert read_table(path, "kind").labels == ["cat", "dog", "cat"]
    for text, which, why in (
        ("sample\tkind\nx\tcat\n", "", "none of the samples of .* such as a, b, c"),
        ("sample\tkind\na\tcat\na\tdog\n", "", "a is labelled both cat and dog"),
        ("sample\tkind\na\tcat\n", ":age", "no column age; there is kind"),
        ("sample\na\n", "", "a single column"),
    ):
        labels.write_text(text)
        with pytest.raises(LatentoneError, match=why):
            read_table(path, f"{labels}{which}")
    with pytest.raises(LatentoneError, match=r"neither a column of .*t\.tsv nor a file"):
        read_table(path, "genus")


def test_reading_a_table_never_loads_torch() -> None:
    code = "import sys; from latentone.models.tables import read_table; read_table('wine'); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0
