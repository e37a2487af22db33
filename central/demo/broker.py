"""The demo's broker: iotcore's as a child process on a free loopback port, or any other that the user names."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from typing import Any

from nutgiao.models.contracts.broker_url import BrokerUrl, parse_broker_url
from nutgiao.models.contracts.errors import UplinkDown

LOOPBACK = "127.0.0.1"
TRIES = 5


@contextlib.contextmanager
def broker(url: str | None) -> Iterator[BrokerUrl]:
    """A broker to talk to.

    Args:
        url: address of one that runs already; None starts one and stops it at the end.

    Raises:
        UplinkDown: if the named one cannot be reached, or the own one does not start.
    """
    if url is not None:
        address = parse_broker_url(url)
        try:
            socket.create_connection((address.host, address.port), timeout=5).close()
        except OSError as error:
            cure = "start it, or leave --broker out: the demo then brings its own"
            raise UplinkDown(f"no broker at {address}: {error}; {cure}") from error
        yield address
        return
    import iotcore

    own = _start(iotcore.Broker)
    try:
        yield BrokerUrl(LOOPBACK, own.port)
    finally:
        own.stop()


def _start(make: Any) -> Any:
    """Starts a broker on a free port; another program may take the port between our look and its start."""
    problem: Exception | None = None
    for _ in range(TRIES):
        with socket.socket() as probe:
            probe.bind((LOOPBACK, 0))
            port = probe.getsockname()[1]
        own = make(port=port, listen=LOOPBACK)  # its own default would listen on every address of the machine
        try:
            own.start()
        except (OSError, RuntimeError) as error:
            problem = error
            continue
        return own
    raise UplinkDown(f"the built-in broker does not start: {problem}; name another with --broker mqtt://host:1883")
