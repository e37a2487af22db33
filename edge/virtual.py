"""The drivers of a simulated street: its clock, cameras and controllers come over one local connection."""

from __future__ import annotations

import time
from multiprocessing.connection import Client

import msgspec
import numpy as np

from nutgiao.edge.signal.drivers import LampNews
from nutgiao.edge.uplink.uplink import Uplink
from nutgiao.models.contracts.controller import CabinetRequest, CabinetStatus, StageCall
from nutgiao.models.contracts.errors import SimulationFailed
from nutgiao.models.contracts.messages import CameraHealth
from nutgiao.models.contracts.street import End, FromStreet, Hello, Step, StepDone, VirtualFrame
from nutgiao.models.vision.detections import DetectedFrame, Detections

PATIENCE_S = 5.0
"""Wall seconds that a virtual second waits for the broker before it goes on without."""


class VirtualStreet:
    """A junction's share of the simulated street: clock and controller in one, and the source of its cameras.

    The street waits for our answer before it goes on. The answer to a second is sent when the node asks for the next
    one, after its messages have reached the broker: so the same seed gives the same messages in the same order.

    Args:
        host: where the street listens.
        port: its port.
        key: shared secret of this run.
        node: id of our site.
        uplink: whose messages a second waits for.
    """

    def __init__(self, host: str, port: int, key: bytes, node: str, uplink: Uplink) -> None:
        self._uplink = uplink
        self._decoder: msgspec.msgpack.Decoder[Step | End] = msgspec.msgpack.Decoder(FromStreet)
        self._encoder = msgspec.msgpack.Encoder()
        self._step: Step | None = None
        self._requests: list[CabinetRequest | StageCall] = []
        try:
            self._link = Client((host, port), authkey=key)
            self._link.send_bytes(self._encoder.encode(Hello(node)))
        except OSError as error:
            raise SimulationFailed(f"no simulated street answers at {host}:{port}: {error}; start it first") from error

    def next_second(self) -> float | None:
        """Ends the second that we are in and waits for the next."""
        try:
            if self._step is not None:
                give_up = time.monotonic() + PATIENCE_S
                published = self._uplink.flush(lambda: time.monotonic() > give_up)
                done = StepDone(self._step.time_s, published=published, requests=tuple(self._requests))
                self._requests.clear()
                self._link.send_bytes(self._encoder.encode(done))
            message = self._decoder.decode(self._link.recv_bytes())
        except (EOFError, OSError):
            return None  # the street has gone: the node ends as if it had said so
        if isinstance(message, End):
            return None
        self._step = message
        give_up = time.monotonic() + PATIENCE_S
        self._uplink.await_revision(message.await_revision, lambda: time.monotonic() > give_up)
        return message.time_s

    def steady_s(self) -> float:
        """The street's own time: nobody sets it."""
        return self._step.time_s if self._step else 0.0

    def status(self) -> CabinetStatus | None:
        """What the virtual controller shows in the second that begins now."""
        return self._step.signal if self._step else None

    def request(self, request: CabinetRequest) -> None:
        """Goes to the virtual controller with the end of this second."""
        self._requests.append(request)

    def call(self, call: StageCall) -> None:
        """Goes to the virtual controller with the end of this second."""
        self._requests.append(call)

    def frames_of(self, camera: str) -> list[VirtualFrame]:
        """What a virtual camera saw in the second that ended now."""
        return [frame for frame in self._step.frames if frame.camera == camera] if self._step else []


class VirtualCamera:
    """A camera driver that hands on what the simulated street says this camera detected."""

    def __init__(self, street: VirtualStreet, camera: str) -> None:
        self._street, self._camera = street, camera
        self._count = 0
        self._last_s = 0.0

    def frames(self) -> list[DetectedFrame]:
        """Frames of the second that ended now."""
        frames = []
        for virtual in self._street.frames_of(self._camera):
            frames.append(frame_of(virtual, self._count))
            self._count += 1
            self._last_s = virtual.time_s
        return frames

    def lamps(self) -> list[LampNews]:
        """The virtual controller tells what the lamps show."""
        return []

    def health(self, now_s: float) -> CameraHealth:
        """A virtual camera never drops a frame."""
        return CameraHealth(camera=self._camera, age_s=now_s - self._last_s, frames=self._count, dropped=0)

    def close(self) -> None:
        """Nothing to let go of: the street owns it."""


def frame_of(virtual: VirtualFrame, number: int) -> DetectedFrame:
    """The frame that came over the wire.

    Args:
        virtual: as it came.
        number: of the frame.
    """
    detections = Detections(
        np.frombuffer(virtual.boxes, np.float32).reshape(-1, 4),
        np.frombuffer(virtual.scores, np.float32),
        np.frombuffer(virtual.classes, np.int8),
    )
    return DetectedFrame(virtual.camera, virtual.time_s, number, detections)
