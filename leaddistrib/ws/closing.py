"""Why the server ends a socket, as the page is told (docs/socket.md)."""

from enum import IntEnum


class Code(IntEnum):
    """WebSocket close codes. Up to 1015 they are the protocol's own; 4000 and above are ours."""

    REFUSED = 1008  # what the client sent is not part of this protocol, or it came too fast
    TOO_BIG = 1009  # a frame is over SOCKET_MAX_BYTES
    RENEW = 1012  # the socket is old: open another one now
    TRY_LATER = 1013  # the server or the client could not keep up: open another one after a while
    SIGNED_OUT = 4401  # nobody is signed in, or not any more
    NOT_A_REP = 4403  # signed in, but not an active rep
    TOO_MANY = 4429  # SOCKETS_PER_USER are open already


class Closing(Exception):
    """Ends the socket with ``code``; None when the client is gone and nobody is left to tell."""

    def __init__(self, code: Code | None) -> None:
        super().__init__(code)
        self.code = code
