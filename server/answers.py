"""Questions to the parts of the instrument: models, maps, recorder, sources and the table itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any, TypeVar

from ..export.errors import LatentoneError
from .addresses import TABLE, Command, Namespace, address_safe, find_row
from .contracts import Maps, ModelShelf, Recorder, Sources
from .controllers import Reply
from .notices import Notices

Part = TypeVar("Part")

Answer = Callable[[Command, Reply], None]
"""Answers, or raises LatentoneError with what `/fail` is to say."""


class Answers:
    """What answers each row of the table that needs no place in the stream of events.

    Those of `at_once` are quick; those of `slowly` may wait for a disk or a model.
    """

    def __init__(
        self,
        namespace: Namespace,
        notices: Notices,
        models: ModelShelf | None,
        maps: Maps | None,
        recorder: Recorder | None,
        sources: Sources | None,
    ) -> None:
        self._namespace, self._notices = namespace, notices
        self._models, self._maps, self._recorder, self._sources = models, maps, recorder, sources
        self.at_once: dict[str, Answer] = {
            "/version": lambda _, reply: reply("/version.reply", "latentone", version("latentone")),
            "/help": self._help,
            "/notify": self._notify,
            "/model/info": self._model_info,
            "/model/knobs": self._model_knobs,
            "/map/learn": self._map_learn,
            "/map/cancel": self._map_cancel,
            "/map/add": self._map_add,
            "/map/remove": self._map_remove,
            "/map/list": self._map_list,
            "/source/list": lambda _, reply: reply("/source/list.reply", *have(self._sources, "sources").names()),
            **self._source_rows(),
        }
        self.slowly: dict[str, Answer] = {
            "/model/list": lambda _, reply: reply("/model/list.reply", *have(self._models, "models").names()),
            "/model/load": self._model_load,
            "/map/save": self._map_save,
            "/record/start": self._record_start,
            "/record/stop": self._record_stop,
            **{f"/source/<source>/{what}": self._source_done for what in ("play", "stop", "order", "coupling")},
        }

    def _help(self, command: Command, reply: Reply) -> None:
        for row in [find_row(str(command.values[0]))] if command.values else TABLE:
            reply("/help.reply", row.usage(), row.does)
        reply("/done", command.address)

    def _notify(self, command: Command, reply: Reply) -> None:
        if command.values[0]:
            self._notices.add(reply)
        else:
            self._notices.remove(reply)
        reply("/done", command.address)

    def _model_info(self, command: Command, reply: Reply) -> None:
        info = have(self._models, "models").info()
        knobs = len(info.latents)
        reply("/model/info.reply", info.name, info.sample_rate_hz, knobs, info.channels, info.voices, info.runtime)

    def _model_knobs(self, command: Command, reply: Reply) -> None:
        for knob, (name, home) in enumerate(have(self._models, "models").info().latents):
            reply("/model/knobs.reply", knob, name, home)
        reply("/done", command.address)

    def _model_load(self, command: Command, reply: Reply) -> None:
        name, runtime = (None if value is None else str(value) for value in _filled(command, 2))
        assert name is not None  # the table says so
        models = have(self._models, "models")
        models.load(name, runtime)
        self._namespace.use([knob for knob, _ in models.info().latents])
        reply("/done", command.address, name)
        self._notices.tell("/model/changed", name)

    def _map_learn(self, command: Command, reply: Reply) -> None:
        target, low, high = _filled(command, 3)
        have(self._maps, "maps").learn(
            str(target), _number(low), _number(high), lambda source, target: reply("/map/learned", source, target)
        )

    def _map_cancel(self, command: Command, reply: Reply) -> None:
        have(self._maps, "maps").cancel()
        reply("/done", command.address)

    def _map_add(self, command: Command, reply: Reply) -> None:
        source, target, low, high, curve = _filled(command, 5)
        curve = None if curve is None else str(curve)
        have(self._maps, "maps").add(str(source), str(target), _number(low), _number(high), curve)
        reply("/done", command.address)

    def _map_remove(self, command: Command, reply: Reply) -> None:
        have(self._maps, "maps").remove(str(command.values[0]))
        reply("/done", command.address)

    def _map_list(self, command: Command, reply: Reply) -> None:
        for row in have(self._maps, "maps").rows():
            reply("/map/list.reply", *row)
        reply("/done", command.address)

    def _map_save(self, command: Command, reply: Reply) -> None:
        have(self._maps, "maps").save()
        reply("/done", command.address)

    def _record_start(self, command: Command, reply: Reply) -> None:
        file = have(self._recorder, "recorder").start(str(command.values[0]))
        reply("/done", command.address, str(file))

    def _record_stop(self, command: Command, reply: Reply) -> None:
        file, length_s = have(self._recorder, "recorder").stop()
        reply("/record/stop.reply", str(file), length_s)

    def _source_rows(self) -> dict[str, Answer]:
        """Those of one source that are done at once, and without a reply."""

        def row(do: Callable[[Sources, str, tuple[Any, ...]], None]) -> Answer:
            return lambda command, _: do(*self._source(command), command.values)

        return {
            "/source/<source>/rate": row(lambda sources, name, values: sources.set_rate(name, values[0], "beat" in values)),
            "/source/<source>/loop": row(lambda sources, name, values: sources.set_loop(name, bool(values[0]))),
            "/source/<source>/seek": row(lambda sources, name, values: sources.seek(name, *values)),
            "/source/<source>/index": row(lambda sources, name, values: sources.go_to(name, *values)),
            "/source/<source>/row": row(lambda sources, name, values: sources.take_row(name, values)),
            "/source/<source>/frame": row(lambda sources, name, values: sources.take_frame(name, values)),
            "/source/<source>/dwell_s": row(lambda sources, name, values: sources.set_dwell(name, *values)),
            "/source/<source>/glide_s": row(lambda sources, name, values: sources.set_glide(name, *values)),
        }

    def _source_done(self, command: Command, reply: Reply) -> None:
        sources, name = self._source(command)
        do: Mapping[str, Callable[..., None]] = {
            "play": sources.play,
            "stop": sources.stop,
            "order": sources.set_order,
            "coupling": sources.set_coupling,
        }
        do[command.row.pattern.rpartition("/")[2]](name, *command.values)
        reply("/done", command.address)

    def _source(self, command: Command) -> tuple[Sources, str]:
        sources, said = have(self._sources, "sources"), command.address.split("/")[2]
        for name in sources.names():
            if address_safe(name) == said:
                return sources, name
        raise LatentoneError(f"there is no source {said!r} any more")


def have(part: Part | None, what: str) -> Part:
    """`part`; raises LatentoneError where the server has none."""
    if part is None:
        raise LatentoneError(f"this server has no {what}")
    return part


def _filled(command: Command, length: int) -> list[object]:
    return [*command.values, *[None] * (length - len(command.values))]


def _number(value: object) -> float | None:
    return None if value is None else float(str(value))
