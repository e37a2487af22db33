"""The centre's clock in a simulated street: a thread that takes part like a junction and turns the centre's seconds."""

from __future__ import annotations

import threading
from multiprocessing.connection import Client

import msgspec

from nutgiao.central.centre import Centre
from nutgiao.models.contracts.street import End, FromStreet, Hello, Step, StepDone
from nutgiao.models.contracts.topics import CENTRE


class StreetClock:
    """Runs a centre in step with a street.

    Args:
        centre: whose seconds are turned.
        host: where the street listens.
        port: its port.
        key: shared secret of this run.
    """

    def __init__(self, centre: Centre, host: str, port: int, key: bytes) -> None:
        self._centre = centre
        self._decoder: msgspec.msgpack.Decoder[Step | End] = msgspec.msgpack.Decoder(FromStreet)
        self._encoder = msgspec.msgpack.Encoder()
        self._link = Client((host, port), authkey=key)
        self._link.send_bytes(self._encoder.encode(Hello(CENTRE)))
        self._thread = threading.Thread(target=self._run, name="street-clock", daemon=True)
        self.error: BaseException | None = None

    def start(self) -> None:
        """Starts following."""
        self._thread.start()

    def join(self, timeout_s: float) -> None:
        """Waits for the street's end and passes on what went wrong in the centre."""
        self._thread.join(timeout_s)
        if self.error is not None:
            raise self.error

    def _run(self) -> None:
        try:
            while isinstance(message := self._decoder.decode(self._link.recv_bytes()), Step):
                revisions = self._centre.second(message.time_s, message.published)
                self._link.send_bytes(self._encoder.encode(StepDone(message.time_s, revisions=revisions)))
        except (EOFError, OSError):
            return  # the street has gone
        except Exception as error:  # noqa: BLE001 - handed to the thread that joins
            self.error = error
        finally:
            self._link.close()
