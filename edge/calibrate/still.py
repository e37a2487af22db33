"""One picture to calibrate on: from an image file, or the first good frame of a video, address or USB camera."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.camera.video import open_source, parse_address
from nutgiao.models.contracts.errors import CameraLost, ConfigError
from nutgiao.models.contracts.site import Camera

Image = NDArray[np.uint8]

IMAGES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"})
ASPECT_TOLERANCE = 0.02


def read_still(source: str, camera: str) -> Image:
    """The picture.

    Args:
        source: an image file, or whatever `open_source` opens.
        camera: id of the camera, for messages.

    Returns:
        ``(h, w, 3)`` uint8 BGR.

    Raises:
        ConfigError: if an image file is missing or damaged.
        CameraLost: if a source gives no picture.
    """
    path = Path(source)
    if path.suffix.lower() in IMAGES:
        try:
            body = np.frombuffer(path.read_bytes(), np.uint8)
        except OSError as error:
            problem = f"the still cannot be read: {error.strerror}."
            raise ConfigError(source, None, "", problem, "Check the path.") from error
        image = cv2.imdecode(body, cv2.IMREAD_COLOR) if len(body) else None
        if image is None:
            cure = "Take a new still, or name the video or the camera's address instead."
            raise ConfigError(source, None, "", "this is no picture, or a damaged one.", cure)
        return np.asarray(image, np.uint8)
    with open_source(source, camera) as opened:
        frame = opened.read()
    if frame is None:
        raise CameraLost(f"camera {camera}: {parse_address(source).shown} gave no picture")
    return frame.image


def fit_to_camera(image: Image, camera: Camera, site: str) -> float:
    """How many pixels of the picture make one of the calibration.

    Raises:
        ConfigError: if the picture has another shape than the one the camera was calibrated on.
    """
    height, width = image.shape[:2]
    across, down = width / camera.width_px, height / camera.height_px
    if abs(across / down - 1.0) > ASPECT_TOLERANCE:
        problem = f"is written for {camera.width_px}x{camera.height_px}, but the picture is {width}x{height}."
        cure = "Write its width_px and height_px into the site file, or take the still of this camera."
        raise ConfigError(site, None, f"cameras.{camera.id}", problem, cure)
    return float(across)
