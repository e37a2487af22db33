"""One open capture of OpenCV: decoded in hardware where there is any, in software where not, and it says which."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

HARDWARE = {
    cv2.VIDEO_ACCELERATION_D3D11: "D3D11",
    cv2.VIDEO_ACCELERATION_VAAPI: "VA-API",
    cv2.VIDEO_ACCELERATION_MFX: "MFX",
}
SOFTWARE = "software"


class Device:
    """An open capture, or one that did not open.

    OpenCV takes the hardware that its build and the machine have. The wheel from PyPI is built without any (OpenCV 5.0:
    no VA-API, no NVDEC), so there every stream is decoded in software; a build with it, such as Debian's, uses it.

    Args:
        target: file, address, or number of a USB camera.
        backend: OpenCV's name of the reader, `cv2.CAP_FFMPEG` or `cv2.CAP_V4L2`.
        settings: pairs of property and value to open with.

    Attributes:
        decoder: what decodes: "software", or the name of the hardware.
    """

    def __init__(self, target: str | int, backend: int, settings: tuple[int, ...] = ()) -> None:
        self.decoder = SOFTWARE
        self._first: NDArray[np.uint8] | None = None
        if backend != cv2.CAP_FFMPEG:
            self._capture = _open(target, backend, settings)
            return
        any_hardware = (cv2.CAP_PROP_HW_ACCELERATION, cv2.VIDEO_ACCELERATION_ANY)
        self._capture = _open(target, backend, settings + any_hardware)
        used = int(self._capture.get(cv2.CAP_PROP_HW_ACCELERATION)) if self._capture.isOpened() else 0
        if used in (cv2.VIDEO_ACCELERATION_NONE, cv2.VIDEO_ACCELERATION_ANY):
            return
        # Hardware that opens may still not know this codec or profile: only a picture shows that it does.
        self._first = self.read()
        if self._first is not None:
            self.decoder = HARDWARE.get(used, f"hardware {used}")
            return
        self._capture.release()
        self._capture = _open(target, backend, settings)

    @property
    def opened(self) -> bool:
        """Whether it opened."""
        return bool(self._capture.isOpened())

    def get(self, quantity: int) -> float:
        """A property of the capture, by OpenCV's number of it."""
        return float(self._capture.get(quantity))

    def read(self) -> NDArray[np.uint8] | None:
        """The next picture, ``(h, w, 3)`` uint8 BGR; None if there is none."""
        if self._first is not None:
            image, self._first = self._first, None
            return image
        there, picture = self._capture.read()
        return np.asarray(picture, np.uint8) if there and picture is not None else None

    def release(self) -> None:
        """Lets go of it; may be called twice."""
        self._capture.release()


def _open(target: str | int, backend: int, settings: tuple[int, ...]) -> cv2.VideoCapture:
    """A VideoCapture that does not print what our own message says better."""
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        return cv2.VideoCapture(target, backend, list(settings))
    finally:
        cv2.utils.logging.setLogLevel(level)
