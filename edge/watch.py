"""Watches one camera or clip: detectors, tracker and, with a site, lanes and rules, into files that say what was seen.

Decoding, detecting and what comes behind run side by side, with a detector for each core. Files in the output folder:

- ``annotated.mp4``: the picture with boxes, tracks, lanes, lamp, queues and violations.
- ``events.jsonl``: a line for each line crossing and each violation, with time and frame.
- ``lanes.jsonl``: a line for each second with the state of every lane.
- ``contact_sheet.png``: frames from all over the clip side by side, if asked for.
- ``summary.json``: see `nutgiao.edge.watch_files.Summary`; written last, so who finds it finds the others complete.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

from nutgiao.edge.annotate import FLAG_S, Annotator, pixelate_bystanders
from nutgiao.edge.camera.pipeline import DetectorPool, Looked
from nutgiao.edge.camera.reading import Reading
from nutgiao.edge.camera.source import FrameSource
from nutgiao.edge.camera.writer import VideoWriter
from nutgiao.edge.detect.detector import Detector
from nutgiao.edge.preview import Preview
from nutgiao.edge.signal.lamp import LampReading
from nutgiao.edge.snapshot import Snapshot
from nutgiao.edge.watch_files import Summary, WatchLog, WatchOptions, write_summary
from nutgiao.edge.watch_sheet import ContactSheet
from nutgiao.edge.watch_view import View
from nutgiao.models.contracts.errors import CameraLost
from nutgiao.models.contracts.messages import LaneState
from nutgiao.models.contracts.words import CLASSES
from nutgiao.models.vision.detections import Detections
from nutgiao.models.vision.tiles import gather

T = TypeVar("T")

PARTS = ("decode", "detect", "track", "draw")


class Watch:
    """One run over one source.

    Args:
        source: where frames come from; the caller closes it.
        detectors: find road users, side by side.
        view: makes traffic of them.
        out: folder for the files; made if it is not there.
        summary: names of source and model are filled in by the caller, the rest here.
        options: what to make.
        preview: shows the drawn pictures while it runs; None shows them to nobody.
        clock: wall clock for the timing, seconds.
    """

    def __init__(
        self,
        source: FrameSource,
        detectors: Sequence[Detector],
        view: View,
        out: Path,
        summary: Summary,
        options: WatchOptions,
        preview: Preview | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._source, self._detectors, self._view = source, detectors, view
        self._out, self._summary, self._options, self._clock = out, summary, options, clock
        self._preview = preview
        self._lanes: dict[str, LaneState] = {}
        self._annotator: Annotator | None = None
        self._writer: VideoWriter | None = None
        self._sheet = ContactSheet(options.sheet) if options.sheet else None
        self._next_second_s = 0.0
        self._spent_s = dict.fromkeys(PARTS, 0.0)
        self._seen: Counter[str] = Counter()
        self._tracks: dict[str, str] = {}  # class of those in the picture now
        self._gone: Counter[str] = Counter()

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
        with WatchLog(self._out) as log, DetectorPool(self._detectors, self._clock) as pool:
            reading = Reading(self._source, pool, self._clock, self._options.tiling)
            try:
                while True:
                    if limit is not None and log.frames >= limit:
                        summary.ended = "max_frames"
                        break
                    looked = reading.next()
                    if looked is None:
                        break
                    self._step(looked, log)
                    on_frame(log.frames, expected)
            except KeyboardInterrupt:
                summary.ended, summary.trouble = "interrupted", "stopped by the user"
            except CameraLost as error:
                summary.ended, summary.trouble = "camera_lost", str(error)
            finally:
                reading.close()
                if log.frames:
                    self._second(self._next_second_s, log)
                if self._writer is not None:
                    self._writer.close()
            wall_s = self._clock() - started_s
            self._spent_s["decode"], summary.dropped = reading.decode_s, reading.dropped
            summary.decoder = self._source.decoder
        if self._sheet is not None:
            self._sheet.write(self._out / "contact_sheet.png")
        self._fill(log, wall_s)
        write_summary(self._out, summary)
        return summary

    def _timed(self, part: str, act: Callable[[], T]) -> T:
        before = self._clock()
        result = act()
        self._spent_s[part] += self._clock() - before
        return result

    def _step(self, looked: Looked, log: WatchLog) -> None:
        frame = looked.frame
        if not log.frames:
            self._annotator = self._view.open(frame.image)
            self._next_second_s = math.floor(frame.time_s) + 1.0
        while frame.time_s >= self._next_second_s:
            self._second(self._next_second_s, log)
            self._next_second_s += 1.0
        log.on_frame(frame.time_s)
        lamps = self._view.lamps(frame.image, frame.time_s)
        for lamp in lamps:
            log.on_lamp(frame.time_s, lamp.group, lamp.indication)
        self._spent_s["detect"] += looked.detect_s
        snapshot = self._timed("track", lambda: self._track(looked, lamps))
        self._timed("draw", lambda: self._show(looked, snapshot, lamps, log))

    def _track(self, looked: Looked, lamps: list[LampReading]) -> Snapshot:
        users, snapshot = self._view.track(looked.frame, looked.sight.users, lamps)
        for code, count in enumerate(np.bincount(users.classes, minlength=len(CLASSES))):
            self._seen[CLASSES[code].value] += int(count)
        now = dict(zip(snapshot.ids, (CLASSES[code].value for code in snapshot.classes.tolist()), strict=True))
        self._gone.update(name for track, name in self._tracks.items() if track not in now)
        self._tracks = now
        return snapshot

    def _show(self, looked: Looked, snapshot: Snapshot, lamps: list[LampReading], log: WatchLog) -> None:
        """Draws the frame if anybody wants it."""
        watched = self._preview is not None and self._preview.watched
        kept = self._sheet is not None and self._sheet.wants(log.frames)
        if self._annotator is None or not (self._options.video or watched or kept):
            return
        frame, image = looked.frame, looked.frame.image
        if self._options.blur:
            image = image.copy()
            # Tracks too: who is missed in this frame is where the tracker expects them.
            expected = Detections(
                snapshot.boxes_px * np.array(self._view.scale * 2, np.float32),
                np.ones(len(snapshot), np.float32),
                snapshot.classes,
            )
            pixelate_bystanders(image, gather([looked.sight.faint, looked.sight.users, expected]))
        ids = self._gone.total() + len(self._tracks)
        note = f"t {frame.time_s:.1f} s  frame {frame.index}  seen {len(looked.sight.users)}  ids {ids}"
        if self._view.has_lines:
            note += f"  crossings {log.crossings.total()}  violations {log.violations.total()}"
        drawn = self._annotator.draw(image, snapshot, lamps, self._lanes, note)
        if self._options.video:
            if self._writer is None:
                path, paced = self._out / "annotated.mp4", self._source.frames_expected is None
                self._writer = VideoWriter(path, self._annotator.size_px, fps=self._source.fps, paced=paced)
            self._writer.write(drawn, frame.time_s)
        if self._preview is not None and watched:
            self._preview.show(drawn)
        if self._sheet is not None and kept:
            self._sheet.add(log.frames, drawn)

    def _second(self, time_s: float, log: WatchLog) -> None:
        """Closes a second: lane states, crossings and violations up to it."""
        result = self._timed("track", lambda: self._view.second(time_s))
        log.on_lanes(time_s, result.lane_states)
        self._lanes.update((state.lane, state) for state in result.lane_states)
        for crossing in result.crossings:
            log.on_crossing(crossing, self._view.signal_group(crossing.approach))
        for violation in result.violations:
            log.on_violation(violation)
            if self._annotator is not None:
                self._annotator.flag(violation.track, violation.kind.replace("_", " ").upper(), time_s + FLAG_S)

    def _fill(self, log: WatchLog, wall_s: float) -> None:
        """Completes the summary."""
        summary, frames = self._summary, log.frames
        summary.frames = frames
        summary.frames_expected = promised = self._source.frames_expected
        if summary.ended == "end_of_source" and promised is not None and frames < 0.95 * promised:
            summary.trouble = f"the file promised {promised} frames and gave {frames}: it may be damaged or cut off"
        if frames > 1:
            summary.duration_s = round(log.last_s - log.first_s, 3)
            summary.source_fps = round((frames - 1) / max(summary.duration_s, 1e-9), 3)
        summary.processed_fps = round(frames / wall_s, 2) if frames and wall_s > 0.0 else None
        summary.timing_ms = {part: round(1000.0 * self._spent_s[part] / max(frames, 1), 2) for part in PARTS}
        summary.detections = dict(self._seen)
        summary.tracks = dict(self._gone + Counter(self._tracks.values()))
        summary.crossings = dict(log.crossings)
        summary.crossings_by_lamp = dict(log.crossings_by_lamp)
        summary.speed_sd_mps, summary.speed_map_sd_mps = log.speed_errors()
        summary.violations = dict(log.violations)
        summary.lamp_frames = {group: dict(counts) for group, counts in log.lamps.items()}
        summary.queue_max_veh = dict(log.queue_max_veh)
        summary.blurred = self._options.blur
        summary.video = self._writer.path.name if self._writer is not None else None
