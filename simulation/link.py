"""The simulated street's side of the wire: participants join, get each second in turn, and are waited for."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from multiprocessing.connection import Connection, Listener

import msgspec

from nutgiao.models.contracts.errors import SimulationFailed
from nutgiao.models.contracts.street import End, FromStreet, Hello, StepDone, ToStreet


class StreetLink:
    """Listens on a free loopback port; every participant is known by its node id.

    Args:
        key: shared secret of this run; a fresh one if empty.
    """

    def __init__(self, key: bytes = b"") -> None:
        self.key = key or secrets.token_hex(16).encode()
        self._listener = Listener(("127.0.0.1", 0), authkey=self.key)
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder: msgspec.msgpack.Decoder[Hello | StepDone] = msgspec.msgpack.Decoder(ToStreet)
        self._links: dict[str, Connection] = {}

    @property
    def address(self) -> tuple[str, int]:
        """Host and port for participants."""
        host, port = self._listener.address
        return str(host), int(port)

    def gather(self, nodes: Iterable[str]) -> None:
        """Waits until all of these have joined.

        Raises:
            SimulationFailed: if a stranger joins, or one joins twice.
        """
        waited_for = set(nodes)
        while waited_for:
            link = self._listener.accept()
            hello = self._decoder.decode(link.recv_bytes())
            if not isinstance(hello, Hello) or hello.node not in waited_for:
                raise SimulationFailed(f"{hello} joined, but {sorted(waited_for)} were waited for")
            waited_for.discard(hello.node)
            self._links[hello.node] = link

    def send(self, node: str, message: FromStreet) -> None:
        """Sends a second to a participant; one that has gone is noticed by `receive`."""
        link = self._links.get(node)
        if link is None:
            return
        try:
            link.send_bytes(self._encoder.encode(message))
        except OSError:
            del self._links[node]

    def receive(self, node: str) -> StepDone | None:
        """Waits for a participant's answer.

        Returns:
            The answer, or None if the participant has gone: the street goes on without it, as a real one would.
        """
        link = self._links.get(node)
        if link is None:
            return None
        try:
            message = self._decoder.decode(link.recv_bytes())
        except (EOFError, OSError):
            del self._links[node]
            return None
        if not isinstance(message, StepDone):
            raise SimulationFailed(f"{node} said {message} in mid-run")
        return message

    def close(self) -> None:
        """Tells everyone that the street closes, and closes."""
        for node in list(self._links):
            self.send(node, End())
        for link in self._links.values():
            link.close()
        self._listener.close()
