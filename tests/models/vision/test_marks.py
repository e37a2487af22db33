"""A camera is found from what lies on the road: dashes, bars, kerbs and the sizes of vehicles, each with its error."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nutgiao.configs.loader import load_site
from nutgiao.models.contracts.errors import ContractError
from nutgiao.models.vision.marks import Anchor, Bodies, Fitted, Mark, fit_road, pairs_on
from nutgiao.models.vision.pinhole import to_image_of, top_rows

PICTURE = (1280, 720)
CAMERA = np.array([math.log(1100.0), math.radians(14.0), 0.01, math.log(7.5), 0.1, 0.0, 0.0])
PLACES = np.array([[0.0, 22.0], [0.0, 40.0], [2.0, 55.0]])


def seen(x: float, y: float) -> tuple[float, float]:
    u, v, w = to_image_of(CAMERA, PICTURE) @ np.array([x, y, 1.0])
    return float(u / w), float(v / w)


def lane_paint(random: np.random.Generator | None = None) -> list[Mark]:
    """Dashes of 2 m and gaps of 6 m along the road, and a lane of 3.5 m."""

    def click(x: float, y: float) -> tuple[float, float]:
        u, v = seen(x, y)
        return (u, v) if random is None else (u + random.normal(0.0, 1.0), v + random.normal(0.0, 1.0))

    found = []
    for y in (18.0, 26.0, 34.0, 42.0):
        found.append(Mark(click(1.75, y), click(1.75, y + 2.0), 2.0, 0.02, "along", "dash"))
        found.append(Mark(click(1.75, y + 2.0), click(1.75, y + 8.0), 6.0, 0.02, "along", "gap"))
    for y in (20.0, 34.0):
        found.append(Mark(click(-1.75, y), click(1.75, y), 3.5, 0.05, "across", "lane"))
    return found


ANCHOR = Anchor(seen(0.0, 18.0), (0.0, 18.0))


def off(fit: Fitted) -> tuple[np.ndarray, np.ndarray]:
    """Distances from the true places, and what the fit says of them."""
    uv = np.array([seen(*place) for place in PLACES])
    return np.hypot(*(fit.calibration.homography.ground(uv) - PLACES).T), fit.calibration.place_sd_m(uv)


def vehicles(random: np.random.Generator, count: int = 150) -> Bodies:
    """Riders and cars of mixed heights all over the road, a few of them something else."""
    ground = np.column_stack([random.uniform(-5.0, 5.0, count), random.uniform(14.0, 70.0, count)])
    feet = np.array([seen(*place) for place in ground])
    rider = random.random(count) < 0.7
    height, depth = np.where(rider, 1.62, 1.5), np.where(rider, 1.0, 3.0)
    tops = top_rows(CAMERA, PICTURE, feet, height * (1.0 + random.normal(0.0, 0.06, count)), depth)
    tops[:8] += 40.0
    boxes = np.column_stack([feet[:, 0] - 5.0, tops, feet[:, 0] + 5.0, feet[:, 1]])
    return Bodies(boxes + random.normal(0.0, 1.0, boxes.shape), height, depth, np.full(count, 0.06))


def test_exact_paint_gives_the_exact_camera() -> None:
    fit = fit_road(PICTURE, ANCHOR, lane_paint(), scale_share=0.0)
    assert fit.height_m == pytest.approx(7.5, rel=0.01)
    assert fit.focal_px == pytest.approx(1100.0, rel=0.01)
    assert fit.pitch_deg == pytest.approx(14.0, abs=0.1)
    assert (off(fit)[0] < 0.1).all()


def test_clicked_paint_gives_places_within_the_stated_error() -> None:
    random = np.random.default_rng(2)
    ratio = []
    for _ in range(3):
        fit = fit_road(PICTURE, ANCHOR, lane_paint(random), noise_px=1.0)
        made, stated = off(fit)
        ratio.append(made / stated)
        assert np.sqrt(np.mean(fit.left_out_m**2)) >= np.sqrt(np.mean(fit.length_error_m**2))
    assert np.mean(np.array(ratio) ** 2) < 2.0
    assert np.mean(np.array(ratio) ** 2) > 0.1  # an error that is never made is no error


def test_vehicles_tell_height_and_tilt_and_leave_the_lens_to_others() -> None:
    kerb = Mark(*seen_line(), None, direction="along")
    bodies = vehicles(np.random.default_rng(3))
    with pytest.raises(ContractError, match="fov_deg"):
        fit_road(PICTURE, ANCHOR, [kerb], bodies)
    gap = Mark(seen(1.75, 20.0), seen(1.75, 26.0), 6.0, 0.3, "along")
    alone = fit_road(PICTURE, ANCHOR, [kerb, gap], bodies, scale_share=0.04)
    lens = fit_road(
        PICTURE, ANCHOR, [kerb], bodies, scale_share=0.04, fov_deg=math.degrees(2.0 * math.atan(640.0 / 1100.0))
    )
    assert not alone.used[:8].any()
    assert alone.used.mean() > 0.9
    assert alone.height_m == pytest.approx(7.5, rel=0.06)
    for fit in (alone, lens):
        made, stated = off(fit)
        assert (made < 3.0 * stated).all()
    assert (off(lens)[1] < off(alone)[1]).all()


def test_paint_and_vehicles_together_are_surer_than_either() -> None:
    random = np.random.default_rng(4)
    paint, bodies = lane_paint(random)[:4], vehicles(random)
    together = off(fit_road(PICTURE, ANCHOR, paint, bodies))[1]
    assert (together < off(fit_road(PICTURE, ANCHOR, paint))[1]).all()
    assert (together < off(fit_road(PICTURE, ANCHOR, paint[:2], bodies))[1]).all()


def seen_line() -> tuple[tuple[float, float], tuple[float, float]]:
    return seen(4.0, 18.0), seen(4.0, 40.0)


def test_three_measured_points_and_paint_give_what_neither_gives_alone() -> None:
    random = np.random.default_rng(5)
    turn, shift = np.array([[0.0, 1.0], [-1.0, 0.0]]), np.array([400.0, -70.0])  # the road leads to 90 degrees here

    def site(places: np.ndarray) -> np.ndarray:
        return np.asarray(places @ turn.T + shift)

    known = np.array([[4.0, 20.0], [-4.0, 24.0], [3.0, 45.0]])
    uv = np.array([seen(*place) for place in known]) + random.normal(0.0, 1.0, (3, 2))
    pairs = np.hstack([uv, site(known)])
    paint = lane_paint(random)[:4]
    fit = fit_road(PICTURE, Anchor((0.0, 0.0), heading_deg=90.0), paint, pairs=pairs, noise_px=1.0)
    at = np.array([seen(*place) for place in PLACES])
    off_m = np.hypot(*(fit.calibration.homography.ground(at) - site(PLACES)).T)
    stated = fit.calibration.place_sd_m(at)
    assert (off_m < 3.0 * stated).all()
    far = slice(1, None)  # near its anchor, which counts as exact, paint alone is surer
    assert (stated[far] < off(fit_road(PICTURE, ANCHOR, paint, noise_px=1.0))[1][far]).all()


def test_a_wrong_length_is_named() -> None:
    paint = lane_paint()
    paint[8] = Mark(paint[8].from_px, paint[8].to_px, 9.0, 0.05, "across", "lane")
    with pytest.raises(ContractError, match="mark 9 lane"):
        fit_road(PICTURE, ANCHOR, paint)


def test_too_little_to_go_by_is_refused() -> None:
    with pytest.raises(ContractError, match="three marks or twenty vehicles"):
        fit_road(PICTURE, ANCHOR, lane_paint()[:2])


def test_pairs_made_of_a_fit_carry_it_into_a_site_file() -> None:
    fit = fit_road(PICTURE, ANCHOR, lane_paint())
    pairs = pairs_on(fit.calibration.homography, PICTURE, (seen(0.0, 50.0)[1], 700.0))
    assert pairs.shape == (12, 4)
    assert np.allclose(fit.calibration.homography.image(pairs[:, 2:]), pairs[:, :2], atol=0.5)
    with pytest.raises(ContractError, match="horizon"):
        pairs_on(fit.calibration.homography, PICTURE, (10.0, 700.0))


def test_giang_vo_calibrated_from_its_paint_gives_back_its_own_pairs_within_the_error() -> None:
    camera = load_site("giangvo").cameras[0]
    pairs = np.array(camera.ground_pairs)
    at, ground = pairs[:, :2], pairs[:, 2:]

    def mark(i: int, k: int, length_m: float | None, direction: str) -> Mark:
        return Mark(tuple(at[i]), tuple(at[k]), length_m, 0.05, direction)  # type: ignore[arg-type]

    bars = [(0, 2, 2.0), (2, 4, 2.0), (4, 6, 2.0), (6, 8, 5.0), (1, 3, 2.0), (3, 5, 2.0), (5, 7, 2.0), (7, 9, 5.0)]
    paint = [mark(i, k, length, "across") for i, k, length in bars]
    paint += [mark(12, 13, 5.0, "free"), mark(13, 14, 5.0, "free"), mark(10, 11, None, "along")]
    fit = fit_road((640, 480), Anchor(tuple(at[4]), tuple(ground[4])), paint, noise_px=camera.calibration.pair_px)
    off_m = np.hypot(*(fit.calibration.homography.ground(at) - ground).T)
    stated = np.hypot(fit.calibration.place_sd_m(at), 0.2)  # the pairs themselves are good to 0.2 m
    assert np.mean((off_m / stated) ** 2) < 2.0
    assert (off_m < 3.0 * stated).all()
    assert 4.0 < fit.height_m < 10.0
