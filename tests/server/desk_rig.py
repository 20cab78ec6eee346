"""A desk with real ports and made-up parts, and a program that talks to it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from latentone.export.errors import LatentoneError
from latentone.server.addresses import Namespace, StatusReply
from latentone.server.contracts import MapRow, ModelInfo
from latentone.server.controllers.osc import OscController
from latentone.server.controllers.osc_tcp import OscTcpController
from latentone.server.desk import Desk
from latentone.server.events import ControlEvent, EventQueue
from latentone.server.presets import Presets
from osc_peer import DEADLINE_S, Client

NAMES = ["loudness", "brightness", "pitch", "noisiness"]
RATE_HZ = 48000


def until(true: Callable[[], object]) -> None:
    """Wait for something to become true; fails when it does not."""
    deadline = time.monotonic() + DEADLINE_S
    while not true():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.002)


class FakeEngine:
    """Takes nothing in, until `start`: then all that is queued, a block at a time."""

    def __init__(self, queue: EventQueue) -> None:
        self.queue = queue
        self.taken: list[ControlEvent] = []
        self.underruns = 3
        self.latency_ms = 62.5
        self.conversions: list[float] = []
        self.cleared_after: list[int] = []
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, block_s: float) -> None:
        self._thread = threading.Thread(target=self._run, args=(block_s,))
        self._thread.start()

    def stop(self) -> None:
        self._closing.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self, block_s: float) -> None:
        while not self._closing.wait(block_s):
            while (event := self.queue.take()) is not None:
                time.sleep(block_s / 100)  # between taking and applying
                self.taken.append(event)

    def status_reply(self) -> StatusReply:
        return StatusReply("voice", 4, self.underruns, 0.5, 0.75, self.latency_ms, RATE_HZ, self.queue.dropped, 1)

    def targets(self) -> list[float]:
        return [float(self.taken[-1].values[0]) if self.taken else 0.1, 0.2, 0.3, 0.4]

    def value_of(self, address: str) -> None:
        return None

    def sample_at(self, unix_time_s: float) -> int:
        self.conversions.append(unix_time_s)
        return round(unix_time_s * RATE_HZ)

    def clear_scheduled(self) -> None:
        self.cleared_after.append(len(self.taken))


class FakeModels:
    """Models a, b with other knobs, and one that is broken; loading takes as long as `loading` says."""

    def __init__(self) -> None:
        self.playing, self.knobs = "a", NAMES
        self.loading = threading.Event()
        self.loading.set()

    def names(self) -> list[str]:
        return ["a", "b", "broken"]

    def info(self) -> ModelInfo:
        return ModelInfo(self.playing, 16000, [(name, 0.25) for name in self.knobs], 1, 2, "fused (numba)")

    def load(self, name: str, runtime: str | None = None) -> None:
        self.loading.wait(DEADLINE_S)
        if name != "b":
            raise LatentoneError(f"there is no model {name!r} (a, b)")
        self.playing, self.knobs = name, ["warmth", "pitch"]


class FakeMaps:
    """Keeps what it is told; `/1/fader1` moves knob 2, and so does whatever is moved while it learns."""

    def __init__(self) -> None:
        self.added: list[tuple[object, ...]] = []
        self.learning: tuple[Any, ...] | None = None

    def learn(self, target: str, low: float | None, high: float | None, learned: Any) -> None:
        self.learning = (target, low, high, learned)

    def cancel(self) -> None:
        self.learning = None

    def add(self, *row: object) -> None:
        self.added.append(row)

    def remove(self, source: str) -> None:
        raise LatentoneError(f"{source} moves nothing")

    def rows(self) -> list[MapRow]:
        return [MapRow("cc 20", "/latent/0", -1.0, 1.0, "linear"), MapRow("bend", "/latent/1", 0.0, 2.0, "s")]

    def save(self) -> Path:
        return Path("my.yaml")

    def heard_osc(self, address: str, arguments: Sequence[object]) -> list[tuple[str, tuple[float, ...]]] | None:
        if self.learning is not None:
            target, _, _, learned = self.learning
            self.learning = None
            learned(address, target)
            return []
        value = arguments[0] if arguments else None
        return [("/latent/2", (value,))] if address == "/1/fader1" and isinstance(value, float) else None


class FakeRecorder:
    def __init__(self) -> None:
        self.name = ""

    def start(self, name: str) -> Path:
        if self.name:
            raise LatentoneError(f"{self.name} is being recorded")
        self.name = name
        return Path(f"{name}.wav")

    def stop(self) -> tuple[Path, float]:
        name, self.name = self.name, ""
        return Path(f"{name}.wav"), 1.5


class FakeSources:
    def __init__(self) -> None:
        self.said: list[tuple[object, ...]] = []

    def names(self) -> list[str]:
        return ["slow sweep", "steps"]

    def play(self, name: str) -> None:
        self.said.append(("play", name))

    def stop(self, name: str) -> None:
        self.said.append(("stop", name))

    def set_rate(self, name: str, times: float, by_tempo: bool) -> None:
        self.said.append(("rate", name, times))

    def set_loop(self, name: str, on: bool) -> None:
        self.said.append(("loop", name, on))

    def named(self, name: str) -> FakeSources:
        return self

    def data_set(self, name: str) -> FakeSources:
        return self

    def seek(self, name: str, place: float) -> None:
        self.said.append(("seek", name, place))

    def go_to(self, name: str, index: int) -> None:
        self.said.append(("index", name, index))

    def take_row(self, name: str, values: Sequence[float]) -> None:
        self.said.append(("row", name, *values))

    def take_frame(self, name: str, values: Sequence[float]) -> None:
        self.said.append(("frame", name, *values))

    def set_dwell(self, name: str, dwell_s: float) -> None:
        self.said.append(("dwell_s", name, dwell_s))

    def set_glide(self, name: str, glide_s: float) -> None:
        self.said.append(("glide_s", name, glide_s))

    def set_order(self, name: str, order: str) -> None:
        self.said.append(("order", name, order))

    def set_coupling(self, name: str, coupling: str) -> None:
        self.said.append(("coupling", name, coupling))


class DeskRig:
    """A desk behind a UDP and a TCP port, all parts there; `client` talks to it. With `block_s` the engine runs."""

    def __init__(
        self,
        folder: Path,
        *,
        block_s: float | None = None,
        queue_limit: int = 4096,
        voices: int = 1,
        reply_port: int | None = None,
        complete: bool = True,
        **controller: Any,
    ) -> None:
        self.queue = EventQueue(queue_limit)
        self.engine, self.block_s = FakeEngine(self.queue), block_s
        self.models, self.maps, self.recorder, self.sources = FakeModels(), FakeMaps(), FakeRecorder(), FakeSources()
        self.presets = Presets(folder / "presets.yaml", self.models.info)
        self.ended: list[bool] = []
        parts: dict[str, Any] = {
            "presets": self.presets,
            "models": self.models,
            "maps": self.maps,
            "recorder": self.recorder,
            "sources": self.sources,
        }
        self.desk = Desk(
            namespace=Namespace(NAMES, voices, self.sources.names()),
            queue=self.queue,
            engine=self.engine,
            end=lambda: self.ended.append(True),
            **(parts if complete else {}),
        )
        self._reply_port, self._controller = reply_port, controller
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        enter = self._stack.enter_context
        self._stack.callback(self.engine.stop)
        self.osc = enter(OscController("127.0.0.1", 0, self.desk, reply_port=self._reply_port, **self._controller))
        self.tcp = enter(OscTcpController("127.0.0.1", 0, self.desk, **self._controller))
        self.client = enter(Client(self.osc.port))
        self._leaving = ExitStack()
        self._leaving.enter_context(self.desk)
        self._stack.callback(self._leaving.close)
        if self.block_s is not None:
            self.engine.start(self.block_s)
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def leave_desk(self) -> None:
        """End the desk while its ports are still open."""
        self._leaving.close()

    def events(self, count: int) -> list[ControlEvent]:
        """The next `count` events of the queue that no engine empties; fails when they do not come."""
        taken: list[ControlEvent] = []
        deadline = time.monotonic() + DEADLINE_S
        while len(taken) < count:
            event = self.queue.take()
            if event is not None:
                taken.append(event)
            else:
                assert time.monotonic() < deadline, f"only {taken} came"
                time.sleep(0.002)
        return taken
