"""Measures the time from sending a row of a data set to the event that it becomes, through a real socket.

    python tests/row_latency.py                                rows of digits, its shipped encoder, quantile
    python tests/row_latency.py --data FILE --data-model FILE --coupling transport

A script, not a test: it needs a machine that has nothing else to do. Sender, port, desk and encoder are one process; the engine
is left out, which looks for events once a block. Ends with status 1 where a row of a hundred takes longer than a block.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "server")]

from desk_rig import FakeEngine  # noqa: E402
from latentone.export.runtime.data_encoder import DataEncoder  # noqa: E402
from latentone.export.runtime.load import shipped_data_encoder  # noqa: E402
from latentone.server.addresses import Namespace, address_safe  # noqa: E402
from latentone.server.all_sources import AllSources  # noqa: E402
from latentone.server.config import load_config  # noqa: E402
from latentone.server.controllers.osc import OscController  # noqa: E402
from latentone.server.datasets.opened import flags_of_data, open_sources  # noqa: E402
from latentone.server.datasets.read import read_dataset  # noqa: E402
from latentone.server.desk import Desk  # noqa: E402
from latentone.server.events import ControlEvent, EventQueue  # noqa: E402
from latentone.server.process import undisturbed  # noqa: E402
from latentone.server.scores import Score  # noqa: E402
from osc_peer import Client, message  # noqa: E402

BLOCK_MS = 128 / 48000 * 1000
PAUSE_S = 0.003
PACKETS = 100
"""Made before, and sent again and again: to write one takes longer than to read it."""
DEADLINE_S = 5.0


class TimedQueue(EventQueue):
    """Says when an event came."""

    def __init__(self) -> None:
        super().__init__()
        self.came = threading.Event()
        self.at_s = 0.0

    def put(self, *events: ControlEvent) -> bool:
        self.at_s = time.perf_counter()
        self.came.set()
        return True


def measure(arguments: argparse.Namespace) -> np.ndarray:
    """Milliseconds of each row."""
    flags = flags_of_data(arguments.data, arguments.data_model, None, arguments.coupling)
    config = load_config(None, {"sources": flags})
    queue = TimedQueue()
    engine = FakeEngine(queue)
    with ExitStack() as stack:
        opened = open_sources(config, print)
        sources = AllSources(
            [], opened, queue, engine, 48000, read=lambda _: Score([], 0.0), tell=lambda *_: None, say=print
        )  # fmt: skip
        desk = Desk(
            namespace=Namespace(["z0"], 1, sources.names()),
            queue=queue,
            engine=engine,
            end=lambda: None,
            sources=sources,
        )
        port = stack.enter_context(OscController("127.0.0.1", 0, desk)).port
        client = stack.enter_context(Client(port))
        stack.enter_context(desk)
        stack.enter_context(undisturbed())  # as the server is while it plays
        encoder = DataEncoder(shipped_data_encoder(config.sources[0].model)).manifest
        items = read_dataset(arguments.data, encoder).items
        what = "row" if encoder.frame_rate_hz is None else "frame"
        address = f"/source/{address_safe(sources.names()[0])}/{what}"
        columns = [values for item in items[:PACKETS] for values in item.values.T]
        packets = [message(address, *map(float, values)) for values in columns[:PACKETS]]
        taken: list[float] = []
        for number in range(arguments.trials):
            packet = packets[number % len(packets)]
            queue.came.clear()
            began_s = time.perf_counter()
            client.send(packet)
            assert queue.came.wait(DEADLINE_S), "a row was lost"
            taken.append((queue.at_s - began_s) * 1000)
            time.sleep(PAUSE_S)
    return np.array(taken)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="digits")
    parser.add_argument("--data-model", default="digits")
    parser.add_argument("--coupling", default="quantile")
    parser.add_argument("--trials", type=int, default=2000)
    taken_ms = measure(parser.parse_args())
    p50, p99 = np.quantile(taken_ms, [0.5, 0.99])
    print(
        f"{len(taken_ms)} rows: p50 {p50:.3f} ms, p99 {p99:.3f} ms, worst {taken_ms.max():.3f} ms; a block is {BLOCK_MS:.2f} ms"
    )
    return int(p99 > BLOCK_MS)


if __name__ == "__main__":
    sys.exit(main())
