"""200,000 packets in bad faith at a server that plays: each is refused and counted, and the sound goes on."""

import os
import random
import re
import subprocess
import sys
import time
from itertools import islice

import hostile
import numpy as np
import pytest
import soundfile
from desk_rig import DeskRig
from fakes import write_fake_model
from latentone.server.delivery import deliver
from latentone.server.events import Value
from osc_peer import DEADLINE_S, Client, bundle, message

COUNT, SEED = 200_000, 20240607
MALFORMED = b"/fail\0\0\0,ss\0\0\0\0\0"
"""How the reply to a malformed packet begins; to a message that cannot be obeyed it names an address."""
AT_ONCE = 50
"""So many fit into the system's buffers."""


def test_two_hundred_thousand_packets_are_all_refused_and_told(tmp_path, caplog):
    rig = DeskRig(tmp_path, voices=2)
    heard: list[tuple] = []

    def hear(address: str, *values: Value) -> None:
        heard.append((address, *values))

    for packet in hostile.packets(SEED, COUNT):
        deliver(packet, rig.desk, hear, "osc 127.0.0.1:9")
    assert len(heard) == COUNT
    assert {reply[0] for reply in heard} == {"/fail"}
    deliver(message("/status"), rig.desk, hear, "osc 127.0.0.1:9")
    assert heard[-1][10] == sum(address == "" for _, address, _ in heard[:-1]) > COUNT / 2
    assert rig.queue.take() is None
    assert not caplog.records, "no exception was caught either"


def test_the_sound_goes_on_meanwhile(tmp_path):
    """Through a real socket, at a process of its own; every packet is answered before the next ones are sent."""
    model = write_fake_model(tmp_path / "fake.onnx")
    heard = tmp_path / "heard.wav"
    command = [sys.executable, "-m", "latentone.server", "play", str(model), "-o", str(heard), "--osc-port", "0"]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1", "TERM": "dumb"},
    )
    try:
        assert process.stdout is not None
        port = next(found[1] for line in process.stdout if (found := re.search(r"udp 127\.0\.0\.1:(\d+)", line)))
        with Client(int(port)) as client:
            for address, value in (("/temperature", 0.0), ("/glide_s", 0.0), ("/latent/0", 0.8)):
                client.send(message(address, value))
            assert client.ask("/sync", 1) == ("/synced", 1)
            began_s = time.monotonic()
            packets, refused, malformed = hostile.packets(SEED, COUNT), 0, 0
            while together := list(islice(packets, AT_ONCE)):
                for packet in together:
                    client.send(packet)
                for _ in together:
                    reply = client.socket.recv(65535)
                    refused += reply.startswith(b"/fail")
                    malformed += reply.startswith(MALFORMED)
            assert refused == COUNT
            status = client.ask("/status")
            assert status[10] == malformed
            took_s = time.monotonic() - began_s
            assert client.ask("/quit") == ("/done", "/quit")
        _, errors = process.communicate(timeout=DEADLINE_S)
        assert (process.returncode, errors) == (0, "")
    finally:
        process.kill()
        process.wait()
    audio, rate_hz = soundfile.read(heard)
    assert len(audio) > 0.9 * took_s * rate_hz, "the engine was not kept from its work"
    assert np.ptp(audio[8000:-2000]) < 1e-4, "the tone that was set before stood still"
    assert audio[8000] == pytest.approx(0.4, abs=1e-3)


def test_good_packets_with_bent_bytes_never_stop_it(tmp_path):
    """Some still are OSC and some are even obeyed; none may stop the thread or get past the table's ranges."""
    source = random.Random(7)
    good = bundle(1, message("/latent/0", 0.5), message("/gain_db", -6.0), message("/preset/recall", "x", 1.0))
    with DeskRig(tmp_path, block_s=0.001) as live:
        for number in range(1000):
            bent = bytearray(good)
            for _ in range(source.randrange(1, 6)):
                bent[source.randrange(len(bent))] = source.randrange(256)
            live.client.send(bytes(bent))
            if number % 20 == 19:
                live.client.send(message("/sync", number))
                while live.client.hear() != ("/synced", number):
                    pass
        assert live.engine.taken
        for event in live.engine.taken:
            low, high = (-4, 4) if event.address.startswith("/latent") else (-90, 60)
            assert all(low <= float(value) <= high for value in event.values), event
