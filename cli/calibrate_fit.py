"""Where `nutgiao calibrate` gets its map from: the site file, a file of pairs, or marks and vehicles on the road."""

from __future__ import annotations

import argparse
import csv
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from nutgiao.configs.marks import MarksFile, ResolvedMark, load_markings, load_marks
from nutgiao.edge.calibrate.desk import Desk
from nutgiao.edge.calibrate.still import Image, fit_to_camera
from nutgiao.models.contracts.errors import ConfigError, ContractError
from nutgiao.models.contracts.site import CalibrationNote
from nutgiao.models.contracts.words import CLASS_CODE, VehicleClass
from nutgiao.models.vision.calibration import Calibration, noted_noise
from nutgiao.models.vision.marks import NO_BODIES, NO_PAIRS, Anchor, Bodies, Fitted, Mark, fit_road, pairs_on
from nutgiao.models.vision.pair_check import PairReport, report_pairs

Floats = NDArray[np.float64]

BODY = {
    # class: mean height, how much farther than its near wheels its highest point is, spread of heights
    VehicleClass.MOTORCYCLE: (1.62, 1.0, 0.06),  # a rider's helmet, over the middle of the machine
    VehicleClass.CAR: (1.50, 3.0, 0.07),
}
"""Mean sizes in metres; the mean itself is known to `BODY_SHARE`."""

BODY_SHARE = 0.04
PAINT_SHARE = 0.02
_RIM_PX = 3.0


@dataclass(frozen=True, slots=True)
class Fit:
    """A map with what it rests on.

    Attributes:
        calibration: the map and its error.
        pairs: ``(n, 4)`` for the site file.
        note: what the site file says about it.
        report: about each pair, if it was fitted to pairs.
        road: the camera, if it was fitted to the road.
        marks: their names.
    """

    calibration: Calibration
    pairs: Floats
    note: CalibrationNote
    report: PairReport | None = None
    road: Fitted | None = None
    marks: tuple[ResolvedMark, ...] = ()


def fitted(args: argparse.Namespace, desk: Desk, still: Image) -> Fit:
    """The map that the command line asks for.

    Raises:
        ConfigError: if a file is wrong, or fixes no map.
    """
    if args.marks:
        return _from_road(args, desk, still)
    if args.pairs:
        return _from_pairs(read_pairs(args.pairs), str(args.pairs), desk, CalibrationNote(made=desk.today()))
    if desk.unmeasured:
        cure = "Fit it with --pairs or --marks, or click it with --serve."
        raise ConfigError(desk.target, None, f"cameras.{desk.camera.id}.ground_pairs", "there are none yet.", cure)
    pairs = np.array(desk.camera.ground_pairs, np.float64)
    return _from_pairs(pairs, desk.target, desk, desk.camera.calibration)


def read_pairs(path: Path) -> Floats:
    """Pairs of a CSV file: u, v, x, y in a line each; a heading and lines with # are passed over.

    Raises:
        ConfigError: names the line that is wrong.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise ConfigError(str(path), None, "", "this is no text.", "Give a CSV file: u,v,x,y.") from None
    except OSError as error:
        raise ConfigError(str(path), None, "", f"cannot be read: {error.strerror}.", "Check the path.") from error
    rows = []
    for number, row in enumerate(csv.reader(lines, skipinitialspace=True), start=1):
        words = [word.partition("#")[0].strip() for word in row]
        if not any(words) or row[0].lstrip().startswith("#") or words == ["u", "v", "x", "y"]:
            continue
        try:
            figures = [float(word) for word in words if word]
        except ValueError:
            figures = []
        if len(figures) != 4 or not np.isfinite(figures).all():
            problem = f"'{','.join(row)}' is no pair."
            raise ConfigError(str(path), number, "", problem, "Write u,v in pixels and x,y in metres.")
        rows.append(figures)
    return np.array(rows, np.float64).reshape(-1, 4)


def _from_pairs(pairs: Floats, source: str, desk: Desk, note: CalibrationNote) -> Fit:
    try:
        report = report_pairs(pairs, desk.picture_px, noted_noise(note))
    except ContractError as error:
        problem = f"{str(error).removeprefix('ground_pairs: ')}."
        raise ConfigError(source, None, "ground_pairs", problem, "Four points, no three on a line.") from error
    return Fit(report.calibration, pairs, note, report=report)


def _from_road(args: argparse.Namespace, desk: Desk, still: Image) -> Fit:
    file, marks = load_marks(args.marks, load_markings(args.markings))
    names = desk.camera.approaches
    if file.approach is not None and file.approach not in names:
        problem, cure = f"this camera watches no approach '{file.approach}'.", f"It watches: {', '.join(names)}."
        raise ConfigError(str(args.marks), None, "approach", problem, cure)
    bodies = _bodies(args, desk, still) if args.vehicles else NO_BODIES
    clicked = [Mark(mark.from_px, mark.to_px, mark.length_m, mark.sd_m, mark.direction, mark.name) for mark in marks]
    anchor = _anchor(file, desk)
    measured = read_pairs(args.pairs) if args.pairs else NO_PAIRS
    scale = PAINT_SHARE if len(marks) > 2 and any(mark.length_m for mark in marks) else BODY_SHARE
    try:
        given = (clicked, bodies, measured)
        road = fit_road(desk.picture_px, anchor, *given, scale_share=scale, fov_deg=file.fov_deg)
        rows = [v for mark in marks for v in (mark.from_px[1], mark.to_px[1])] + bodies.boxes_px[:, 3].tolist()
        pairs = pairs_on(road.calibration.homography, desk.picture_px, (min(rows), 0.97 * desk.picture_px[1]))
    except ContractError as error:
        raise ConfigError(str(args.marks), None, "marks", f"{error}.", "Look at lengths and clicks.") from error
    share, place_m = _summary(road.calibration, pairs)
    note = CalibrationNote(
        method="vehicles" if len(bodies) else "marks", made=desk.today(), pair_m=place_m, scale_share=share
    )
    return Fit(road.calibration, pairs, note, road=road, marks=marks)


def _anchor(file: MarksFile, desk: Desk) -> Anchor:
    approach = next(one for one in desk.watched if one.id == (file.approach or desk.camera.approaches[0]))
    heading = approach.heading_deg if file.traffic == "away" else (approach.heading_deg + 180.0) % 360.0
    return Anchor(file.anchor_px, approach.origin_m, heading)


def _summary(calibration: Calibration, pairs: Floats) -> tuple[float, float]:
    """The error of a map in two figures, which a site file has room for: of all lengths, and of single places.

    The first is the usual error of a distance from the nearest pair to the others; the second is that pair's own.
    """
    uv, xy = pairs[:, :2], pairs[:, 2:]
    away = np.linalg.norm(xy - xy[-1], axis=1)
    sd = calibration.place_sd_m(uv)
    far = away > 1.0
    share = float(np.clip(np.median(sd[far] / away[far]), 0.005, 1.0)) if far.any() else 1.0
    return round(share, 4), round(float(np.clip(sd.min(), 0.02, 5.0)), 3)


def _bodies(args: argparse.Namespace, desk: Desk, still: Image) -> Bodies:
    """Whole riders and cars of the first frames, each in pixels of the calibration."""
    from nutgiao.cli.models import card_named, open_store, pull_with_bar
    from nutgiao.edge.camera.video import open_source
    from nutgiao.edge.detect.onnx import OnnxDetector

    card = card_named(None)
    detector = OnnxDetector(pull_with_bar(open_store(), card, yes=True), card)
    scale = fit_to_camera(still, desk.camera, desk.target)
    width, height = desk.picture_px
    boxes, sizes = [], []
    codes = {CLASS_CODE[kind]: size for kind, size in BODY.items()}
    with open_source(args.source, desk.camera.id) as source:
        for _ in range(args.vehicles):
            frame = source.read()
            if frame is None:
                break
            found = detector.look(frame.image).users
            for box, code in zip(found.boxes_px / scale, found.classes.tolist(), strict=True):
                whole = box[0] > _RIM_PX and box[1] > _RIM_PX and box[2] < width - _RIM_PX and box[3] < height - _RIM_PX
                if whole and code in codes:
                    boxes.append(box)
                    sizes.append(codes[code])
    if not boxes:
        raise ConfigError(args.source, None, "--vehicles", "no whole rider or car was seen.", "Look at more frames.")
    figures = np.array(sizes, np.float64)
    return Bodies(np.array(boxes, np.float64), figures[:, 0], figures[:, 1], figures[:, 2])


def note_words(note: CalibrationNote) -> str:
    """The note in a line."""
    body = msgspec.to_builtins(note)
    return ", ".join(f"{name} {value}" for name, value in body.items() if value is not None)
