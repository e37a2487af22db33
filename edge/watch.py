"""Watches one camera or clip with a site file: detector, tracker, lanes and rules, into files that say what was seen.

Files in the output folder:

- ``annotated.mp4``: the picture with boxes, tracks, lanes, lamp, queues and violations.
- ``events.jsonl``: a line for each line crossing and each violation, with time and frame.
- ``lanes.jsonl``: a line for each second with the state of every lane.
- ``summary.json``: see `nutgiao.edge.watch_files.Summary`; written last, so who finds it finds the others complete.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np

from nutgiao.edge.annotate import FLAG_S, Annotator, pixelate_bystanders
from nutgiao.edge.camera.source import Frame, FrameSource
from nutgiao.edge.camera.writer import VideoWriter
from nutgiao.edge.detect.detector import Detector, Sight
from nutgiao.edge.detect.road_users import RoadUsers
from nutgiao.edge.perception import Perception, Snapshot
from nutgiao.edge.signal.lamp import LampReader, LampReading
from nutgiao.edge.watch_files import Summary, WatchLog, WatchOptions, write_summary
from nutgiao.models.contracts.errors import CameraLost
from nutgiao.models.contracts.messages import LaneState
from nutgiao.models.contracts.site import Camera, Site
from nutgiao.models.contracts.words import CLASSES
from nutgiao.models.vision.detections import DetectedFrame, Detections
from nutgiao.models.vision.homography import fit_homography
from nutgiao.models.vision.tiles import gather

T = TypeVar("T")

PARTS = ("decode", "detect", "track", "draw")


class Watch:
    """One run over one source.

    Args:
        source: where frames come from; the caller closes it.
        detector: finds road users.
        site: the junction.
        camera: which of its cameras this is.
        out: folder for the files; made if it is not there.
        summary: names of source and model are filled in by the caller, the rest here.
        options: what to make.
        clock: wall clock for the timing, seconds.

    Raises:
        ContractError: if the camera's ground pairs fix no ground plane.
    """

    def __init__(
        self,
        source: FrameSource,
        detector: Detector,
        site: Site,
        camera: Camera,
        out: Path,
        summary: Summary,
        options: WatchOptions,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._source, self._detector, self._site, self._camera = source, detector, site, camera
        self._out, self._summary, self._options, self._clock = out, summary, options, clock
        self._perception = Perception(site, node=site.id, boot="watch", cameras=(camera.id,))
        self._homography = fit_homography(np.array(camera.ground_pairs, np.float64))
        self._lamps: list[LampReader] = []
        self._lanes: dict[str, LaneState] = {}
        self._annotator: Annotator | None = None
        self._writer: VideoWriter | None = None
        self._users: RoadUsers | None = None
        self._scale = np.ones(4, np.float32)  # from calibrated pixels to those of the picture
        self._next_second_s = 0.0
        self._spent_s = dict.fromkeys(PARTS, 0.0)
        self._seen: Counter[str] = Counter()
        self._tracks: dict[str, str] = {}

    def run(self, on_frame: Callable[[int, int | None], None] = lambda done, expected: None) -> Summary:
        """Watches until the source ends, `max_frames` is reached, the camera is lost or somebody presses Ctrl-C.

        Whatever ends it, all files are completed before this returns or raises.

        Args:
            on_frame: told the number of frames done and expected.

        Returns:
            The summary, as written.

        Raises:
            ConfigError: if the picture does not fit the site's camera.
            NutgiaoError: if the video cannot be written.
        """
        self._out.mkdir(parents=True, exist_ok=True)
        (self._out / "summary.json").unlink(missing_ok=True)
        limit, expected = self._options.max_frames, self._source.frames_expected
        if expected is not None and limit is not None:
            expected = min(expected, limit)
        summary = self._summary
        started_s = self._clock()
        with WatchLog(self._out) as log:
            try:
                while True:
                    if limit is not None and len(log.times_s) >= limit:
                        summary.ended = "max_frames"
                        break
                    frame = self._timed("decode", self._source.read)
                    if frame is None:
                        break
                    self._step(frame, log)
                    on_frame(len(log.times_s), expected)
            except KeyboardInterrupt:
                summary.ended, summary.trouble = "interrupted", "stopped by the user"
            except CameraLost as error:
                summary.ended, summary.trouble = "camera_lost", str(error)
            finally:
                if log.times_s:
                    self._second(self._next_second_s, log)
                if self._writer is not None:
                    self._writer.close()
        self._fill(log, self._clock() - started_s)
        write_summary(self._out, summary)
        return summary

    def _timed(self, part: str, act: Callable[[], T]) -> T:
        before = self._clock()
        result = act()
        self._spent_s[part] += self._clock() - before
        return result

    def _step(self, frame: Frame, log: WatchLog) -> None:
        if not log.times_s:
            self._open_with(frame)
            self._next_second_s = math.floor(frame.time_s) + 1.0
        while frame.time_s >= self._next_second_s:
            self._second(self._next_second_s, log)
            self._next_second_s += 1.0
        log.on_frame(frame.time_s)
        lamps = [reader.read(frame.image) for reader in self._lamps]
        for lamp in lamps:
            log.on_lamp(frame.time_s, lamp.group, lamp.indication)
        sight = self._timed("detect", lambda: self._detector.look(frame.image))
        snapshot = self._timed("track", lambda: self._track(frame, sight.users, lamps))
        if self._annotator is not None and self._writer is not None:
            annotator, writer = self._annotator, self._writer
            self._timed("draw", lambda: self._draw(annotator, writer, frame, sight, snapshot, lamps, log))

    def _open_with(self, frame: Frame) -> None:
        """Makes what depends on the size of the pictures, once the first one is here."""
        camera = self._camera
        height, width = frame.image.shape[:2]
        self._users = RoadUsers(self._site, camera, frame.image)
        self._scale = np.array(self._users.scale * 2, np.float32)
        self._lamps = [LampReader(lamp, self._users.scale) for lamp in camera.lamps]
        if self._options.video:
            self._annotator = Annotator(self._site, camera, self._homography, (width, height))
            self._writer = VideoWriter(
                self._out / "annotated.mp4",
                self._annotator.size_px,
                fps=self._source.fps,
                paced=self._source.frames_expected is None,
            )

    def _track(self, frame: Frame, found: Detections, lamps: list[LampReading]) -> Snapshot:
        self._perception.on_signal(frame.time_s, {lamp.group: lamp.indication for lamp in lamps})
        assert self._users is not None  # noqa: S101 - made with the first frame
        users = self._users.of(found)
        for code, count in enumerate(np.bincount(users.classes, minlength=len(CLASSES))):
            self._seen[CLASSES[code].value] += int(count)
        # The picture stays out: nothing here builds evidence, and the ring buffer would hold twelve seconds of pixels.
        snapshot = self._perception.on_frame(DetectedFrame(self._camera.id, frame.time_s, frame.index, users))
        for track, code in zip(snapshot.ids, snapshot.classes, strict=True):
            self._tracks[track] = CLASSES[code].value
        return snapshot

    def _draw(
        self,
        annotator: Annotator,
        writer: VideoWriter,
        frame: Frame,
        sight: Sight,
        snapshot: Snapshot,
        lamps: list[LampReading],
        log: WatchLog,
    ) -> None:
        image = frame.image
        if self._options.blur:
            image = image.copy()
            # Tracks too: who is missed in this frame is where the tracker expects them.
            pixelate_bystanders(image, gather([sight.faint, sight.users, self._expected(snapshot)]))
        crossed, broken = log.crossings.total(), log.violations.total()
        note = f"t {frame.time_s:.1f} s  frame {frame.index}  crossings {crossed}  violations {broken}"
        writer.write(annotator.draw(image, snapshot, lamps, self._lanes, note), frame.time_s)

    def _expected(self, snapshot: Snapshot) -> Detections:
        """Boxes of the tracks in pixels of the picture."""
        scores = np.ones(len(snapshot), np.float32)
        return Detections(snapshot.boxes_px * self._scale, scores, snapshot.classes)

    def _second(self, time_s: float, log: WatchLog) -> None:
        """Closes a second: lane states, crossings and violations up to it."""
        result = self._timed("track", lambda: self._perception.second(time_s))
        log.on_lanes(time_s, result.lane_states)
        self._lanes.update((state.lane, state) for state in result.lane_states)
        for crossing in result.crossings:
            log.on_crossing(crossing, self._site.approach(crossing.approach).signal_group)
        for violation in result.violations:
            log.on_violation(violation)
            if self._annotator is not None:
                self._annotator.flag(violation.track, violation.kind.value.replace("_", " ").upper(), time_s + FLAG_S)

    def _fill(self, log: WatchLog, wall_s: float) -> None:
        """Completes the summary."""
        summary, frames = self._summary, len(log.times_s)
        summary.frames = frames
        summary.frames_expected = promised = self._source.frames_expected
        summary.dropped = self._source.dropped
        if summary.ended == "end_of_source" and promised is not None and frames < 0.95 * promised:
            summary.trouble = f"the file promised {promised} frames and gave {frames}: it may be damaged or cut off"
        if frames > 1:
            summary.duration_s = round(log.times_s[-1] - log.times_s[0], 3)
            summary.source_fps = round((frames - 1) / max(summary.duration_s, 1e-9), 3)
        summary.processed_fps = round(frames / wall_s, 2) if frames and wall_s > 0.0 else None
        summary.timing_ms = {part: round(1000.0 * self._spent_s[part] / max(frames, 1), 2) for part in PARTS}
        summary.detections = dict(self._seen)
        summary.tracks = dict(Counter(self._tracks.values()))
        summary.crossings = dict(log.crossings)
        summary.crossings_by_lamp = dict(log.crossings_by_lamp)
        summary.violations = dict(log.violations)
        summary.lamp_frames = {group: dict(counts) for group, counts in log.lamps.items()}
        summary.queue_max_veh = dict(log.queue_max_veh)
        summary.blurred = self._options.blur
        summary.video = self._writer.path.name if self._writer is not None else None
