"""A host at the other end of a WebSocket that listens to addresses: it hears what changes, as fast as it reads."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Container
from contextlib import suppress

from aiohttp import WSCloseCode, web

from .events import Value
from .packets import write_message

_log = logging.getLogger(__name__)

_PERIOD_S = 1 / 30
"""How often values that are listened to are looked at: often enough for an eye."""
_MOST_WAITING = 4096
"""Messages kept for a host that reads slowly; then the oldest are lost. Of values it only ever gets the latest."""

ValueAt = Callable[[str], tuple[Value, ...] | None]


class Listener:
    """What one host listens to, and what waits to be sent to it. source: who it is, for messages to people.

    Belongs to the thread of `loop`; only `reply` may be called from any.
    """

    def __init__(self, socket: web.WebSocketResponse, loop: asyncio.AbstractEventLoop, source: str) -> None:
        self.socket, self.source = socket, source
        self._loop = loop
        self._told: dict[str, tuple[Value, ...] | None] = {}
        """What is listened to, and what the host was told of it last."""
        self._waiting: deque[str | bytes] = deque(maxlen=_MOST_WAITING)
        self._woken = asyncio.Event()

    def listen(self, path: str) -> None:
        """Tell the value of `path` now, and whenever it changes."""
        self._told[path] = None
        self._woken.set()

    def ignore(self, path: str) -> None:
        self._told.pop(path, None)

    def keep(self, paths: Container[str]) -> None:
        """Listen to no others any more."""
        self._told = {path: value for path, value in self._told.items() if path in paths}

    def say(self, message: str | bytes) -> None:
        """Send text, or an OSC packet, before any value."""
        self._waiting.append(message)
        self._woken.set()

    def reply(self, address: str, *values: Value) -> None:
        """As `controllers.Reply` says."""
        try:
            self._loop.call_soon_threadsafe(self.say, write_message(address, values))
        except Exception as error:  # text that is no Unicode, or all is closed already
            if not self._loop.is_closed():
                _log.warning("oscquery: no reply to %s: %s", self.source, error)

    async def speak(self, value_at: ValueAt) -> None:
        """Send what waits and what has changed, until the host is gone. value_at: what a path is set to now, if anything."""
        with suppress(ConnectionError):
            while True:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), _PERIOD_S if self._told else None)
                self._woken.clear()
                await self._say_what_waits()
                for path in list(self._told):
                    value = value_at(path)
                    # Sending may take a while, in which the host may have asked not to hear of the others.
                    if value is not None and path in self._told and value != self._told[path]:
                        self._told[path] = value
                        await self._send(write_message(path, value))

    async def leave(self, within_s: float) -> None:
        """Send what waits, and goodbye; a host that does not read is left without."""
        with suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(within_s):
                await self._say_what_waits()
                await self.socket.close(code=WSCloseCode.GOING_AWAY)

    async def _say_what_waits(self) -> None:
        while self._waiting:
            await self._send(self._waiting.popleft())

    async def _send(self, message: str | bytes) -> None:
        if isinstance(message, str):
            await self.socket.send_str(message)
        else:
            await self.socket.send_bytes(message)
