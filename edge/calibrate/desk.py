"""The desk itself: a still, a camera of a site file, and what a draft would make of it; saves when it is asked to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from nutgiao.configs.document import Key
from nutgiao.configs.site_file import SiteFile
from nutgiao.edge.calibrate.draft import Draft, DraftLamp, DraftZone
from nutgiao.edge.calibrate.street import approach_from_borders, grid, lanes, trust
from nutgiao.models.contracts.errors import ConfigError, ContractError
from nutgiao.models.contracts.site import Approach, CalibrationNote, Camera, Lane, Zone, apart_deg
from nutgiao.models.contracts.words import Turn, ZoneKind
from nutgiao.models.vision.calibration import noted_noise
from nutgiao.models.vision.homography import Homography, fit_homography
from nutgiao.models.vision.pair_check import CHECKABLE_PAIRS, PairReport, report_pairs

Floats = NDArray[np.float64]

ENOUGH_PAIRS = 4


class Desk:
    """One camera being calibrated. Not thread-safe: the server holds a lock.

    Args:
        file: the site file.
        camera: id of the camera.
        to: file to save to; None replaces the site file.
        now: clock for the date of the calibration and the name of the backup.

    Raises:
        ConfigError: if the site has no such camera.
    """

    def __init__(self, file: SiteFile, camera: str, to: Path | None, now: Callable[[], datetime]) -> None:
        self._file, self._to, self._now = file, to, now
        self.camera = camera_named(file, camera)

    @property
    def picture_px(self) -> tuple[int, int]:
        """Width and height of the picture that the pairs are in."""
        return self.camera.width_px, self.camera.height_px

    @property
    def watched(self) -> list[Approach]:
        """Approaches that the camera watches, as the site file has them."""
        return [self._file.site.approach(name) for name in self.camera.approaches]

    @property
    def target(self) -> str:
        """The file that is saved to."""
        return str(self._to or self._file.path)

    @property
    def unmeasured(self) -> bool:
        """Nobody has given this camera pairs yet."""
        return self.camera.id in self._file.unmeasured

    def today(self) -> str:
        """Day of a calibration that is made now."""
        return self._now().date().isoformat()

    def state(self) -> dict[str, Any]:
        """What the page begins with."""
        site, camera = self._file.site, self.camera
        groups = {group.id: None for group in site.signals.groups} if site.signals else {}
        groups |= {approach.signal_group: None for approach in site.approaches}
        return {
            "site": site.id,
            "name": {"vi": site.name.vi, "en": site.name.en},
            "file": self.target,
            "camera": camera.id,
            "width": camera.width_px,
            "height": camera.height_px,
            "groups": list(groups),
            "kinds": list(ZoneKind),
            "approaches": [
                {"id": approach.id, "lanes": [lane.id for lane in approach.lanes]} for approach in self.watched
            ],
            "draft": self._written(),
        }

    def _written(self) -> dict[str, Any]:
        """The draft that changes nothing."""
        site, camera = self._file.site, self.camera
        homography = fit_homography(np.array(camera.ground_pairs, np.float64))
        zones = []
        for zone in site.zones:
            px = homography.image(np.array(zone.polygon_m, np.float64))
            seen = np.isfinite(px).all()
            zones.append(
                {"id": zone.id, "what": zone.what, "kind": zone.kind, "px": px.round(1).tolist() if seen else None}
            )
        pairs = () if self.unmeasured else camera.ground_pairs
        return {
            "pairs": [dict(zip("uvxy", pair, strict=True)) for pair in pairs],
            "lines": {},
            "zones": zones,
            "lamps": [msgspec.to_builtins(lamp) for lamp in camera.lamps],
        }

    def look(self, draft: Draft) -> dict[str, Any]:
        """What the draft would make: errors, the grid, lanes. Never fails on what a person may click.

        Returns:
            "trouble" with a code and details where there is no map yet, else the whole picture.
        """
        rows, pairs = _whole_pairs(draft)
        if len(pairs) < ENOUGH_PAIRS:
            return {"trouble": {"code": "few_pairs", "have": len(pairs), "need": ENOUGH_PAIRS}}
        try:
            report = report_pairs(pairs, self.picture_px, noted_noise(self.camera.calibration))
        except (ContractError, np.linalg.LinAlgError) as error:
            return {"trouble": {"code": "no_map", "detail": str(error).removeprefix("ground_pairs: ")}}
        calibration = report.calibration
        step, lines = grid(calibration.homography, pairs[:, 2:], self.picture_px)
        shown = [lanes(calibration.homography, a, self.camera) for a in self._approaches(draft, calibration.homography)]
        return {
            "trouble": None,
            "pairs": _by_pair(report, rows, len(draft.pairs)),
            "worst": rows[report.worst] if report.worst is not None else None,
            "wrong": report.wrong,
            "bend_px": round(report.bend_px, 1),
            "rms_m": _number(calibration.homography.rms_m),
            "cross_m": _number(calibration.homography.leave_one_out_m),
            "checkable": CHECKABLE_PAIRS,
            "trust": trust(calibration, self.picture_px),
            "grid_m": step,
            "grid": lines,
            "approaches": shown,
        }

    def save(self, draft: Draft) -> dict[str, Any]:
        """Writes the draft into the site file.

        Returns:
            "file" and "backup".

        Raises:
            ConfigError: if it makes no good site file; nothing is written then.
        """
        if any(pair.x is None or pair.y is None for pair in draft.pairs):
            raise self._error("ground_pairs", "a pair has no place on the ground yet.", "Type its metres or delete it.")
        _, pairs = _whole_pairs(draft)
        try:
            homography = fit_homography(pairs)
        except ContractError as error:
            problem = f"{str(error).removeprefix('ground_pairs: ')}."
            raise self._error("ground_pairs", problem, "Click again.") from error
        changes = self._line_changes(draft, homography)
        changes |= self._zone_changes(draft, homography)
        changes |= self._lamp_changes(draft)
        told = self.save_pairs(pairs, CalibrationNote(made=self.today()), changes)
        return {**told, "draft": self._written()}

    def save_pairs(self, pairs: Floats, note: CalibrationNote, more: Mapping[Key, Any] = {}) -> dict[str, Any]:
        """Writes pairs into the site file, with how they were found where they are new.

        Args:
            pairs: ``(n, 4)``.
            note: how they were found.
            more: other changes to the file.

        Returns:
            "file" and "backup".

        Raises:
            ConfigError: if it makes no good site file; nothing is written then.
        """
        here: Key = ("cameras", self._file.site.cameras.index(self.camera))
        rows = [[_short(one) for one in pair] for pair in pairs.tolist()]
        changes: dict[Key, Any] = {(*here, "ground_pairs"): rows}
        if self.unmeasured or rows != [list(pair) for pair in self.camera.ground_pairs]:
            body = msgspec.to_builtins(note)
            changes[*here, "calibration"] = {name: value for name, value in body.items() if value is not None}
        backup = self._file.save({**changes, **more}, self._now().strftime("%Y%m%dT%H%M%S"), self._to)
        self.camera = camera_named(self._file, self.camera.id)
        return {"file": str(self._file.path), "backup": backup.name if backup else None}

    def _approaches(self, draft: Draft, homography: Homography) -> list[Approach]:
        """Approaches as they would be: those whose stop line was drawn anew, and the others as they are."""
        return [self._drawn(approach, draft.lines.get(approach.id, ()), homography) for approach in self.watched]

    def _drawn(self, approach: Approach, clicked: Sequence[tuple[float, float]], homography: Homography) -> Approach:
        """An approach with the lane borders that were clicked so far."""
        ground = homography.ground(np.array(clicked, np.float64).reshape(-1, 2))
        if len(ground) < 2 or not np.isfinite(ground).all():
            return approach
        made = approach_from_borders(ground)
        if min(made["widths_m"]) <= 0.0:
            return approach
        return msgspec.structs.replace(
            approach,
            origin_m=tuple(made["origin_m"]),
            heading_deg=made["heading_deg"],
            lanes=tuple(
                Lane(id=self._lane_id(approach, k), width_m=width, turns=(Turn.THROUGH,))
                for k, width in enumerate(made["widths_m"])
            ),
        )

    @staticmethod
    def _lane_id(approach: Approach, k: int) -> str:
        return approach.lanes[k].id if k < len(approach.lanes) else f"{approach.id}_{k + 1}"

    def _line_changes(self, draft: Draft, homography: Homography) -> dict[Key, Any]:
        changes: dict[Key, Any] = {}
        for name, borders in draft.lines.items():
            if name not in self.camera.approaches:
                raise self._error("approaches", f"this camera watches no approach '{name}'.", "Load the page again.")
            index = [approach.id for approach in self._file.site.approaches].index(name)
            approach, key = self._file.site.approaches[index], f"approaches[{index}]"
            ground = homography.ground(np.array(borders, np.float64).reshape(-1, 2))
            need = len(approach.lanes) + 1
            if len(ground) < need:
                cure = f"Click {need} lane borders along the stop line, from the kerb to the centre of the road."
                raise self._error(key, f"{len(ground)} borders for the {need - 1} lanes of '{name}'.", cure)
            if not np.isfinite(ground).all():
                raise self._error(key, "a lane border lies above the horizon.", "Click it on the road.")
            made = approach_from_borders(ground)
            if min(made["widths_m"]) <= 0.0:
                cure = "Click the borders in turn, from the kerb to the centre of the road."
                raise self._error(key, "the lane borders go back and forth.", cure)
            if apart_deg(made["heading_deg"], approach.heading_deg) > 90.0:
                problem = f"clicked like this, '{name}' would lead to {made['heading_deg']:.0f} degrees."
                cure = f"It leads to {approach.heading_deg:.0f}: begin at the kerb, which is on a driver's right."
                raise self._error(key, problem, cure)
            for field in ("origin_m", "heading_deg"):
                changes["approaches", index, field] = made[field]
            rows = []
            for k, width in enumerate(made["widths_m"]):
                old = approach.lanes[k].turns if k < len(approach.lanes) else (Turn.THROUGH,)
                rows.append({"id": self._lane_id(approach, k), "width_m": width, "turns": [t.value for t in old]})
            changes["approaches", index, "lanes"] = rows
        return changes

    def _zone_changes(self, draft: Draft, homography: Homography) -> dict[Key, Any]:
        """Zones on the ground; one that was not moved keeps its metres, and all keep what the page does not show."""
        old = {zone.id: zone for zone in self._file.site.zones}
        before = {zone["id"]: zone["px"] for zone in self._written()["zones"]}
        rows = []
        for k, zone in enumerate(draft.zones):
            px = None if zone.px is None else [list(point) for point in zone.px]
            if zone.id in old and (px is None or px == before[zone.id]):
                corners = [list(point) for point in old[zone.id].polygon_m]
            else:
                ground = homography.ground(np.array(px or [], np.float64).reshape(-1, 2))
                if not np.isfinite(ground).all():
                    raise self._error(f"zones[{k}]", "a corner lies above the horizon.", "Click it on the road.")
                corners = ground.round(2).tolist()
            rows.append(_zone_row(zone, old.get(zone.id), corners))
        if not rows:
            return {("zones",): None}
        return {("zones",): rows}

    def _lamp_changes(self, draft: Draft) -> dict[Key, Any]:
        rows = [self._lamp(k, lamp) for k, lamp in enumerate(draft.lamps)]
        return {("cameras", self._file.site.cameras.index(self.camera), "lamps"): rows or None}

    def _lamp(self, k: int, lamp: DraftLamp) -> dict[str, Any]:
        width, height = self.picture_px
        names = ("red_px", "green_px", "amber_px", "hundreds_px", "tens_px", "ones_px")
        boxes = {name: getattr(lamp, name) for name in names}
        for name, box in boxes.items():
            if box is None:
                if name in ("red_px", "green_px"):
                    raise self._error(f"lamps[{k}]", f"'{name}' is missing.", "Draw a box round the lamp.")
                continue
            left, top, right, bottom = box
            if not (0 <= left < right <= width and 0 <= top < bottom <= height):
                raise self._error(f"lamps[{k}].{name}", "the box is empty or outside the picture.", "Draw it again.")
        return {
            "signal_group": lamp.signal_group,
            **{name: list(box) for name, box in boxes.items() if box is not None},
        }

    def _error(self, key: str, problem: str, cure: str) -> ConfigError:
        at = key if key.startswith(("approaches", "zones")) else f"cameras.{self.camera.id}.{key}"
        return ConfigError(self.target, None, at, problem, cure)


def camera_named(file: SiteFile, name: str | None) -> Camera:
    """A camera of the site; its first one for None.

    Raises:
        ConfigError: if there is none.
    """
    names = [camera.id for camera in file.site.cameras]
    if not names:
        cure = "Add one with id, source, width_px, height_px, approaches and four ground_pairs."
        raise ConfigError(str(file.path), None, "cameras", "the site has no camera.", cure)
    if name is None:
        return file.site.cameras[0]
    if name not in names:
        raise ConfigError(
            str(file.path), None, "cameras", f"there is no camera '{name}'.", f"Known: {', '.join(names)}."
        )
    return file.site.cameras[names.index(name)]


def _zone_row(drawn: DraftZone, old: Zone | None, corners: list[list[float]]) -> dict[str, Any]:
    """A zone as the site file has it: hours, classes and groups are typed there, not drawn on the page."""
    row: dict[str, Any] = {"id": drawn.id}
    if drawn.what:
        row["what"] = drawn.what
    row["polygon_m"] = corners
    kind = drawn.kind or (old.kind if old is not None else ZoneKind.OTHER)
    if kind is not ZoneKind.OTHER:
        row["kind"] = kind.value
    if old is not None:
        kept = msgspec.to_builtins(old)
        row |= {name: kept[name] for name in ("hours", "classes", "signal_groups") if kept[name]}
    return row


def _whole_pairs(draft: Draft) -> tuple[list[int], Floats]:
    """Rows of the pairs that have a place on the ground, and these: ``(n, 4)``."""
    rows = [i for i, pair in enumerate(draft.pairs) if pair.x is not None and pair.y is not None]
    chosen = [(draft.pairs[i].u, draft.pairs[i].v, draft.pairs[i].x, draft.pairs[i].y) for i in rows]
    return rows, np.array(chosen, np.float64).reshape(-1, 4)


def _by_pair(report: PairReport, rows: Sequence[int], count: int) -> list[dict[str, float | None] | None]:
    found: list[dict[str, float | None] | None] = [None] * count
    figures = zip(rows, report.residual_px, report.left_out_px, report.left_out_m, strict=True)
    for row, residual, left_out, left_out_m in figures:
        found[row] = {"px": _number(residual), "out_px": _number(left_out), "out_m": _number(left_out_m)}
    return found


def _number(value: float) -> float | None:
    """Three decimals; None for what is not known, for JSON has no NaN."""
    return round(float(value), 3) if np.isfinite(value) else None


def _short(value: float) -> int | float:
    return int(value) if value == int(value) else round(value, 3)
