"""Results as a table, and the answer to the question behind it: what plays live on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from rich.box import SIMPLE_HEAD
from rich.table import Table

from .run import RUNTIMES, Results, Row


def table(results: Results) -> Table:
    """Every row, models apart."""
    shown = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True, header_style="bold")
    for column in ("size", "bands", "runtime"):
        shown.add_column(column)
    for column in (
        "voices",
        "µs a sample",
        "× real time",
        "GFLOP/s",
        "of peak",
        "p50",
        "p95",
        "p99",
        "max",
        "MB",
        "over s",
    ):
        shown.add_column(column, justify="right")
    for _, rows in groupby(results.rows, key=lambda row: (row.size, row.bands)):
        for row in rows:
            shown.add_row(*_cells(row), style="" if row.times_real_time >= 1 else "dim")
        shown.add_section()
    return shown


def _cells(row: Row) -> list[str]:
    block = row.block_ms
    return [
        row.size,
        str(row.bands),
        RUNTIMES[row.runtime],
        str(row.voices),
        f"{row.us_per_sample:.1f}",
        _times(row.times_real_time),
        "" if row.gflops is None else f"{row.gflops:.1f}",
        "" if row.share_of_peak is None else f"{row.share_of_peak:.0%}",
        *(f"{block[name]:.2f}" for name in ("p50", "p95", "p99", "max")),
        f"{row.memory_mb:.0f}",
        f"{row.audio_s:.2g}",
    ]


def facts(results: Results) -> Iterator[str]:
    """What the table's figures mean."""
    spread = min(results.threads, results.cores) if any(row.runtime == "fused" for row in results.rows) else 1
    used = "one is used; its" if spread == 1 else f"fused uses up to {spread} for four or more voices; one's"
    yield (
        f"{results.cpu}, {results.cores} core(s), of which {used} peak is {results.peak_gflops:.0f} GFLOP/s, "
        f"by {results.peak_of}."
    )
    if results.rows:
        blocks = ", ".join(sorted({str(row.block_samples) for row in results.rows}))
        yield (
            f"A sample is one of all voices at once. p50 to max: milliseconds for a block of {blocks} samples. MB: what the "
            "process grew by since before the file was read, with code that the first block loads. What is slower than real "
            "time is measured over less sound."
        )
    for row in results.rows:
        if row.overhead_percent is not None:
            yield (
                f"{row.size}: a block takes {row.overhead_percent:+.1f} % longer in our server's runtime than in libtorch alone "
                "(medians of blocks that were made in turn)."
            )
    yield from results.left_out


def plays_live(results: Results) -> Iterator[str]:
    """A line a model: with which runtime and how many voices it keeps up here."""
    for (size, bands), group in groupby(results.rows, key=lambda row: (row.size, row.bands)):
        rows = [row for row in group if row.runtime != "libtorch (raw)"]
        name = f"{size}, {bands} band{'s' * (bands > 1)}, {rows[0].sample_rate_hz} Hz"
        able = [row for row in rows if row.times_real_time >= 1]
        if able:
            best = max(able, key=lambda row: (row.voices, row.times_real_time))
            how = f"{best.voices} voice{'s' * (best.voices > 1)} with {RUNTIMES[best.runtime]}"
            yield f"{name}: plays live, {how} ({_times(best.times_real_time)} × real time)"
        else:
            best = max(rows, key=lambda row: row.times_real_time)
            yield (
                f"{name}: too slow to play live; the fastest, {RUNTIMES[best.runtime]}, makes "
                f"{_times(best.times_real_time)} s of sound a second. `latentone render` has the time"
            )


def allocation_line(record: dict) -> str:
    """What `run.measure_allocations` found, for people."""
    blocks = record["samples"] // record["block_samples"]
    return (
        f"{record['size']}, {record['bands']} band(s), {record['voices']} voice(s), fused: {record['samples']:,} samples in "
        f"{blocks:,} blocks of {record['block_samples']}; Python's memory grew by {record['grown_bytes']:,} bytes "
        f"({record['peak_bytes']:,} at most on the way), the process by {record['resident_grown_bytes']:,} bytes"
    )


def _times(value: float) -> str:
    return f"{value:.1f}" if value >= 10 else f"{value:.2g}" if value < 1 else f"{value:.2f}"
