"""Green bands: what the theory says of two lights, and every corridor counted out second by second."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgiao.optimizer.bandwidth import two_way_band, widest_band

CYCLE_S = 60


def test_offsets_that_fit_the_speed_leave_the_whole_green() -> None:
    """Two lights 30 s apart in a cycle of 60 s: half a cycle of offset is a green wave both ways."""
    greens = [[(0.0, 25.0)], [(30.0, 55.0)]]
    band = two_way_band(greens, greens, [0.0, 300.0], CYCLE_S, 10.0)
    assert (band.outbound.width_s, band.inbound.width_s) == (25.0, 25.0)
    assert band.efficiency == pytest.approx(25 / 60)
    assert band.attainability == 1.0


def test_each_second_of_a_wrong_offset_is_lost_one_way() -> None:
    greens = [[(0.0, 25.0)], [(37.0, 62.0)]]
    band = two_way_band(greens, greens, [0.0, 300.0], CYCLE_S, 10.0)
    assert (band.outbound.start_s, band.outbound.width_s) == (7.0, 18.0)
    assert band.inbound.width_s == 18.0


def test_simultaneous_lights_a_quarter_cycle_apart_have_half_a_band() -> None:
    """With half the cycle green and 15 s of travel, 30 - 15 s are left in either direction."""
    greens = [[(0.0, 30.0)], [(0.0, 30.0)]]
    band = two_way_band(greens, greens, [0.0, 150.0], CYCLE_S, 10.0)
    assert (band.outbound.width_s, band.inbound.width_s) == (15.0, 15.0)


def test_a_band_may_cross_the_end_of_the_cycle() -> None:
    band = widest_band([[(50.0, 75.0)], [(55.0, 75.0)]], [0.0, 0.0], CYCLE_S)
    assert (band.start_s, band.width_s) == (55.0, 20.0)


def test_where_greens_never_meet_there_is_no_band() -> None:
    assert widest_band([[(0.0, 20.0)], [(30.0, 50.0)]], [0.0, 0.0], CYCLE_S).width_s == 0.0


def test_lights_that_are_always_green_give_the_whole_cycle() -> None:
    assert widest_band([[(0.0, 60.0)], [(7.0, 67.0)]], [0.0, 11.0], CYCLE_S).width_s == CYCLE_S


@pytest.mark.parametrize(
    ("greens", "travel", "cycle"), [([], [], 60.0), ([[(0.0, 5.0)]], [0.0, 1.0], 60.0), ([[(0.0, 5.0)]], [0.0], 0.0)]
)
def test_what_makes_no_corridor_is_refused(
    greens: list[list[tuple[float, float]]], travel: list[float], cycle: float
) -> None:
    with pytest.raises(ValueError, match="lights"):
        widest_band(greens, travel, cycle)


LIGHTS = st.lists(
    st.tuples(st.lists(st.booleans(), min_size=24, max_size=24), st.integers(0, 80)), min_size=1, max_size=5
)


@given(LIGHTS)
def test_the_band_is_what_one_counts_second_by_second(lights: list[tuple[list[bool], int]]) -> None:
    """Whole seconds: a start second passes if every light is green when it comes there; the longest run is the band."""
    cycle = 24
    greens = [[(float(s), float(s + 1)) for s in range(cycle) if shown[s]] for shown, _ in lights]
    travel = [after for _, after in lights]
    passes = [all(shown[(s + t) % cycle] for shown, t in lights) for s in range(cycle)]
    longest = run = 0
    for one in passes * 2:
        run = run + 1 if one else 0
        longest = max(longest, run)
    band = widest_band(greens, [float(t) for t in travel], float(cycle))
    assert band.width_s == pytest.approx(min(longest, cycle))
    assert all(passes[(int(band.start_s) + k) % cycle] for k in range(int(band.width_s)))


@given(LIGHTS)
def test_the_way_back_is_the_same_corridor_read_from_its_other_end(lights: list[tuple[list[bool], int]]) -> None:
    """At 1 m/s a metre is a second: inbound starts at the last light and comes to the first after the whole way."""
    cycle = 24
    far = sorted(metres for _, metres in lights)
    greens = [[(float(s), float(s + 1)) for s in range(cycle) if shown[s]] for shown, _ in lights]
    always = [[(0.0, float(cycle))]] * len(lights)
    band = two_way_band(always, greens, [float(m) for m in far], float(cycle), 1.0)
    passes = [
        all(shown[(s + far[-1] - m) % cycle] for (shown, _), m in zip(lights, far, strict=True)) for s in range(cycle)
    ]
    longest = run = 0
    for one in passes * 2:
        run = run + 1 if one else 0
        longest = max(longest, run)
    assert band.inbound.width_s == pytest.approx(min(longest, cycle))
    assert band.outbound.width_s == cycle


@given(LIGHTS, st.floats(0.0, 24.0))
def test_turning_the_clock_turns_the_band_and_nothing_else(
    lights: list[tuple[list[bool], int]], later_s: float
) -> None:
    greens = [[(float(s), float(s + 1)) for s in range(24) if shown[s]] for shown, _ in lights]
    later = [[(start + later_s, end + later_s) for start, end in light] for light in greens]
    travel = [float(t) for _, t in lights]
    assert widest_band(later, travel, 24.0).width_s == pytest.approx(widest_band(greens, travel, 24.0).width_s)
