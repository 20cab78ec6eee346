"""The Pure Data patches, run by Pd: what they say reaches a server, its replies come out, and the demos are heard."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from data_encoders import write_row_encoder
from latentone.models.tables import read_table
from latentone.server.addresses import TABLE
from pd import PATCHES, driver, message_boxes, running_pd
from pd_demos import LENGTHS_S, play_demo
from playing import free_udp_port
from table_server import TableServer

HELP = [m for m in message_boxes((PATCHES / "latentone-help.pd").read_text()) if "connect" not in m]


def test_every_message_of_the_help_patch_is_obeyed_and_together_they_reach_the_whole_table(
    table_server: TableServer, tmp_path: Path
) -> None:
    with running_pd(tmp_path, driver(*HELP), table_server.port, "say bang") as pd:
        pd.wait_for(lambda: {row.pattern for row in TABLE} <= table_server.rows, "a message for each row")
        assert not [line for line in pd.posted() if "error" in line]
    assert table_server.refused == []
    heard = table_server.heard
    assert ("/latent/3", (0.5,)) in heard
    assert ("/latent", (pytest.approx(0.1), pytest.approx(-0.3), pytest.approx(0.8))) in heard  # a list of numbers
    assert ("/voice/1/latent", (pytest.approx(0.2), pytest.approx(0.4))) in heard
    assert {f"/voice/{voice}/gate" for voice in range(4)} <= {address for address, _ in heard}  # voice * gate 0
    assert ("/preset/recall", ("dawn", 2.0)) in heard
    assert ("/motion/stop", ()) in heard
    assert ("/map/add", ("cc 20", "/latent/0", -1.0, 1.0, "linear")) in heard
    assert ("/source/sweep/rate", (0.5,)) in heard


def test_replies_come_out_as_messages(table_server: TableServer, tmp_path: Path) -> None:
    said = driver("status", "preset list", "latent 99 0", "sync 7")
    with running_pd(tmp_path, said, table_server.port, "say bang") as pd:
        pd.wait_for_line("reply: synced 7")
        posted = pd.posted()
    assert "reply: status.reply voice 4 0 0.5 0.75 60 16000 0 0 0 1" in posted
    assert "reply: preset list.reply dawn dusk" in posted
    assert "reply: fail /latent/99 there is no knob 99 (0 to 3)" in posted
    assert [line for line in posted if "synced" in line] == ["reply: synced 7"], (
        "its own questions are no business of ours"
    )


def test_a_server_that_goes_and_comes_back_is_noticed_and_told_to_notify(tmp_path: Path) -> None:
    port = free_udp_port()
    with running_pd(tmp_path, driver("bang"), port) as pd:
        for times in (1, 2):
            with TableServer(port) as server:
                pd.wait_for(lambda times=times: pd.posted().count("answers: 1") == times, "a server that answers")
                pd.wait_for(lambda server=server: ("/notify", (1,)) in server.heard, "/notify")
            pd.wait_for(lambda times=times: pd.posted().count("answers: 0") == times, "a server that is gone")
        assert [pd.posted().count(f"answers: {answer}") for answer in (1, 0)] == [2, 2]


def test_connect_goes_elsewhere_and_disconnect_says_no_more(table_server: TableServer, tmp_path: Path) -> None:
    said = driver("disconnect", "latent 1 0.5", f"connect localhost {table_server.port}", "latent 0 0.25", "sync 7")
    with running_pd(tmp_path, said, free_udp_port(), "say bang") as pd:
        pd.wait_for_line("reply: synced 7")
    turned = [message for message in table_server.heard if message[0].startswith("/latent")]
    assert turned == [("/latent/0", (0.25,))]


def test_the_knobs_demo_is_heard(fake_model: Path, tmp_path: Path) -> None:
    audio = play_demo("knobs", fake_model, tmp_path, 3.5)[:, 0]
    begin, end = np.argmin(audio), np.argmax(audio)
    # On a busy machine Pd makes up for what it is late, so that the knob is on its way before it has got to its end.
    assert (audio[begin], audio[end]) == (pytest.approx(-0.5, abs=0.05), pytest.approx(0.5, abs=0.01))
    sweep = audio[begin:end:400]
    assert begin < end
    assert np.all(np.diff(sweep) > -1e-3), "the first knob goes from one end to the other without a step back"
    assert np.max(np.abs(np.diff(sweep))) < 0.05, "nor a jump"


def test_the_pattern_demo_is_heard(fake_model: Path, tmp_path: Path) -> None:
    audio = play_demo("pattern", fake_model, tmp_path, 3.0)
    left, right = np.abs(audio).T
    assert np.max(left) > 0.1
    assert np.max(right) > 0.1
    assert np.max(np.abs(left - right)) > 0.1, "the voices have places of their own"
    notes = np.diff((left > 0.1).astype(int))
    assert np.sum(notes == 1) >= 8, "notes begin and end"


def test_the_follow_demo_is_heard(fake_model: Path, tmp_path: Path) -> None:
    audio = play_demo("follow", fake_model, tmp_path, 4.0)[:, 0]
    assert np.max(audio) > 0.3, "the whistle is loud, and the knob is up"
    assert np.min(audio) < -0.3, "the whistle is soft, and the knob is down"


def test_the_data_demo_plays_rows_and_hears_their_classes(fake_model: Path, tmp_path: Path) -> None:
    """A class that is shown before or after its row sounds would tell the audience something that is not so."""
    digits = read_table("digits")
    brightest = np.argmax(digits.values.std(axis=0))
    matrix = np.zeros((1, len(digits.columns)), np.float32)
    matrix[0, brightest] = 1 / 8
    encoder = write_row_encoder(tmp_path / "digits.encoder.onnx", digits.columns, 1, matrix)
    flags = ("--data", "digits", "--data-model", encoder, "--coupling", "standardise")
    audio = play_demo("data", fake_model, tmp_path, 2.5, *flags)[:, 0]
    told = re.findall(r"latentone: source at digits (\d+) (\d)", (tmp_path / "posted.txt").read_text())
    assert len(told) >= 4
    assert [label for _, label in told] == [digits.labels[int(index)] for index, _ in told]
    assert np.ptp(audio) > 0.3, "the rows are heard"


def test_each_demo_has_its_picture() -> None:
    pictures = {path.stem.removeprefix("latentone-") for path in PATCHES.glob("*.png")}
    assert pictures == set(LENGTHS_S)
