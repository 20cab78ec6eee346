"""Plays the shipped model under everything at once, and says what was lost.

    python tests/soak.py                 five minutes
    python tests/soak.py --seconds 60 --latency-ms 10 --period 64

A script, not a test (`test_soak.py` runs ten seconds of it): it needs jackd, and JACK-Client. On a JACK server of its own
(dummy, real-time, 48 kHz) the server gets 1,000 OSC messages and 300 MIDI messages a second and a model swap every 10 s,
while a thread burns the interpreter inside its own process. Prints underruns by cause, growth of memory, and of each kind of
message how many were sent, taken in and dropped, by the server's own account. Ends with status 1 where the sound stopped,
the server died, or memory grew by more than a few megabytes.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import math
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "server"), str(HERE / "server" / "audio")]

from jack_server import JackServer  # noqa: E402
from osc_program import Peer, free_udp_port  # noqa: E402

OSC_HZ, MIDI_HZ = 1000, 300
SETTLED_S = 5.0
"""Memory is first looked at when caches are filled and the first blocks are made."""
GROWTH_MB = 8.0
SERVE = "--serve"


def serve(arguments: list[str]) -> None:
    """`latentone play` with a thread beside it that never lets go of the interpreter by itself."""
    from latentone.server.__main__ import main

    def burn() -> None:
        for _ in itertools.count():
            math.sqrt(2.0)

    threading.Thread(target=burn, daemon=True).start()
    sys.argv = ["latentone", "play", *arguments]
    main()


class Flood(threading.Thread):
    """Calls `send(number)` so many times a second; behind, it catches up."""

    def __init__(self, hz: float, send: Callable[[int], None]) -> None:
        super().__init__(daemon=True)
        self.sent = 0
        self._hz, self._send = hz, send
        self._end = threading.Event()

    def run(self) -> None:
        began_s = time.monotonic()
        while not self._end.wait(1 / 200):
            due = (time.monotonic() - began_s) * self._hz
            while self.sent < due:
                self._send(self.sent)
                self.sent += 1

    def stop(self) -> int:
        self._end.set()
        self.join()
        return self.sent


def open_midi() -> Any:
    """A MIDI output on JACK for the server to find; None where there is none."""
    import mido

    try:
        backend = mido.Backend("mido.backends.rtmidi/UNIX_JACK", load=True)
        return backend.open_output("soak", virtual=True, client_name="soak")
    except Exception as error:  # rtmidi raises what it likes where a backend is missing
        print(f"no JACK MIDI here: {error}")
        return None


def memory_mb(process: psutil.Process) -> float:
    """Of the server and its children."""
    return sum(one.memory_info().rss for one in [process, *process.children(recursive=True)]) / 1e6


def status_of(peer: Peer) -> dict[str, Any]:
    """The server's own account, by the names that the table of addresses gives it."""
    from latentone.server.addresses import StatusReply

    if (answer := peer.ask("/status")) is None:
        raise TimeoutError("no answer to /status")
    return dict(zip(StatusReply._fields, answer[1:], strict=False))


def socket_drops(port: int) -> int | None:
    """Packets that the system threw away before the server read them; None where it does not say."""
    with contextlib.suppress(OSError):
        rows = [line.split() for line in Path("/proc/net/udp").read_text().splitlines()[1:]]
        return sum(int(row[-1]) for row in rows if row[1].endswith(f":{port:04X}"))
    return None


def osc_message(peer: Peer, number: int) -> None:
    place = math.sin(number / 200)
    match number % 4:
        case 0:
            peer.send("/latent/0", place)
        case 1:
            peer.send("/latent/1", -place)
        case 2:
            peer.send("/latent", place, 0.5 * place, -place)
        case _:
            peer.send("/gain_db", -6.0 + 3.0 * place)


def soak(asked: argparse.Namespace) -> int:
    import mido

    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        jack = JackServer(folder / "jackd.log", asked.period)
        os.environ.update(jack.environment)
        stack.callback(jack.stop)
        jack.start()
        output = open_midi()
        port = free_udp_port()
        models = asked.models.split(",")
        command = [sys.executable, __file__, SERVE, models[0], "--sink", "device", "--osc-port", str(port)]
        command += ["--block", str(asked.block), "--latency-ms", str(asked.latency_ms)]
        environment = {**os.environ, "TERM": "dumb"}
        if output is not None:
            command.append("--midi")
        log = stack.enter_context(open(folder / "server.log", "w+"))
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)
        stack.callback(server.wait)
        stack.callback(server.kill)
        peer = Peer(port)
        peer.wait()

        first = status_of(peer)
        floods = {"osc": Flood(OSC_HZ, lambda number: osc_message(peer, number))}
        if output is not None:
            floods["midi"] = Flood(
                MIDI_HZ, lambda n: output.send(mido.Message("control_change", control=20 + n % 8, value=n % 128))
            )
        for flood in floods.values():
            flood.start()
        asking = Peer(port)
        swaps: Counter[str] = Counter()
        process, memories = psutil.Process(server.pid), []
        began_s = time.monotonic()
        next_swap_s, next_models = began_s + asked.swap_s, itertools.cycle([*models[1:], models[0]])
        while (now_s := time.monotonic()) < began_s + asked.seconds and server.poll() is None:
            if now_s > began_s + min(SETTLED_S, asked.seconds / 2):
                memories.append(memory_mb(process))
            if now_s >= next_swap_s:
                answer = asking.ask("/model/load", next(next_models), deadline_s=30.0)
                swaps["done" if answer and answer[0] == "/done" else f"{answer or 'unanswered'}"] += 1
                next_swap_s = time.monotonic() + asked.swap_s
            time.sleep(0.5)
        sent = {name: flood.stop() for name, flood in floods.items()}
        lost = socket_drops(port)
        asking.ask("/sync", 1)  # answered when all that was sent before has been taken in
        last = {} if server.poll() is not None else status_of(asking)
        peer.send("/quit")
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            print("the server does not end when told to")
        log.seek(0)
        said = log.read()
        jack_said = (folder / "jackd.log").read_text(errors="replace")
        late_clients = Counter(re.findall(r"client = (.+?) was not finished", jack_said))

    print(f"{asked.seconds:g} s, JACK periods of {asked.period}, ring {asked.latency_ms:g} ms, blocks of {asked.block}")
    late = ", ".join(f"{name} {count}" for name, count in late_clients.items()) or "nobody"
    print(f"load of the machine {os.getloadavg()[0]:.1f}; JACK clients that were late: {late}")
    print("sent: " + ", ".join(f"{count} {name}" for name, count in sent.items()) + f"; lost in the socket {lost}")
    print("swaps: " + (", ".join(f"{count} {how}" for how, count in swaps.items()) or "none"))
    for name in first:
        print(f"  {name:<20} {first[name]!s:>12} -> {last.get(name)!s:>12}")
    # the first swaps bring what two models take, once; what comes after that is growth
    half = memories[len(memories) // 2 :] or [0.0]
    growth_mb = statistics.median(half[-10:]) - statistics.median(half[:10])
    print(
        f"memory {memories[0] if memories else 0:.1f} MB, half-way {half[0]:.1f} MB, growth since then {growth_mb:+.1f} MB"
    )
    print(f"the server's last words: {(said.strip().splitlines() or ['none'])[-1]}")
    return int(not last or server.returncode != 0 or growth_mb > GROWTH_MB)


def main() -> int:
    if sys.argv[1:2] == [SERVE]:
        serve(sys.argv[2:])
        return 0
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--swap-s", type=float, default=10.0, help="seconds from one model to the next")
    parser.add_argument("--models", default="voice", help="names, with commas, that take turns")
    parser.add_argument("--period", type=int, default=128, help="frames of a JACK period")
    parser.add_argument("--latency-ms", type=float, default=20.0, help="as in `latentone play`")
    parser.add_argument("--block", type=int, default=128, help="as in `latentone play`")
    return soak(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
