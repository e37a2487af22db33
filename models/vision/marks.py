"""A camera's map from what lies and drives on the road: marks of known length, and vehicles of known size.

Everything that was measured goes into one least-squares fit of the camera in `pinhole.py`: lengths of dashes, gaps,
lanes and bars of a crossing, heights of detected vehicles. Any may be absent; what they leave open stays as wide
as it was believed to be, and the error says so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.errors import ContractError
from nutgiao.models.vision.calibration import PRIOR_WEIGHT, Calibration, with_map, with_scale_error
from nutgiao.models.vision.homography import Homography
from nutgiao.models.vision.pinhole import (
    FOOT_X,
    Solution,
    refine,
    solve,
    to_ground_of,
    to_image_of,
    top_rows,
    usual_belief,
)

Floats = NDArray[np.float64]
Direction = Literal["along", "across", "free"]

_ROBUST = 3.0  # a vehicle that is further off than this many standard errors is something else
_UNLIKE = 12.0
"""Vehicles count as so many at most: what the boxes get wrong of one rider they get wrong of all."""

_STRAIGHT = 0.01  # rad: paint along a road is straight and parallel to this


@dataclass(frozen=True, slots=True)
class Mark:
    """A length on the ground between two pixels.

    Attributes:
        from_px: one end.
        to_px: the other end.
        length_m: between them; None where only the direction is known, as of a kerb.
        sd_m: standard error of the length.
        direction: "along" the road, "across" it, or "free".
        name: how messages call it.
    """

    from_px: tuple[float, float]
    to_px: tuple[float, float]
    length_m: float | None
    sd_m: float = 0.02
    direction: Direction = "free"
    name: str = ""


@dataclass(frozen=True, slots=True)
class Bodies:
    """Detected vehicles that stand whole in the picture.

    Attributes:
        boxes_px: ``(n, 4)`` left, top, right, bottom.
        height_m: ``(n,)`` mean height of its kind.
        depth_m: ``(n,)`` how much farther away than the near wheels the highest point is.
        spread_share: ``(n,)`` by how much heights of the kind differ, as a share.
    """

    boxes_px: Floats
    height_m: Floats
    depth_m: Floats
    spread_share: Floats

    def __len__(self) -> int:
        return len(self.boxes_px)


TAPE_M = 0.05
"""Standard error of a place that was measured with a tape."""

NO_PAIRS = np.zeros((0, 4))
NO_BODIES = Bodies(np.zeros((0, 4)), np.zeros(0), np.zeros(0), np.zeros(0))


@dataclass(frozen=True, slots=True)
class Anchor:
    """How the road's plane lies in the site's.

    Attributes:
        at_px: a pixel whose place is known: where the stop line meets the kerb.
        at_m: that place in the site's plane.
        heading_deg: where "away from the camera along the road" leads, clockwise from the site's +y axis.
    """

    at_px: tuple[float, float]
    at_m: tuple[float, float] = (0.0, 0.0)
    heading_deg: float = 0.0


@dataclass(frozen=True, slots=True)
class Fitted:
    """A camera that was found from the road.

    Attributes:
        calibration: the map into the site's plane, with its error.
        focal_px: focal length.
        height_m: of the camera above the road.
        pitch_deg: how far it looks down.
        roll_deg: by how much the picture is turned.
        length_error_m: ``(marks,)`` measured minus known length of each mark; NaN where none is known.
        left_out_m: ``(marks,)`` the same with a fit without it.
        used: ``(bodies,)`` vehicles that fit.
    """

    calibration: Calibration
    focal_px: float
    height_m: float
    pitch_deg: float
    roll_deg: float
    length_error_m: Floats
    left_out_m: Floats
    used: NDArray[np.bool_]


def fit_road(
    picture_px: tuple[int, int],
    anchor: Anchor,
    marks: Sequence[Mark] = (),
    bodies: Bodies = NO_BODIES,
    pairs: Floats = NO_PAIRS,
    *,
    noise_px: float = 1.5,
    scale_share: float = 0.01,
    fov_deg: float | None = None,
) -> Fitted:
    """Fits a camera to marks and vehicles.

    Args:
        picture_px: width and height.
        anchor: how the road's plane lies in the site's.
        marks: lengths on the ground.
        bodies: detected vehicles.
        pairs: ``(n, 4)`` u, v and x, y in the site's plane of points that were measured; two or more put the map there,
            and the anchor's pixel is not asked for any more.
        noise_px: standard error of a clicked pixel and of a box edge.
        scale_share: standard error of all lengths together: paint that is not to the rule, a wrong mean size.
        fov_deg: horizontal field of view of the lens, where it is known.

    Returns:
        The camera with its error.

    Raises:
        ContractError: if there is too little to go by, or nothing fits.
    """
    if len(marks) + len(pairs) < 3 and len(bodies) < 20:
        raise ContractError(f"{len(marks)} marks and {len(bodies)} vehicles: three marks or twenty vehicles are needed")
    if fov_deg is None and len(pairs) < 2 and all(mark.length_m is None for mark in marks):
        raise ContractError(
            "vehicles tell how high a camera hangs and how far it is tilted, not how long its lens is: "
            "give fov_deg, or one length on the road"
        )
    placed = len(pairs) >= 2
    belief = usual_belief(picture_px[0], fov_deg, foot_known=placed)
    uv, xy = pairs[:, :2], pairs[:, 2:] @ _turn(anchor)  # into the road's plane

    def settle(start: Floats) -> Floats:
        if not placed:
            return start
        rays = np.column_stack([uv, np.ones(len(uv))]) @ to_ground_of(start, picture_px).T
        moved = start.copy()
        moved[FOOT_X:] += np.nan_to_num(xy.mean(axis=0) - (rays[:, :2] / rays[:, 2:]).mean(axis=0))
        return moved

    if placed:
        belief.mean[FOOT_X:] = xy.mean(axis=0)
    used = np.ones(len(bodies), np.bool_)

    def residuals(numbers: Floats, kept: Sequence[Mark] = marks) -> Floats:
        alike = math.sqrt(max(1.0, np.count_nonzero(used) / _UNLIKE))
        return np.concatenate([
            _of_marks(numbers, picture_px, kept, noise_px)[0],
            _of_bodies(numbers, picture_px, bodies, noise_px)[used] / alike,
            _of_pairs(numbers, picture_px, uv, xy, noise_px) if placed else np.zeros(0),
        ])  # fmt: skip

    if len(bodies):  # heavy tails first, so that what was taken for a car does not pull; then those that fit count

        def softened(numbers: Floats) -> Floats:
            off = residuals(numbers)
            return np.asarray(np.sign(off) * np.sqrt(2.0 * np.log1p(0.5 * off**2)))  # a Cauchy-like loss

        start = solve(softened, belief, settle)
        off = _of_bodies(start.numbers, picture_px, bodies, noise_px)
        used = np.abs(np.nan_to_num(off, nan=np.inf)) < _ROBUST
        solution = refine(residuals, belief, start.numbers)
    else:
        solution = solve(residuals, belief, settle)
    told = np.count_nonzero(_of_marks(solution.numbers, picture_px, marks, noise_px)[0])
    told += 2 * len(pairs) - 2 if placed else 0
    freedom = max(0.0, told + min(float(np.count_nonzero(used)), _UNLIKE) - 5.0)
    without = []
    for i in range(len(marks) if len(marks) > 3 else 0):
        others = [*marks[:i], *marks[i + 1 :]]
        without.append(refine(partial(residuals, kept=others), belief, solution.numbers))
    if solution.misfit > 25.0 * (freedom + 4.0):
        worst = min(range(len(without)), key=lambda i: without[i].misfit, default=None)
        name = "the vehicles" if worst is None else f"mark {worst + 1} {marks[worst].name}".rstrip()
        raise ContractError(
            f"what was measured fits no camera above flat ground; without {name} it fits best: "
            "look at its length, its direction and its two ends"
        )
    factor = max(1.0, (PRIOR_WEIGHT + solution.misfit) / (PRIOR_WEIGHT + freedom))
    into_site = _placed if placed else _anchored
    to_ground = into_site(solution.numbers, picture_px, anchor)
    covariance = _carried(solution, partial(into_site, picture_px=picture_px, anchor=anchor), factor)
    middle = pairs[:, 2:].mean(axis=0) if placed else np.array(anchor.at_m)
    lengths = _of_marks(solution.numbers, picture_px, marks, noise_px)[1]
    left_out = np.full(len(marks), np.nan)
    for i, fit in enumerate(without):
        left_out[i] = _of_marks(fit.numbers, picture_px, marks[i : i + 1], noise_px)[1][0]
    homography = with_map(to_ground, middle[None, :], _rms(lengths), _rms(left_out))
    calibration = Calibration(homography, covariance, PRIOR_WEIGHT + freedom)
    focal, pitch, roll, height = (float(number) for number in solution.numbers[:4])
    return Fitted(
        calibration=with_scale_error(calibration, scale_share, middle),
        focal_px=math.exp(focal),
        height_m=math.exp(height),
        pitch_deg=math.degrees(pitch),
        roll_deg=math.degrees(roll),
        length_error_m=lengths,
        left_out_m=left_out,
        used=used,
    )


def pairs_on(homography: Homography, picture_px: tuple[int, int], rows_px: tuple[float, float]) -> Floats:
    """Pairs that stand for a map in a site file: a grid of pixels on the road with their ground points.

    Args:
        homography: the map.
        picture_px: width and height.
        rows_px: highest and lowest row that was looked at.

    Returns:
        ``(12, 4)`` u, v in whole pixels, x, y in metres.
    """
    u, v = np.meshgrid(np.linspace(0.1, 0.9, 3) * picture_px[0], np.linspace(*rows_px, 4))
    uv = np.column_stack([u.ravel(), v.ravel()]).round()
    xy = homography.ground(uv)
    if not np.isfinite(xy).all():
        raise ContractError("the highest mark lies above the fitted horizon: leave it out")
    return np.hstack([uv, xy.round(3)])


def _anchored(numbers: Floats, picture_px: tuple[int, int], anchor: Anchor) -> Floats:
    """Pixels to the site's plane, third coordinate 1 at the anchor."""
    to_road = to_ground_of(numbers, picture_px)
    at = to_road @ np.array([*anchor.at_px, 1.0])
    x, y = at[:2] / at[2]
    turn = _turn(anchor)
    shift = np.array(anchor.at_m) - turn @ np.array([x, y])
    into_site = np.array([[*turn[0], shift[0]], [*turn[1], shift[1]], [0.0, 0.0, 1.0]])
    return np.asarray(into_site @ to_road / at[2])


def _turn(anchor: Anchor) -> Floats:
    """``(2, 2)`` from the road's plane to the site's: the road's y axis becomes the heading."""
    heading = math.radians(anchor.heading_deg)
    cosine, sine = math.cos(heading), math.sin(heading)
    return np.array([[cosine, sine], [-sine, cosine]])


def _placed(numbers: Floats, picture_px: tuple[int, int], anchor: Anchor) -> Floats:
    """Pixels to the site's plane for a camera whose foot is known there; third coordinate 1 at the lower edge."""
    to_road = to_ground_of(numbers, picture_px)
    depth = to_road[2] @ np.array([picture_px[0] / 2.0, picture_px[1], 1.0])
    turned = np.eye(3)
    turned[:2, :2] = _turn(anchor)
    return np.asarray(turned @ to_road / depth)


def _carried(solution: Solution, into_site: Callable[[Floats], Floats], factor: float) -> Floats:
    """Covariance of the nine numbers of the map from that of the camera's."""
    slopes = []
    for k in range(7):
        step = np.zeros(7)
        step[k] = 1e-5
        up, down = (into_site(solution.numbers + sign * step) for sign in (1.0, -1.0))
        slopes.append(((up - down) / 2e-5).ravel())
    slope = np.stack(slopes, axis=1)
    return np.asarray(factor * slope @ solution.covariance @ slope.T)


def _of_marks(
    numbers: Floats, picture_px: tuple[int, int], marks: Sequence[Mark], noise_px: float
) -> tuple[Floats, Floats]:
    """Residuals of marks over their standard errors, and their measured minus known lengths in metres."""
    if not marks:
        return np.zeros(0), np.zeros(0)
    to_ground = to_ground_of(numbers, picture_px)
    view = Homography(to_ground, to_image_of(numbers, picture_px), math.nan, math.nan)
    one, other = (np.array([getattr(mark, end) for mark in marks], np.float64) for end in ("from_px", "to_px"))
    reach = view.ground(other) - view.ground(one)
    length = np.hypot(*reach.T)
    way = reach / np.maximum(length, 1e-9)[:, None]
    slopes = np.stack([view.jacobian(one), view.jacobian(other)])
    known = np.array([math.nan if mark.length_m is None else mark.length_m for mark in marks])
    sd = np.array([mark.sd_m for mark in marks])

    def spread(axis: Floats) -> Floats:
        return np.asarray(noise_px**2 * np.sum(np.einsum("enij,ni->enj", slopes, axis) ** 2, axis=(0, 2)))

    off = np.where(np.isnan(known), 0.0, (length - known) / np.sqrt(sd**2 + spread(way)))
    straight = []
    for axis, word in ((np.array([1.0, 0.0]), "along"), (np.array([0.0, 1.0]), "across")):
        rows = [i for i, mark in enumerate(marks) if mark.direction == word]
        error = np.sqrt(spread(np.broadcast_to(axis, (len(marks), 2))) + (_STRAIGHT * length) ** 2)
        straight.append((reach @ axis / error)[rows])
    return np.concatenate([off, *straight]), length - known


def _of_bodies(numbers: Floats, picture_px: tuple[int, int], bodies: Bodies, noise_px: float) -> Floats:
    """Residuals of vehicles: seen minus expected row of the top, over its standard error."""
    if not len(bodies):
        return np.zeros(0)
    boxes = bodies.boxes_px
    feet = np.column_stack([(boxes[:, 0] + boxes[:, 2]) / 2.0, boxes[:, 3]])
    expected = top_rows(numbers, picture_px, feet, bodies.height_m, bodies.depth_m)
    sd = np.sqrt(2.0 * noise_px**2 + (bodies.spread_share * (boxes[:, 3] - boxes[:, 1])) ** 2)
    return np.asarray((boxes[:, 1] - expected) / sd)


def _of_pairs(numbers: Floats, picture_px: tuple[int, int], uv: Floats, xy: Floats, noise_px: float) -> Floats:
    """Residuals of measured points in the picture, over their standard errors."""
    view = Homography(to_ground_of(numbers, picture_px), to_image_of(numbers, picture_px), math.nan, math.nan)
    with np.errstate(all="ignore"):
        px_per_m = 1.0 / np.linalg.norm(view.jacobian(uv), axis=2)  # rows x and y, as lengths
    sd = np.hypot(noise_px, TAPE_M * np.nan_to_num(px_per_m.max(axis=1)))[:, None]
    return np.asarray(((view.image(xy) - uv) / sd).ravel())


def _rms(errors: Floats) -> float:
    known = errors[np.isfinite(errors)]
    return float(np.sqrt(np.mean(known**2))) if len(known) else math.nan
