"""The files that `nutgiao.edge.watch` leaves behind: events and lane states line by line, the summary at the end."""

from __future__ import annotations

import bisect
from collections import Counter, deque
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import IO, Any, Literal

import msgspec

from nutgiao.edge.files import write_whole
from nutgiao.edge.lanes.crossing import Crossing
from nutgiao.edge.violation.rule import Violation
from nutgiao.models.closing import Closing
from nutgiao.models.contracts.messages import LaneState
from nutgiao.models.contracts.words import Indication
from nutgiao.models.vision.tiles import WHOLE, Tiling

REMEMBERED = 4096
"""Frames and lamp changes that are remembered to date an event: minutes, however long the watch lasts."""

Ended = Literal["end_of_source", "max_frames", "interrupted", "camera_lost"]


class Summary(msgspec.Struct, kw_only=True):
    """What ``summary.json`` holds.

    Attributes:
        schema: version of this format.
        source: the file or address, without a password.
        site: id of the site; empty without one.
        camera: id of the camera in the site file.
        ended: why watching stopped.
        trouble: what went wrong, in words; empty if nothing did.
        frames: frames that were looked at.
        frames_expected: frames that the file promised; None for a live source.
        decoder: what decoded the pictures: "software", or the name of the hardware.
        dropped: live frames that came faster than they could be looked at.
        duration_s: capture time from the first to the last frame.
        source_fps: frames per second of capture time.
        processed_fps: frames per second of wall time.
        timing_ms: mean milliseconds per frame by part: decode, detect, track, draw. Parts run side by side, detecting
            as often as there are detectors, so their sum is no wall time.
        detections: boxes by class, over all frames.
        tracks: different tracks that were confirmed, by their last class.
        crossings: line crossings by class.
        crossings_by_lamp: line crossings by what the lamp showed then.
        speed_sd_mps: median standard error of the speeds at line crossings; None without any.
        speed_map_sd_mps: the part of it that the calibration makes, the same for all who pass there.
        violations: by kind.
        lamp_frames: frames by what the lamp showed, by signal group.
        queue_max_veh: longest queue by lane.
        model: name of the weights.
        model_sha256: of the file, empty if unknown.
        model_licence: SPDX identifier of the weights.
        provider: what ran the network.
        tiles: columns and rows of tiles.
        tile_boxes: parts of the picture that the site names besides.
        blurred: heads and plates were pixelated in the video.
        video: name of the annotated video; None without one.
    """

    schema: str = "nutgiao/watch/1"
    source: str
    site: str
    camera: str
    ended: Ended = "end_of_source"
    trouble: str = ""
    frames: int = 0
    frames_expected: int | None = None
    decoder: str = ""
    dropped: int = 0
    duration_s: float = 0.0
    source_fps: float | None = None
    processed_fps: float | None = None
    timing_ms: dict[str, float] = {}
    detections: dict[str, int] = {}
    tracks: dict[str, int] = {}
    crossings: dict[str, int] = {}
    crossings_by_lamp: dict[str, int] = {}
    speed_sd_mps: float | None = None
    speed_map_sd_mps: float | None = None
    violations: dict[str, int] = {}
    lamp_frames: dict[str, dict[str, int]] = {}
    queue_max_veh: dict[str, int] = {}
    model: str
    model_sha256: str
    model_licence: str
    provider: str = ""
    tiles: tuple[int, int] = (1, 1)
    tile_boxes: int = 0
    blurred: bool = True
    video: str | None = None


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """What to make of a source.

    Attributes:
        max_frames: stop after so many; None goes on to the end.
        video: write the annotated video.
        blur: pixelate heads and plates in it, in the contact sheet and in the preview.
        sheet: frames on a contact sheet; 0 makes none.
        tiling: which parts of the picture are looked at besides the whole.
    """

    max_frames: int | None = None
    video: bool = True
    blur: bool = True
    sheet: int = 0
    tiling: Tiling = WHOLE


class WatchLog(Closing):
    """Writes ``events.jsonl`` and ``lanes.jsonl`` and counts for the summary.

    Args:
        out: the folder.
    """

    def __init__(self, out: Path) -> None:
        self.crossings: Counter[str] = Counter()
        self.crossings_by_lamp: Counter[str] = Counter()
        self.violations: Counter[str] = Counter()
        self.lamps: dict[str, Counter[str]] = {}
        self.queue_max_veh: dict[str, int] = {}
        self._speed_errors: deque[tuple[float, float]] = deque(maxlen=REMEMBERED)
        self.frames = 0
        self.first_s = self.last_s = 0.0
        self._times_s: deque[float] = deque(maxlen=REMEMBERED)
        self._changes: dict[str, deque[tuple[float, Indication]]] = {}
        self._events: IO[bytes] = (out / "events.jsonl").open("wb")
        self._lanes: IO[bytes] = (out / "lanes.jsonl").open("wb")

    def on_frame(self, time_s: float) -> None:
        """Notes that a frame was looked at."""
        if not self.frames:
            self.first_s = time_s
        self.frames, self.last_s = self.frames + 1, time_s
        self._times_s.append(time_s)

    def on_lamp(self, time_s: float, group: str, indication: Indication) -> None:
        """Notes what a lamp shows in a frame."""
        self.lamps.setdefault(group, Counter())[indication.value] += 1
        changes = self._changes.setdefault(group, deque(maxlen=REMEMBERED))
        if not changes or changes[-1][1] is not indication:
            changes.append((time_s, indication))

    def lamp_at(self, group: str, time_s: float) -> Indication:
        """What a lamp showed at an instant."""
        changes = self._changes.get(group, ())
        at = bisect.bisect_right(changes, time_s, key=lambda change: change[0]) - 1
        return changes[at][1] if at >= 0 else Indication.UNKNOWN

    def on_lanes(self, time_s: float, states: tuple[LaneState, ...]) -> None:
        """Writes the lane states of one second."""
        self._write(self._lanes, {"time_s": time_s, "lanes": states})
        for state in states:
            self.queue_max_veh[state.lane] = max(self.queue_max_veh.get(state.lane, 0), state.queue_veh)

    def on_crossing(self, crossing: Crossing, group: str) -> None:
        """Writes a line crossing.

        Args:
            crossing: who crossed, where and when.
            group: signal group that they had to obey.
        """
        lamp = self.lamp_at(group, crossing.time_s).value
        name = crossing.vehicle_class.value
        self.crossings[name] += 1
        self.crossings_by_lamp[lamp] += 1
        body = {
            "event": "crossing",
            "time_s": round(crossing.time_s, 3),
            "frame": self._frame_at(crossing.time_s),
            "approach": crossing.approach,
            "lane": crossing.lane,
            "track": crossing.track,
            "class": name,
            "speed_mps": round(crossing.speed_mps, 2),
            "lamp": lamp,
        }
        measured = crossing.measured
        if measured is not None:
            body["speed_mps"] = round(measured.speed_mps, 2)
            body["speed_95_mps"] = (round(measured.low_mps, 2), round(measured.high_mps, 2))
            self._speed_errors.append((measured.sd_mps, measured.map_sd_mps))
        self._write(self._events, body)

    def speed_errors(self) -> tuple[float | None, float | None]:
        """Medians of the speeds' standard error and of the calibration's part of it; None without speeds."""
        if not self._speed_errors:
            return None, None
        whole, of_map = (median(side) for side in zip(*self._speed_errors, strict=True))
        return round(whole, 3), round(of_map, 3)

    def on_violation(self, violation: Violation) -> None:
        """Writes a violation with the figures that justify it."""
        self.violations[violation.kind] += 1
        body = {
            "event": "violation",
            "kind": str(violation.kind),
            "time_s": round(violation.occurred_s, 3),
            "frame": self._frame_at(violation.occurred_s),
            "approach": violation.approach,
            "lane": violation.lane,
            "zone": violation.zone,
            "track": violation.track,
            "class": violation.vehicle_class.value,
            "confidence": round(violation.confidence, 3),
            "numbers": violation.numbers,
        }
        self._write(self._events, body)

    def _frame_at(self, time_s: float) -> int:
        """Number, from 0, of the first frame at or after an instant."""
        known = len(self._times_s)
        return self.frames - known + min(bisect.bisect_left(self._times_s, time_s), known - 1)

    @staticmethod
    def _write(stream: IO[bytes], body: dict[str, Any]) -> None:
        stream.write(msgspec.json.encode(body) + b"\n")
        stream.flush()  # a line is worth more on the disk than in a buffer: a power cut must not take it

    def close(self) -> None:
        """Completes both files."""
        self._events.close()
        self._lanes.close()


def write_summary(out: Path, summary: Summary) -> None:
    """Writes ``summary.json`` at once: who finds it finds all of it."""
    write_whole(out / "summary.json", msgspec.json.format(msgspec.json.encode(summary), indent=2) + b"\n")
