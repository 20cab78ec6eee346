"""Questions to the parts of the instrument: models, maps, recorder, sources and the table itself."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import TypeVar

from ..export.errors import LatentoneError
from .addresses import TABLE, Command, Namespace, address_safe, find_row
from .contracts import DataSources, LiveInput, Maps, ModelShelf, Recorder, SourceBook, Sources
from .controllers import Reply
from .notices import Notices

Part = TypeVar("Part")

Answer = Callable[[Command, Reply], None]
"""Answers, or raises LatentoneError with what `/fail` is to say."""


class Answers:
    """What answers each row of the table that needs no place in the stream of events.

    Those of `at_once` are quick; those of `slowly` may wait for a disk or a model, and those of `at_length` for half a minute.
    """

    def __init__(
        self,
        namespace: Namespace,
        notices: Notices,
        models: ModelShelf | None,
        maps: Maps | None,
        recorder: Recorder | None,
        sources: SourceBook | None,
        ear: LiveInput | None = None,
    ) -> None:
        self._namespace, self._notices, self._ear = namespace, notices, ear
        self._models, self._maps, self._recorder, self._sources = models, maps, recorder, sources
        of_sources, slowly_of_sources, at_length_of_sources = self._source_rows()
        self.at_once: dict[str, Answer] = {
            "/version": lambda _, reply: reply("/version.reply", "latentone", version("latentone")),
            "/help": self._help,
            "/notify": self._notify,
            "/model/info": self._model_info,
            "/model/knobs": self._model_knobs,
            "/input/gain_db": self._input_gain,
            "/input/info": lambda _, reply: reply("/input/info.reply", *have(self._ear, "live input").hearing()),
            "/map/learn": self._map_learn,
            "/map/cancel": self._map_cancel,
            "/map/add": self._map_add,
            "/map/remove": self._map_remove,
            "/map/list": self._map_list,
            "/source/list": lambda _, reply: reply("/source/list.reply", *have(self._sources, "sources").names()),
            **of_sources,
        }
        self.slowly: dict[str, Answer] = {
            "/model/list": lambda _, reply: reply("/model/list.reply", *have(self._models, "models").names()),
            "/model/load": self._model_load,
            "/model/attributes": self._model_attributes,
            "/model/attribute": self._model_attribute,
            "/map/save": self._map_save,
            "/record/start": self._record_start,
            "/record/stop": self._record_stop,
            **slowly_of_sources,
        }
        self.at_length: dict[str, Answer] = at_length_of_sources

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

    def _model_attributes(self, command: Command, reply: Reply) -> None:
        for name, (kinds, values) in have(self._models, "models").attributes().items():
            reply("/model/attributes.reply", name, " ".join(kinds), *values)
        reply("/done", command.address)

    def _model_attribute(self, command: Command, reply: Reply) -> None:
        name, *values = command.values
        have(self._models, "models").set_attribute(str(name), values)
        reply("/done", command.address, name)

    def _input_gain(self, command: Command, _: Reply) -> None:
        have(self._ear, "live input").gain_db = float(command.values[0])

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

    def _source_rows(self) -> tuple[dict[str, Answer], dict[str, Answer], dict[str, Answer]]:
        """Those of one source: done at once and without a reply, slowly with `/done`, and at length with `/done`."""

        def any_source(do: Callable[..., None]) -> Answer:
            return lambda command, _: do(*self._source(command), *command.values)

        def data_set(do: Callable[..., None]) -> Answer:
            return lambda command, _: do(*self._data_set(command), *command.values)

        at_once = {
            "rate": any_source(lambda part, name, times, per="second": part.set_rate(name, times, per == "beat")),
            "loop": any_source(lambda part, name, on: part.set_loop(name, bool(on))),
            "seek": data_set(lambda part, name, place: part.seek(name, place)),
            "index": data_set(lambda part, name, index: part.go_to(name, index)),
            "row": data_set(lambda part, name, *values: part.take_row(name, values)),
            "frame": data_set(lambda part, name, *values: part.take_frame(name, values)),
            "dwell_s": data_set(lambda part, name, dwell_s: part.set_dwell(name, dwell_s)),
            "glide_s": data_set(lambda part, name, glide_s: part.set_glide(name, glide_s)),
        }
        slowly = {
            "play": any_source(lambda part, name: part.play(name)),
            "stop": any_source(lambda part, name: part.stop(name)),
            "order": data_set(lambda part, name, order: part.set_order(name, order)),
        }
        at_length = {"coupling": data_set(lambda part, name, coupling: part.set_coupling(name, coupling))}
        of_source = "/source/<source>/{}".format
        return (
            {of_source(what): answer for what, answer in at_once.items()},
            {of_source(what): _then_done(answer) for what, answer in slowly.items()},
            {of_source(what): _then_done(answer) for what, answer in at_length.items()},
        )

    def _source(self, command: Command) -> tuple[Sources, str]:
        name = self._source_name(command)
        return have(self._sources, "sources").named(name), name

    def _data_set(self, command: Command) -> tuple[DataSources, str]:
        name = self._source_name(command)
        return have(self._sources, "sources").data_set(name), name

    def _source_name(self, command: Command) -> str:
        """The name that stands in an address as OSC allows it."""
        said = command.address.split("/")[2]
        for name in have(self._sources, "sources").names():
            if address_safe(name) == said:
                return name
        raise LatentoneError(f"there is no source {said!r} any more")


def _then_done(answer: Answer) -> Answer:
    def both(command: Command, reply: Reply) -> None:
        answer(command, reply)
        reply("/done", command.address)

    return both


def have(part: Part | None, what: str) -> Part:
    """`part`; raises LatentoneError where the server has none."""
    if part is None:
        raise LatentoneError(f"this server has no {what}")
    return part


def _filled(command: Command, length: int) -> list[object]:
    return [*command.values, *[None] * (length - len(command.values))]


def _number(value: object) -> float | None:
    return None if value is None else float(str(value))
