"""Who may send: a list of addresses and networks."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

LOOPBACK = ("127.0.0.0/8", "::1")
LOCAL = (*LOOPBACK, "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10")
"""This machine and the private networks around it, which the internet cannot reach."""
_REMEMBERED = 1024


class Allowed:
    """`host in allowed` says whether a host, as a socket names it, may send. For any thread."""

    def __init__(self, networks: Sequence[str]) -> None:
        """networks: addresses, or networks as `192.168.1.0/24`. Raises ValueError when one is neither."""
        self._networks = [ip_network(network, strict=False) for network in networks]
        self._known: dict[str, bool] = {}

    def __contains__(self, host: str) -> bool:
        known = self._known.get(host)
        if known is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            address = _plain(host)
            known = self._known[host] = any(address in network for network in self._networks)
        return known


def allowed_by_default(host: str) -> tuple[str, ...]:
    """Who may send where nobody is named: this machine, and where `host` lets a network in, the private ones."""
    try:
        at_home = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        at_home = False
    return LOOPBACK if at_home else LOCAL


def _plain(host: str) -> IPv4Address | IPv6Address:
    address = ip_address(host.partition("%")[0])
    # A socket for both kinds of address names one of the older kind so: ::ffff:192.168.1.5
    return getattr(address, "ipv4_mapped", None) or address
