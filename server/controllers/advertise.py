"""Zeroconf: the ports of the server, told to the network, so that hosts list them by themselves."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import re
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Self

import psutil
from zeroconf import InterfaceChoice, ServiceInfo
from zeroconf.asyncio import AsyncZeroconf

_log = logging.getLogger(__name__)

_OSC_RECORD = {"txtvers": "1", "version": "1.1", "types": "ifsbhdtrmTFNI"}
"""As section 5.2 of "Features and Future of Open Sound Control version 1.1 for NIME" (Freed and Schmeder, 2009) has it."""
_LONGEST_LABEL = 63
"""Characters of one part of a host's name."""


class Advertisement:
    """Makes OSC over UDP, and over TCP and OSCQuery where they have a port, known while it is entered.

    Where the server is heard is where it is told of: on 127.0.0.1 to programs of this machine only, on 0.0.0.0 on every
    network that the machine is in then. A name that another has already gets a number. Entering does not wait, and
    whatever goes wrong is one warning: the instrument plays without.
    """

    def __init__(
        self, host: str, name: str, *, osc_port: int, osc_tcp_port: int | None = None, oscquery_port: int | None = None
    ) -> None:
        self._host, self._name = host, name
        self._services = [("_osc._udp", osc_port, _OSC_RECORD)]
        if osc_tcp_port is not None:
            self._services.append(("_osc._tcp", osc_tcp_port, _OSC_RECORD | {"framing": "slip"}))
        if oscquery_port is not None:
            self._services.append(("_oscjson._tcp", oscquery_port, {"txtvers": "1"}))

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._advertising = self._loop.create_task(self._advertise())
        self._thread = threading.Thread(target=self._run, name="zeroconf", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._loop.call_soon_threadsafe(self._advertising.cancel)
        self._thread.join()
        self._loop.close()

    def describe(self) -> str:
        return f"zeroconf  {self._name!r}: {', '.join(kind for kind, *_ in self._services)}"

    def _run(self) -> None:
        try:
            with suppress(asyncio.CancelledError):
                self._loop.run_until_complete(self._advertising)
        except (
            Exception
        ) as error:  # zeroconf has many: no network, no multicast, a busy port, a name that cannot be sent
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            _log.warning("zeroconf: hosts will not find this server by themselves: %s", reason)

    async def _advertise(self) -> None:
        host = ipaddress.ip_address(socket.getaddrinfo(self._host, None, type=socket.SOCK_DGRAM)[0][4][0])
        zeroconf = AsyncZeroconf(InterfaceChoice.All if host.is_unspecified else [str(host)])
        try:
            infos = self._infos(_network_addresses() if host.is_unspecified else [str(host)])
            # Each takes a second: first it is asked whether another has the name, then it is announced.
            asked = (zeroconf.async_register_service(info, allow_name_change=True) for info in infos)
            await asyncio.gather(*await asyncio.gather(*asked))
            await asyncio.Event().wait()  # until cancelled
        finally:
            await zeroconf.async_close()  # which says goodbye for every service

    def _infos(self, addresses: Sequence[str]) -> list[ServiceInfo]:
        # A name of its own for the addresses: that of the machine may belong to another responder, such as Avahi.
        machine = f"latentone-{self._services[0][1]}-{socket.gethostname()}"
        machine = re.sub(r"[^A-Za-z0-9]+", "-", machine)[:_LONGEST_LABEL]
        return [
            ServiceInfo(
                f"{kind}.local.",
                f"{self._name}.{kind}.local.",
                port=port,
                properties=record,
                server=f"{machine}.local.",
                parsed_addresses=list(addresses),
            )
            for kind, port, record in self._services
        ]


def _network_addresses() -> list[str]:
    """This machine's IPv4 addresses in networks; its own loopback where it is in none."""
    of_all = (address for of_one in psutil.net_if_addrs().values() for address in of_one)
    found = [address.address for address in of_all if address.family == socket.AF_INET]
    return [address for address in found if not ipaddress.ip_address(address).is_loopback] or ["127.0.0.1"]
