"""Opens files, folders of pictures, RTSP addresses and USB cameras with OpenCV."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2

from nutgiao.edge.camera.device import Device
from nutgiao.edge.camera.folder import DEFAULT_FPS, FolderSource
from nutgiao.edge.camera.live import LiveSource
from nutgiao.edge.camera.source import Frame, FrameSource
from nutgiao.models.closing import Closing
from nutgiao.models.contracts.errors import CameraLost

log = logging.getLogger(__name__)

OPEN_TIMEOUT_MS = 5000
READ_TIMEOUT_MS = 2000
"""A stream that is open and brings nothing is given up after two or three of these: OpenCV tries again by itself."""


class FileSource(Closing):
    """A video file, read frame by frame at the speed of whoever reads.

    The time of a frame is the file's own time stamp where these rise, because recordings of street cameras often have
    gaps (the Giang Vo clip says 6.02 frames a second and has 160 and 240 ms between frames); else index / fps.

    Args:
        path: the file.
        camera: id of the camera that recorded it.
        start_s: time of the first frame.

    Raises:
        CameraLost: if the file is missing or is no video.
    """

    reconnects = 0
    dropped = 0

    def __init__(self, path: Path, camera: str, *, start_s: float = 0.0) -> None:
        self.camera = camera
        self._path = path
        self._start_s = start_s
        if not path.is_file():
            raise CameraLost(
                f"camera {camera}: no such file {path}. Check the path, or give an rtsp:// address or usb:N"
            )
        self._capture = Device(str(path), cv2.CAP_FFMPEG)
        self.decoder = self._capture.decoder
        self.fps = self._capture.get(cv2.CAP_PROP_FPS) if self._capture.opened else 0.0
        self._index = 0
        self._last_s = -1.0
        self._peeked = self._next()
        if self._peeked is None:
            self.close()
            raise CameraLost(
                f"camera {camera}: {path} ({path.stat().st_size} bytes) is not a video that OpenCV can read: "
                "it may be another kind of file, damaged, or cut off before its index was written. 'ffprobe' tells more"
            )
        if not self.fps > 0.0:
            self.fps = 25.0

    @property
    def frames_expected(self) -> int | None:
        """Frames that the file's header promises; None if it promises none."""
        count = int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT))
        return count if count > 0 else None

    def read(self) -> Frame | None:
        """The next frame, or None after the last one; see `FrameSource.read`."""
        frame, self._peeked = self._peeked, None
        return frame or self._next()

    def _next(self) -> Frame | None:
        if not self._capture.opened or (image := self._capture.read()) is None:
            return None
        stamp_s = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0
        if stamp_s <= self._last_s:  # no stamps in this container, or broken ones
            stamp_s = self._last_s + 1.0 / (self.fps or 25.0)
        self._last_s = stamp_s
        frame = Frame(self.camera, self._start_s + stamp_s, self._index, image)
        self._index += 1
        return frame

    def close(self) -> None:
        """Lets the file go."""
        self._capture.release()


@dataclass(frozen=True, slots=True)
class Address:
    """A source as a site file or the command line writes it.

    Attributes:
        kind: "file", "folder", "rtsp", "http" or "usb".
        target: path, address or device number.
        shown: the same without a password, for messages and records.
        fps: pictures per second of a folder.
    """

    kind: str
    target: str
    shown: str
    fps: float = DEFAULT_FPS


def parse_address(source: str) -> Address:
    """Reads a source: a path, ``FOLDER?fps=N`` with pictures, ``rtsp://…``, ``http(s)://…`` (MJPEG) or ``usb:N``.

    Raises:
        CameraLost: if it is none of these.
    """
    shown = re.sub(r"(?<=://)([^:/@]*):[^@/]*@", r"\1:***@", source)
    scheme = re.match(r"([a-z][a-z0-9+.-]+):", source, re.IGNORECASE)
    name = scheme.group(1).lower() if scheme else ""
    if name == "usb":
        number = source[4:]
        if not number.isdigit():
            raise CameraLost(f"{shown}: a USB camera is written usb:N with its number, such as usb:0")
        return Address("usb", number, shown)
    if name in ("rtsp", "rtsps"):
        return Address("rtsp", source, shown)
    if name in ("http", "https"):
        return Address("http", source, shown)
    if "://" in source:
        raise CameraLost(f"{shown}: a source is a file, a folder of pictures, rtsp://…, http://… or usb:N")
    folder, rate = re.fullmatch(r"(.*?)(?:\?fps=([^?]*))?", source, re.DOTALL).groups()  # type: ignore[union-attr]
    if rate is None:
        return Address("folder" if Path(source).is_dir() else "file", source, shown)
    if not re.fullmatch(r"\d+(\.\d+)?", rate) or float(rate) <= 0.0:
        raise CameraLost(f"{shown}: pictures per second are written FOLDER?fps=25")
    return Address("folder", folder, shown, float(rate))


def open_source(source: str, camera: str, *, start_s: float = 0.0, now: Callable[[], float] = time.time) -> FrameSource:
    """Opens a source.

    Args:
        source: as `parse_address` reads it.
        camera: id of the camera in the site file.
        start_s: time of the first frame, for a file or folder.
        now: clock that stamps live frames, seconds since the epoch.

    Returns:
        The open source; the caller closes it.

    Raises:
        CameraLost: if it is missing, refuses, or is no video; the message says which.
    """
    address = parse_address(source)
    opened: FrameSource
    if address.kind == "file":
        opened = FileSource(Path(address.target), camera, start_s=start_s)
    elif address.kind == "folder":
        opened = FolderSource(Path(address.target), camera, start_s=start_s, fps=address.fps)
    else:
        opened = LiveSource(lambda: _open_live(address, camera), camera, name=address.shown, now=now)
    log.info("camera %s: %s is decoded in %s", camera, address.shown, opened.decoder)
    return opened


def _open_live(address: Address, camera: str) -> Device:
    """Opens a live source once.

    Raises:
        CameraLost: if it does not open.
    """
    if address.kind == "usb":
        device = Path(f"/dev/video{address.target}")
        if not device.exists():
            there = ", ".join(sorted(path.name for path in Path("/dev").glob("video*"))) or "none"
            raise CameraLost(f"camera {camera}: there is no USB camera {address.shown} ({device}; found: {there})")
        capture = Device(int(address.target), cv2.CAP_V4L2)
        if not capture.opened:
            raise CameraLost(f"camera {camera}: {device} is there but does not open; is another program using it?")
        return capture
    limits = (cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_TIMEOUT_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_TIMEOUT_MS)
    capture = Device(address.target, cv2.CAP_FFMPEG, limits)
    if not capture.opened:
        raise CameraLost(
            f"camera {camera}: {address.shown} does not answer or refuses "
            f"(waited at most {OPEN_TIMEOUT_MS / 1000:g} s). "
            "Check that the camera is on, its address, port, user and password, and that no firewall is in between"
        )
    return capture
