"""Requests to addresses that somebody typed in: to the outside only, bounded in time and size.

An address may be chosen to make this server talk to its own network. So the name is looked up
once, every address it has must be a public one, and the connection goes to an address that was
looked at: a name that answers differently the second time gains nothing. Redirects are not
followed. Look-ups of names are as slow as the system's resolver lets them be; all else has a
deadline.
"""

import io
import socket
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from http.client import HTTPConnection, HTTPException
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from time import monotonic
from typing import Any
from urllib.parse import SplitResult, urlsplit

from leaddistrib import conf
from leaddistrib.errors import LeadDistribError

TIMEOUT = 15.0
"""Seconds that a request may take from the connection to the last byte."""

TRUSTED_FOR = 3600.0
"""Seconds after which the system's certificates are read again."""

CHUNK = 64 * 1024
LONGEST_NAME = 253  # of a host, by the rules of DNS
PORTS = {"https": 443, "http": 80}
TRANSLATED = ip_network("64:ff9b::/96")  # NAT64: an IPv4 address in its last four bytes
UNICAST = ip_network("2000::/3")  # all that IPv6 has given out for the public internet
METADATA = frozenset(
    ip_address(one)
    for one in (
        "169.254.169.254",
        "100.100.100.200",  # Alibaba
        "168.63.129.16",  # Azure
        "192.0.0.192",  # Oracle
        "fd00:ec2::254",  # Amazon
        "fd20:ce::254",  # Google
    )
)
"""Where clouds keep the keys of their machines, beside what is link-local."""


class NotFetched(LeadDistribError):
    """There is no answer. ``code`` says why: not_https, host_not_allowed and
    address_not_allowed will stay so; unreachable, too_slow, too_large, redirected and
    not_understood may pass."""

    def __init__(self, code: str, detail: object = "") -> None:
        self.code = code
        super().__init__(f"{code}: {detail}" if detail else code)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whatever its status says. Names of ``headers`` are in lower case."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict, compare=False)


def fetch(
    url: str,
    *,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    hosts: Iterable[str] = (),
    max_bytes: int,
) -> Answer:
    """Ask ``url`` and return its answer. ``hosts``: if any, only these, and what ends in those
    that begin with a point (".example.com").

    Hosts in the setting INTERNAL_HOSTS may have private addresses and speak plain http.

    Raises:
        NotFetched: the address may not be asked, or nobody answered properly.
    """
    parts = check_address(url, hosts=hosts)
    internal = is_internal(parts)
    deadline = monotonic() + TIMEOUT
    given = {"User-Agent": "leaddistrib", "Accept-Encoding": "identity", **(headers or {})}
    connection = _Connection(parts, internal, deadline)
    try:
        target = parts.path or "/"
        target += f"?{parts.query}" if parts.query else ""
        connection.request(method, target, body=body, headers=given)
        response = connection.getresponse()
        if 300 <= response.status < 400:
            raise NotFetched("redirected", response.status)
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, _read(response, max_bytes), headers)
    except TimeoutError as error:
        raise NotFetched("too_slow") from error
    except HTTPException as error:
        raise NotFetched("not_understood", type(error).__name__) from error
    except (OSError, UnicodeError) as error:
        raise NotFetched("unreachable", type(error).__name__) from error
    finally:
        connection.hang_up()


def check_address(url: str, *, hosts: Iterable[str] = ()) -> SplitResult:
    """The parts of ``url``, if it may be asked as far as can be told without asking.

    Raises:
        NotFetched: not_https, host_not_allowed or address_not_allowed.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise NotFetched("host_not_allowed") from error
    if (
        not host
        or len(host) > LONGEST_NAME
        or parts.username is not None
        or parts.password is not None
    ):
        raise NotFetched("host_not_allowed")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_internal(parts)):
        raise NotFetched("not_https")
    allowed = [one.lower() for one in hosts]
    if allowed and not any(
        host.endswith(one) if one.startswith(".") else host == one for one in allowed
    ):
        raise NotFetched("host_not_allowed")
    try:
        address = ip_address(host)
    except ValueError:
        return parts  # a name: its addresses are looked at when it is asked
    _check(address, is_internal(parts))
    return parts


def is_internal(parts: SplitResult) -> bool:
    """Whether the host, or the host with its port, stands in the setting INTERNAL_HOSTS."""
    named = {str(one).lower() for one in conf.settings.INTERNAL_HOSTS}
    return parts.hostname in named or f"{parts.hostname}:{_port(parts)}" in named


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address belongs to the public internet, also one that hides another in it."""
    inner = _unwrapped(address)
    if isinstance(inner, IPv6Address) and inner not in UNICAST:
        return False
    return inner.is_global and not inner.is_multicast and inner not in METADATA


def _unwrapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that is asked in the end, where an IPv6 address carries one."""
    if isinstance(address, IPv4Address):
        return address
    if address in TRANSLATED:
        return IPv4Address(address.packed[-4:])
    return address.ipv4_mapped or address.sixtofour or (address.teredo or (0, address))[1]


def _check(address: IPv4Address | IPv6Address, internal: bool) -> None:
    # Where clouds keep the keys of their machines: never, whatever a setting says.
    inner = _unwrapped(address)
    if inner.is_link_local or inner in METADATA or not (internal or is_public(address)):
        raise NotFetched("address_not_allowed", address)


def _port(parts: SplitResult) -> int:
    return parts.port or PORTS[parts.scheme]


def _read(response: Any, max_bytes: int) -> bytes:
    length = response.length
    if length is not None and length > max_bytes:
        raise NotFetched("too_large", length)
    body = bytearray()
    while chunk := response.read(min(CHUNK, max_bytes + 1 - len(body))):
        body += chunk
        if len(body) > max_bytes:
            raise NotFetched("too_large")
    if length is not None and len(body) < length:
        raise NotFetched("not_understood", "cut off")
    return bytes(body)


@lru_cache(maxsize=1)
def _trusted(turn: int) -> ssl.SSLContext:
    """Whose certificates are good: the system's. Reading them all takes tens of milliseconds, more
    than a request, so they are read once in each ``turn``; threads may share them."""
    return ssl.create_default_context()


class _Connection(HTTPConnection):
    """Connects to an address that was looked at, and to no other."""

    def __init__(self, parts: SplitResult, internal: bool, deadline: float) -> None:
        host = str(parts.hostname)
        super().__init__(host, _port(parts))
        # Without it, the Host header would name http's port.
        self.default_port = PORTS[parts.scheme]
        self.secure, self.internal, self.deadline = parts.scheme == "https", internal, deadline
        self.raw: socket.socket | None = None

    def connect(self) -> None:
        found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        for *_, address in found:
            _check(ip_address(str(address[0]).partition("%")[0]), self.internal)
        self.raw = self._first_that_answers([str(address[0]) for *_, address in found])
        if self.secure:
            self.raw.settimeout(left(self.deadline))
            # The certificate must be the name's, whatever address answers for it.
            context = _trusted(int(monotonic() // TRUSTED_FOR))
            self.raw = context.wrap_socket(self.raw, server_hostname=self.host)
        self.sock = _Timed(self.raw, self.deadline)

    def hang_up(self) -> None:
        if self.raw is not None:
            self.raw.close()

    def _first_that_answers(self, addresses: list[str]) -> socket.socket:
        problem = OSError("no address")
        for address in dict.fromkeys(addresses):
            try:
                return socket.create_connection((address, self.port), left(self.deadline))
            except OSError as error:
                problem = error
        raise problem


def left(deadline: float) -> float:
    """Seconds until ``deadline``, by the monotonic clock.

    Raises:
        TimeoutError: there are none.
    """
    seconds = deadline - monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds


class _Timed:
    """A socket that must be done by a deadline, however slowly the other side drips: a time-out of
    its own would begin anew with each byte."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self.sock, self.deadline = sock, deadline

    def sendall(self, data: bytes) -> None:
        self.sock.settimeout(left(self.deadline))
        self.sock.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self))

    def close(self) -> None:
        """Nothing yet: it is called before the body is read. ``hang_up`` closes."""


class _Reader(io.RawIOBase):
    def __init__(self, timed: _Timed) -> None:
        super().__init__()
        self.timed = timed

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.timed.sock.settimeout(left(self.timed.deadline))
        return self.timed.sock.recv_into(buffer)
