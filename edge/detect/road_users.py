"""From what a network saw to road users in the pixels that the site was calibrated on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.detect.in_queue import in_queue
from nutgiao.edge.lanes.geometry import ApproachFrame
from nutgiao.models.contracts.errors import ConfigError
from nutgiao.models.contracts.site import Camera, Site
from nutgiao.models.vision.detections import Detections
from nutgiao.models.vision.homography import fit_homography
from nutgiao.models.vision.riders import presume_riders
from nutgiao.models.vision.sizes import narrow_is_no_bus

ASPECT_TOLERANCE = 0.02


class RoadUsers:
    """Fits a detector's boxes to one camera of a site.

    Args:
        site: the junction.
        camera: which of its cameras.
        picture: a picture of the camera; all others have its size.

    Raises:
        ConfigError: if the picture is not shaped like the one that the site was calibrated on.
    """

    def __init__(self, site: Site, camera: Camera, picture: NDArray[np.uint8]) -> None:
        self.scale = scale_of(site, camera, picture)
        self._to_site = 1.0 / np.array(self.scale * 2, np.float32)
        self._homography = fit_homography(np.array(camera.ground_pairs, np.float64))
        self._approaches = [ApproachFrame(site.approach(name)) for name in camera.approaches]

    def of(self, found: Detections) -> Detections:
        """Road users in calibrated pixels: no bus narrower than one, and riders whose machines others hide.

        Args:
            found: boxes in pixels of the picture.
        """
        boxes = Detections(found.boxes_px * self._to_site, found.scores, found.classes)
        boxes = narrow_is_no_bus(boxes, self._homography)
        return presume_riders(boxes, in_queue(boxes, self._homography, self._approaches))


def scale_of(site: Site, camera: Camera, picture: NDArray[np.uint8]) -> tuple[float, float]:
    """Width and height of a picture over those of the one that the site was calibrated on.

    Raises:
        ConfigError: if the two are not of one shape.
    """
    height, width = picture.shape[:2]
    scale = (width / camera.width_px, height / camera.height_px)
    if abs(scale[0] / scale[1] - 1.0) > ASPECT_TOLERANCE:
        raise ConfigError(
            site.id,
            None,
            f"cameras.{camera.id}",
            f"was calibrated on {camera.width_px}x{camera.height_px}, but the picture is {width}x{height}.",
            "Is it another camera? Otherwise take new ground_pairs on this picture.",
        )
    return scale
