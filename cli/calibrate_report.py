"""What `nutgiao calibrate` tells about a map: errors in metres, the pairs and marks, and what is wrong with them."""

from __future__ import annotations

import math

import numpy as np

from nutgiao.cli.calibrate_fit import Fit, note_words
from nutgiao.edge.calibrate.desk import Desk
from nutgiao.edge.calibrate.street import trust
from nutgiao.models.vision.speed import map_speed_sd

SHOWN_MPS = 10.0


def tell(fit: Fit, desk: Desk) -> bool:
    """Prints it.

    Returns:
        Whether a pair is so wrong that the map should not be used.
    """
    homography = fit.calibration.homography
    print(f"{desk.target}: camera {desk.camera.id}, {note_words(fit.note)}")
    checked = "too few to check" if math.isnan(homography.leave_one_out_m) else f"{homography.leave_one_out_m:.2f} m"
    print(f"  error by cross-validation: {checked}; fit: {homography.rms_m:.2f} m rms")
    if fit.road is not None:
        _tell_road(fit)
    wrong = _tell_pairs(fit) if fit.report is not None else False
    _tell_places(fit, desk)
    return wrong


def _tell_pairs(fit: Fit) -> bool:
    report = fit.report
    assert report is not None  # noqa: S101 - asked by the caller
    print("  pair        u       v         x        y   off px   off m (left out)")
    for k, (u, v, x, y) in enumerate(fit.pairs):
        out = "" if math.isnan(report.left_out_m[k]) else f"{report.left_out_m[k]:8.2f}"
        mark = "  <- wrong" if report.wrong and k == report.worst else ""
        print(f"  {k + 1:4} {u:8.1f} {v:7.1f} {x:9.2f} {y:8.2f} {report.residual_px[k]:8.1f} {out}{mark}")
    if report.wrong and report.worst is not None:
        k = report.worst
        print(
            f"  pair {k + 1} is wrong: the others put it {report.left_out_px[k]:.0f} px "
            f"({report.left_out_m[k]:.2f} m) away. Click or measure it again"
        )
    if report.worst is None:
        print("  with fewer than six pairs a wrong one cannot be told from the others: take more")
    if report.bend_px:
        way = "outwards" if report.bend_px > 0 else "inwards"
        print(
            f"  the lens bends straight lines: about {abs(report.bend_px):.0f} px {way} at the corners. "
            "Take pairs where it matters"
        )
    return report.wrong


def _tell_road(fit: Fit) -> None:
    road = fit.road
    assert road is not None  # noqa: S101 - asked by the caller
    print(
        f"  camera: {road.height_m:.1f} m high, looks down {road.pitch_deg:.1f} degrees, rolled {road.roll_deg:.1f}, "
        f"focal length {road.focal_px:.0f} px"
    )
    for k, mark in enumerate(fit.marks):
        if mark.length_m is not None:
            out = "" if math.isnan(road.left_out_m[k]) else f", left out {road.left_out_m[k]:+.2f}"
            print(f"  mark {k + 1} {mark.name}: {mark.length_m:.2f} m, off {road.length_error_m[k]:+.2f}{out}")
    if len(road.used):
        print(f"  vehicles: {len(road.used)} seen, {int(road.used.sum())} fit")


def _tell_places(fit: Fit, desk: Desk) -> None:
    """Error of places and of speeds over the picture."""
    places = trust(fit.calibration, desk.picture_px)
    if not places:
        print("  nowhere in the picture is a place known to two metres")
        return
    print(f"  a place in the picture is known to (1 sd, m), a speed of {SHOWN_MPS:g} m/s to (1 sd, m/s), map alone:")
    uv = np.array([[place["u"], place["v"]] for place in places])
    ground = fit.calibration.homography.ground(uv)
    away = -fit.calibration.homography.towards_camera(uv)
    speeds = map_speed_sd(fit.calibration, ground, SHOWN_MPS * away)
    for v in sorted({place["v"] for place in places}):
        at = [k for k, place in enumerate(places) if place["v"] == v]
        sd = [places[k]["sd_m"] for k in at]
        fast = speeds[at][np.isfinite(speeds[at])]
        told = f"{np.median(fast):5.2f}" if len(fast) else "    -"
        print(f"    row {v:6.0f}: {min(sd):5.2f} to {max(sd):5.2f}   {told}")
