"""A map tells its error: noise in what it was fitted on is covered, wrong clicks are named, bent lenses are told."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nutgiao.models.contracts.errors import ContractError
from nutgiao.models.vision.calibration import PairNoise, calibrate, map_derivative
from nutgiao.models.vision.pair_check import report_pairs
from tests.models.vision.test_homography import marks, pixels

PICTURE = (1280, 720)
NOISE = PairNoise(px=1.5, m=0.05, scale_share=0.0)


def exact(heading: float = 0.3, height: float = 8.0, pitch: float = 0.2) -> np.ndarray:
    ground = marks(heading)
    return np.hstack([pixels(ground, height, pitch, heading), ground])


def clicked(random: np.random.Generator, rows: list[int] | None = None) -> np.ndarray:
    pairs = exact(0.0)[rows or list(range(10))]
    return pairs + random.normal(0.0, [NOISE.px, NOISE.px, NOISE.m, NOISE.m], pairs.shape)


@settings(max_examples=25)
@given(heading=st.floats(-3.0, 3.0), height=st.floats(4.0, 15.0), pitch=st.floats(0.1, 0.5))
def test_exact_pairs_give_the_exact_map_and_no_suspects(heading: float, height: float, pitch: float) -> None:
    report = report_pairs(exact(heading, height, pitch), PICTURE, NOISE)
    points = marks(heading)[::2] * 1.2
    there = report.calibration.homography.ground(pixels(points, height, pitch, heading))
    assert np.allclose(there, points, atol=1e-4)
    assert (report.residual_px < 1e-4).all()
    assert not report.wrong
    assert report.bend_px == 0.0


def test_the_derivative_of_a_place_by_the_map_is_that_of_small_steps() -> None:
    to_ground = calibrate(exact(), NOISE).homography.to_ground
    uv = np.array([[300.0, 400.0], [900.0, 250.0]])
    slope = map_derivative(to_ground, uv)
    for k in range(9):
        step = np.zeros(9)
        step[k] = 1e-6 * max(1e-3, abs(to_ground.ravel()[k]))
        up, down = (to_ground + sign * step.reshape(3, 3) for sign in (1.0, -1.0))
        rays = np.column_stack([uv, np.ones(2)])
        places = [(rays @ h.T)[:, :2] / (rays @ h.T)[:, 2:] for h in (up, down)]
        assert np.allclose(slope[:, :, k], (places[0] - places[1]) / (2.0 * step[k]), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("rows", [[0, 4, 5, 9], [0, 4, 5, 9, 2, 7], list(range(10))], ids=["four", "six", "ten"])
def test_the_stated_error_covers_what_noisy_clicks_make(rows: list[int]) -> None:
    random = np.random.default_rng(4)
    places = np.array([[0.0, 18.0], [3.0, 40.0], [-4.0, 70.0]])
    uv = pixels(places, 8.0, 0.2, 0.0)
    within = []
    for _ in range(50):
        calibration = calibrate(clicked(random, rows), NOISE)
        off = calibration.homography.ground(uv) - places
        spread = np.linalg.inv(calibration.place_covariance(uv))
        within.append(np.einsum("ni,nij,nj->n", off, spread, off) < 5.99)  # chi square of 2, 95 %
    # The stated noise is only a prior, so an honest interval is a little wider than one that knows the noise.
    assert 0.93 <= np.mean(within) <= 1.0
    assert (np.diff(calibration.place_sd_m(uv)) > 0.0).all()


def test_the_error_is_no_wider_than_it_has_to_be() -> None:
    random = np.random.default_rng(5)
    places = np.array([[0.0, 18.0], [3.0, 40.0], [-4.0, 70.0]])
    uv = pixels(places, 8.0, 0.2, 0.0)
    fits = [calibrate(clicked(random), NOISE) for _ in range(50)]
    made = np.sqrt(np.mean([np.sum((f.homography.ground(uv) - places) ** 2, axis=1) for f in fits], axis=0))
    stated = np.mean([f.place_sd_m(uv) for f in fits], axis=0)
    assert (np.abs(stated / made - 1.0) < 0.3).all()


def test_a_scale_that_may_be_wrong_grows_with_the_distance_from_the_middle() -> None:
    sure, unsure = (calibrate(exact(0.0), PairNoise(0.01, 0.001, share)) for share in (0.0, 0.05))
    middle = exact(0.0)[:, 2:].mean(axis=0)
    far = np.array([[0.0, 80.0]])
    uv = pixels(far, 8.0, 0.2, 0.0)
    added = np.sqrt(unsure.place_sd_m(uv) ** 2 - sure.place_sd_m(uv) ** 2)
    assert added[0] == pytest.approx(0.05 * np.hypot(*(far[0] - middle)), rel=1e-3)


@settings(max_examples=20)
@given(which=st.integers(0, 9), way=st.floats(0.0, 6.28), by=st.floats(45.0, 200.0), seed=st.integers(0, 99))
def test_one_wrong_click_among_ten_is_named(which: int, way: float, by: float, seed: int) -> None:
    pairs = clicked(np.random.default_rng(seed))
    pairs[which, :2] += by * np.array([np.cos(way), np.sin(way)])
    try:
        report = report_pairs(pairs, PICTURE, NOISE)
    except ContractError:  # so far off that the horizon would run between the points: refused, which is as good
        return
    assert report.wrong
    assert report.worst == which
    assert report.left_out_px[which] == pytest.approx(by, abs=0.5 * by + 15.0)


def test_honest_clicks_are_not_called_wrong_nor_the_lens_bent() -> None:
    random = np.random.default_rng(6)
    reports = [report_pairs(clicked(random), PICTURE, NOISE) for _ in range(25)]
    assert sum(report.wrong for report in reports) <= 1
    assert sum(report.bend_px != 0.0 for report in reports) <= 1


def test_with_five_pairs_nobody_can_be_blamed() -> None:
    pairs = clicked(np.random.default_rng(1), [0, 4, 5, 9, 2])
    pairs[2, 0] += 60.0
    report = report_pairs(pairs, PICTURE, NOISE)
    assert report.worst is None
    assert not report.wrong


def test_a_bent_lens_is_told_and_which_way() -> None:
    ahead, right = (a.ravel() for a in np.meshgrid([12.0, 16.0, 25.0, 40.0, 70.0], [-4.0, 0.0, 4.0]))
    ground = np.column_stack([right, ahead])
    uv = pixels(ground, 8.0, 0.35, 0.0)
    middle = np.array(PICTURE) / 2.0
    offset = uv - middle
    inwards = middle + offset * (1.0 - 0.06 * np.sum(offset**2, axis=1) / np.sum(middle**2))[:, None]
    bend = report_pairs(np.hstack([inwards, ground]), PICTURE, NOISE).bend_px
    assert -0.12 * np.hypot(*middle) < bend < -0.02 * np.hypot(*middle)
