"""OSCQuery: hosts find every control over HTTP, and hear over a WebSocket when one moves or another model plays."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import json
import logging
import socket
import threading
from collections.abc import Container, Mapping
from contextlib import suppress
from typing import Any, Self
from urllib.parse import urlsplit

from aiohttp import WSCloseCode, WSMsgType, web

from ...export.errors import LatentoneError
from ..addresses import Namespace
from ..addresses.query_tree import TOLD, UNTOLD, Node, changes, query_tree
from ..contracts import Clocked
from ..delivery import deliver
from ..events import Value
from ..listener import Listener
from . import Desk

_log = logging.getLogger(__name__)

_LARGEST_MESSAGE_BYTES = 1 << 16
"""As a datagram may have."""
_MOST_LISTENERS = 32
_HEARTBEAT_S = 20.0
"""So often a silent host is asked whether it is still there."""
_CLOSING_S = 1.0
"""Time that hosts have to say goodbye."""
_CUT_OFF_S = 0.1
"""Time that those have who did not."""
_UNHEARD = logging.Logger("aiohttp", level=logging.CRITICAL + 1)
"""For aiohttp, which tells of each malformed request by a page of text."""
_EXTENSIONS = {name: name in TOLD for name in (*TOLD, *UNTOLD) if name not in ("FULL_PATH", "CONTENTS")} | {
    "LISTEN": True,
    "PATH_ADDED": True,
    "PATH_REMOVED": True,
    "PATH_CHANGED": True,
    "PATH_RENAMED": False,
}


class OscQuery:
    """An HTTP and WebSocket port that tells the namespace. Port 0, and one in use, gives any free one: `port`, once open.

    All that it does happens on a thread of its own. Values are polled from `clocked` while somebody listens. OSC packets
    that come over a WebSocket go to `desk`, and its replies go back that way. osc_port: the UDP port where OSC is heard,
    on the same host. allowed: addresses of the hosts that may connect.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        osc_port: int,
        name: str,
        namespace: Namespace,
        clocked: Clocked,
        desk: Desk,
        allowed: Container[str],
    ) -> None:
        self.host, self.port = host, port
        self._osc_port, self._name = osc_port, name
        self._namespace, self._clocked, self._desk = namespace, clocked, desk
        self._allowed = allowed
        self._nodes: Mapping[str, Node] = query_tree(namespace)
        self._listeners: set[Listener] = set()

    def __enter__(self) -> Self:
        self._socket = self._listen()
        self.port = self._socket.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._closing = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="oscquery", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join()
        self._socket.close()

    def describe(self) -> str:
        return f"oscquery  http {self.host}:{self.port}"

    def namespace_changed(self) -> None:
        """Tell every host what is new. From any thread, while open, by whoever called `Namespace.use`."""
        nodes = query_tree(self._namespace)
        with suppress(RuntimeError):  # closed meanwhile
            self._loop.call_soon_threadsafe(self._change, nodes)

    def _listen(self) -> socket.socket:
        try:
            family = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)[0][0]
            try:
                return socket.create_server((self.host, self.port), family=family)
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
            # Hosts find the port by themselves, so a second instrument beside the first needs no number of its own.
            _log.warning("oscquery: port %s is in use by another program: a free one is taken", self.port)
            return socket.create_server((self.host, 0), family=family)
        except OSError as error:
            where = f"oscquery: {self.host}:{self.port}"
            raise LatentoneError(f"{where} cannot be opened: {error.strerror}; see osc.host, oscquery.port") from None

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        # One handler for all paths: an address may look like anything.
        server = web.Server(self._answer, access_log=None, logger=_UNHEARD)
        runner = web.ServerRunner(server, shutdown_timeout=_CUT_OFF_S)
        await runner.setup()
        await web.SockSite(runner, self._socket).start()
        await self._closing.wait()
        await asyncio.gather(*(listener.leave(_CLOSING_S) for listener in self._listeners))
        await runner.cleanup()

    def _change(self, nodes: Mapping[str, Node]) -> None:
        news = [json.dumps({"COMMAND": kind, "DATA": path}) for kind, path in changes(self._nodes, nodes)]
        self._nodes = nodes
        for listener in self._listeners:
            listener.keep(nodes)
            for text in news:
                listener.say(text)

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            return await self._respond(request)
        except ConnectionError:  # the host is gone
            raise
        except Exception:
            _log.exception("oscquery: %s could not be answered", request.remote)
            raise

    async def _respond(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.remote is None or request.remote not in self._allowed:
            self._desk.turn_away(_unheard, request.remote or "a host that is gone")
            return _refusal(403, "this host is not allowed here")
        if request.method not in ("GET", "HEAD"):
            return _refusal(405, "only GET is understood", Allow="GET, HEAD")
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._converse(request)
        asked = list(request.query)
        if "HOST_INFO" in asked:
            return _json(self._host_info(request))
        unknown = [attribute for attribute in asked if attribute not in (*TOLD, *UNTOLD)]
        if unknown:
            return _refusal(400, f"unknown attribute {unknown[0][:40]!r}; known are HOST_INFO, {', '.join(TOLD)}")
        node = self._nodes.get(request.path.rstrip("/") or "/")
        if node is None:
            return _refusal(404, "there is no such address")
        told = node.describe(self._clocked.value_of)
        if asked:
            told = {attribute: told[attribute] for attribute in asked if attribute in told}
        return _json(told) if told else web.Response(status=204, headers=_HEADERS)

    def _host_info(self, request: web.BaseRequest) -> dict[str, Any]:
        # Where this host came to is where it can send to, also when all of this machine's addresses are listened to.
        here = request.transport.get_extra_info("sockname")[0] if request.transport else self.host
        return {
            "NAME": self._name,
            "OSC_IP": here,
            "OSC_PORT": self._osc_port,
            "OSC_TRANSPORT": "UDP",
            "WS_IP": here,
            "WS_PORT": self.port,
            "EXTENSIONS": _EXTENSIONS,
        }

    async def _converse(self, request: web.BaseRequest) -> web.StreamResponse:
        if not _is_local(request.headers.get("Origin")):
            return _refusal(403, "a page from the internet must not play this instrument")
        ws = web.WebSocketResponse(heartbeat=_HEARTBEAT_S, max_msg_size=_LARGEST_MESSAGE_BYTES, timeout=_CLOSING_S)
        if not ws.can_prepare(request):
            return _refusal(400, "not a WebSocket")
        if len(self._listeners) >= _MOST_LISTENERS:
            return _refusal(503, f"{_MOST_LISTENERS} programs are connected already")
        await ws.prepare(request)
        host, port, *_ = request.transport.get_extra_info("peername") if request.transport else ("?", 0)
        listener = Listener(ws, self._loop, f"oscquery {host}:{port}")
        self._listeners.add(listener)
        speaking = asyncio.create_task(self._speak(listener))
        try:
            async for message in ws:
                if message.type is WSMsgType.TEXT:
                    self._obey(listener, message.data)
                elif message.type is WSMsgType.BINARY:
                    deliver(message.data, self._desk, listener.reply, listener.source)
        finally:
            self._listeners.discard(listener)
            self._desk.forget(listener.reply)
            speaking.cancel()
        return ws

    async def _speak(self, listener: Listener) -> None:
        try:
            await listener.speak(self._value_at)
        except Exception:
            _log.exception("oscquery: %s cannot be told what changes", listener.source)
            await listener.socket.close(code=WSCloseCode.INTERNAL_ERROR)

    def _value_at(self, path: str) -> tuple[Value, ...] | None:
        node = self._nodes.get(path)
        return None if node is None else node.value(self._clocked.value_of)

    def _obey(self, listener: Listener, text: str) -> None:
        """LISTEN to a path, or IGNORE it from now on; another command is not for us."""
        try:
            said = json.loads(text)
            command, path = said["COMMAND"], said.get("DATA")
        except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
            self._desk.refuse(listener.reply, 'neither OSC nor {"COMMAND": "LISTEN", "DATA": "/address"}')
            return
        if command == "IGNORE":
            listener.ignore(str(path))
        elif command == "LISTEN":
            node = self._nodes.get(str(path))
            if node is None or node.address is None:
                listener.reply("/fail", str(path)[:100], "cannot be listened to: there is no such address")
            else:
                listener.listen(node.path)


_HEADERS = {"Access-Control-Allow-Origin": "*", "Cache-Control": "no-cache"}


def _json(told: dict[str, Any]) -> web.Response:
    # Piece by piece, in Python: in one go, json's C code would hold the interpreter for 10 ms, and the engine with it.
    text = "".join(json.JSONEncoder().iterencode(told))
    return web.Response(text=text, content_type="application/json", headers=_HEADERS)


def _unheard(address: str, *values: Value) -> None:
    """The `Reply` to a host that is answered over HTTP."""


def _refusal(status: int, why: str, **headers: str) -> web.Response:
    return web.Response(status=status, text=f"{why}\n", headers=_HEADERS | headers)


def _is_local(origin: str | None) -> bool:
    """Whether whoever asks is a program, or a web page of this machine or its network: browsers let any page connect."""
    if origin is None:
        return True
    with suppress(ValueError):
        host = urlsplit(origin).hostname or ""
        if host == "localhost" or host.endswith((".localhost", ".local")):
            return True
        return not ipaddress.ip_address(host).is_global
    return False
