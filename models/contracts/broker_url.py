"""Where a broker is: ``mqtt://[user:password@]host[:port]``, or ``mqtts://`` for TLS."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from nutgiao.models.contracts.errors import ContractError


@dataclass(frozen=True, slots=True)
class BrokerUrl:
    """A parsed broker address; the password is kept out of its text."""

    host: str
    port: int
    tls: bool = False
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'mqtts' if self.tls else 'mqtt'}://{host}:{self.port}"


def parse_broker_url(text: str) -> BrokerUrl:
    """Parses a broker address.

    Raises:
        ContractError: if the scheme, host or port is missing or wrong.
    """
    example = "write mqtt://host:1883, mqtt://user:password@host or mqtts://host:8883"
    parts = urlsplit(text)
    if parts.scheme not in {"mqtt", "mqtts"}:
        raise ContractError(f"broker {_safe(text)!r}: {parts.scheme or 'no'} scheme; {example}")
    try:
        port = parts.port
    except ValueError as error:
        raise ContractError(f"broker {_safe(text)!r}: the port is no number from 1 to 65535; {example}") from error
    if not parts.hostname or parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise ContractError(f"broker {_safe(text)!r}: a host and nothing behind it; {example}")
    tls = parts.scheme == "mqtts"
    user = unquote(parts.username) if parts.username else None
    password = unquote(parts.password) if parts.password else None
    return BrokerUrl(parts.hostname, port or (8883 if tls else 1883), tls, user, password)


def _safe(text: str) -> str:
    """The text without a password, for messages."""
    head, at, tail = text.rpartition("@")
    return f"{head.split('://')[0]}://…@{tail}" if at else text
