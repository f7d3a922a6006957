"""Where a request comes from, also where a proxy stands between: whose word about that is taken, and whose is not."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network

from starlette.requests import Request

from hub.errors import BadAddress

LOOPBACK = ("127.0.0.0/8", "::1")
INSIDE = (*LOOPBACK, "10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
"""Networks that no visitor of a Space comes from: only the proxies of the Hub do."""
CUSTOMER = 64  # bits of an IPv6 address that are given out; what follows is chosen at home, by the million


def proxies(text: str) -> tuple[str, ...]:
    """The addresses and networks of proxies, out of a list with commas. Raises BadAddress where one is neither."""
    try:
        return tuple(str(ip_network(each.strip())) for each in text.split(","))
    except ValueError as error:
        line = "--behind-proxy takes the addresses or networks of the proxies, with commas, such as 127.0.0.1,10.0.0.0/8"
        raise BadAddress(f"{line} ({error}).") from error


def address_of(request: Request) -> str:
    """The address that a request comes from; of IPv6, the network of that customer, so that nobody is as many as he likes."""
    told = request.client.host if request.client else ""
    try:
        address = ip_address(told)
    except ValueError:
        return told
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or ip_network((address, CUSTOMER), strict=False))
    return told
