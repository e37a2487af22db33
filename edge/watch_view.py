"""What `nutgiao.edge.watch` makes of detections: traffic at a site, or tracks in a picture without one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.annotate import Annotator, Street
from nutgiao.edge.camera.source import Frame
from nutgiao.edge.detect.road_users import RoadUsers
from nutgiao.edge.perception import Perception, PerceptionSettings, SecondResult
from nutgiao.edge.signal.lamp import LampReader, LampReading, news_of
from nutgiao.edge.snapshot import Snapshot
from nutgiao.edge.track.picture import PictureTracker
from nutgiao.edge.violation.rider_votes import Looks
from nutgiao.edge.violation.trace import PICTURE
from nutgiao.models.contracts.site import Camera, Site
from nutgiao.models.vision.detections import DetectedFrame, Detections
from nutgiao.models.vision.tiles import WHOLE, Tiling


class View(Protocol):
    """From the detections of one camera to what is drawn and written."""

    @property
    def scale(self) -> tuple[float, float]:
        """Pixels of the picture per pixel of a snapshot's boxes, across and down."""
        ...

    @property
    def tiling(self) -> Tiling:
        """Parts of the picture that the site wants looked at besides the whole."""
        ...

    @property
    def has_lines(self) -> bool:
        """Stop lines are known, so that crossings and violations mean something."""
        ...

    def open(self, picture: NDArray[np.uint8]) -> Annotator:
        """Takes the first picture and gives who draws.

        Raises:
            ConfigError: if it is not shaped like those that the site was calibrated on.
        """
        ...

    def lamps(self, picture: NDArray[np.uint8], time_s: float) -> list[LampReading]:
        """What the lamps in the picture show."""
        ...

    def track(self, frame: Frame, found: Detections, lamps: Sequence[LampReading]) -> tuple[Detections, Snapshot]:
        """Takes one frame in.

        Args:
            frame: the picture and its time.
            found: road users in pixels of the picture.
            lamps: what `lamps` told of it.

        Returns:
            The road users as the tracker got them, and all tracks.
        """
        ...

    def second(self, time_s: float) -> SecondResult:
        """Closes a second."""
        ...

    def signal_group(self, approach: str) -> str:
        """Whom traffic on an approach obeys."""
        ...


class SiteView:
    """A camera of a site: lanes, queues, lamps and rules.

    Args:
        site: the junction.
        camera: which of its cameras.

        riders: the network that counts riders and looks for helmets; None: these rules tell nothing.

    Raises:
        ContractError: if the camera's ground pairs fix no ground plane.
    """

    has_lines = True

    def __init__(self, site: Site, camera: Camera, riders: Looks | None = None) -> None:
        self._site, self._camera, self.tiling = site, camera, Tiling.of(camera)
        nothing_kept = PerceptionSettings(cases=False)
        self._perception = Perception(
            site, site.id, "watch", cameras=(camera.id,), settings=nothing_kept, riders=riders
        )
        self._users: RoadUsers | None = None
        self._readers: list[LampReader] = []
        self.scale = (1.0, 1.0)

    def open(self, picture: NDArray[np.uint8]) -> Annotator:
        """See `View.open`."""
        self._users = RoadUsers(self._site, self._camera, picture)
        self.scale = self._users.scale
        self._readers = [LampReader(lamp, self.scale) for lamp in self._camera.lamps]
        street = Street.of(self._site, self._camera, self._perception.homography(self._camera.id))
        return Annotator((picture.shape[1], picture.shape[0]), self.scale, street)

    def lamps(self, picture: NDArray[np.uint8], time_s: float) -> list[LampReading]:
        """See `View.lamps`."""
        return [reader.read(picture, time_s) for reader in self._readers]

    def track(self, frame: Frame, found: Detections, lamps: Sequence[LampReading]) -> tuple[Detections, Snapshot]:
        """See `View.track`."""
        for news in (one for lamp in lamps for one in news_of(lamp, frame.time_s)):
            shown = {news.group: news.indication}
            self._perception.on_signal(news.time_s, shown, PICTURE, news.confidence, news.ends_s)
        assert self._users is not None  # noqa: S101 - made with the first frame
        users = self._users.of(found)
        # The picture stays out: nothing here builds evidence, and the ring buffer would hold twelve seconds of pixels.
        return users, self._perception.on_frame(DetectedFrame(self._camera.id, frame.time_s, frame.index, users))

    def second(self, time_s: float) -> SecondResult:
        """See `View.second`."""
        return self._perception.second(time_s)

    def signal_group(self, approach: str) -> str:
        """See `View.signal_group`."""
        return self._site.approach(approach).signal_group


class OpenView:
    """A picture that nobody has calibrated: tracks in it, without metres, lanes or rules.

    Args:
        camera: name of the camera.
    """

    scale = (1.0, 1.0)
    tiling = WHOLE
    has_lines = False

    def __init__(self, camera: str) -> None:
        self._camera = camera
        self._tracker: PictureTracker | None = None

    def open(self, picture: NDArray[np.uint8]) -> Annotator:
        """See `View.open`."""
        size_px = (picture.shape[1], picture.shape[0])
        self._tracker = PictureTracker(f"{self._camera}-watch", size_px)
        return Annotator(size_px, self.scale)

    def lamps(self, picture: NDArray[np.uint8], time_s: float) -> list[LampReading]:
        """See `View.lamps`; where nobody has said where a lamp is, none is read."""
        return []

    def track(self, frame: Frame, found: Detections, lamps: Sequence[LampReading]) -> tuple[Detections, Snapshot]:
        """See `View.track`."""
        assert self._tracker is not None  # noqa: S101 - made with the first frame
        tracks = self._tracker.step(frame.time_s, found)
        n = len(tracks)
        nowhere = np.full(n, np.nan)
        return found, Snapshot(
            camera=self._camera,
            time_s=frame.time_s,
            ids=tracks.ids,
            numbers=tracks.numbers,
            boxes_px=tracks.boxes_px,
            classes=tracks.classes,
            speed_mps=nowhere,
            x_m=nowhere,
            y_m=nowhere,
            approaches=(None,) * n,
            lanes=(None,) * n,
            queued=np.zeros(n, np.bool_),
            coasting=tracks.coasting,
        )

    def second(self, time_s: float) -> SecondResult:
        """See `View.second`."""
        return SecondResult((), (), (), {})

    def signal_group(self, approach: str) -> str:
        """See `View.signal_group`; no approach is known here."""
        raise KeyError(approach)
