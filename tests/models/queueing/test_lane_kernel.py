"""The lane kernel adds up as the plain words say, and nobody gets lost."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from nutgiao.models.queueing.lane_kernel import AHEAD_VEH, BACK_M, PRESENT, QUEUE_MCU, QUEUE_VEH, lane_sums

vehicle = st.tuples(
    st.floats(-8.0, 70.0), st.sampled_from([1.9, 4.4, 11.0]), st.integers(-1, 2), st.booleans(), st.floats(-2.0, 15.0)
)


def sums(vehicles: list[tuple[float, float, int, bool, float]], max_gap: float = 15.0) -> np.ndarray:
    table = sorted(vehicles)
    out = np.full((3, 7), np.nan)
    x, length, lane, queued, speed = (list(column) for column in zip(*table, strict=True)) if table else ([],) * 5
    floats = [np.array(c, np.float64) for c in (x, length, [0.7] * len(table), [2.0] * len(table), speed)]
    lane_sums(*floats, np.array(lane, np.int64), np.array(queued, np.bool_), max_gap, out)
    return out


def back_of_queue(vehicles: list[tuple[float, float, int, bool, float]], max_gap: float) -> float:
    """From the first queued vehicle backwards, as long as the next begins within the gap behind all so far."""
    ahead = sorted(vehicles)
    while ahead and not ahead[0][3]:
        ahead = ahead[1:]
    chain = ahead[:1]
    for one in ahead[1:]:
        if one[0] - max([x + length for x, length, *_ in chain] + [ahead[0][0]]) > max_gap:
            break
        chain.append(one)
    return max([x + length for x, length, _, queued, _ in chain if queued], default=0.0)


@settings(max_examples=200, deadline=None)
@given(vehicles=st.lists(vehicle, max_size=25))
def test_kernel_says_what_plain_words_say(vehicles: list[tuple[float, float, int, bool, float]]) -> None:
    out = sums(vehicles)
    for k in range(3):
        lane = [v for v in vehicles if v[2] == k]
        queued = [v for v in lane if v[3]]
        assert out[k, PRESENT] == len(lane)
        assert out[k, QUEUE_VEH] == len(queued)
        assert out[k, QUEUE_MCU] == 2.0 * len(queued)
        assert out[k, AHEAD_VEH] == sum(v[0] < 0 for v in queued)
        assert out[k, BACK_M] == max(0.0, back_of_queue(lane, 15.0))


@given(vehicles=st.lists(vehicle, max_size=25))
def test_every_vehicle_on_a_lane_is_counted_once(vehicles: list[tuple[float, float, int, bool, float]]) -> None:
    assert sums(vehicles)[:, PRESENT].sum() == sum(v[2] >= 0 for v in vehicles)


def test_a_discharging_queue_is_held_together_by_those_who_already_move() -> None:
    standing_head, moving_middle, standing_tail = (
        (2.0, 4.4, 0, True, 0.0),
        (18.0, 4.4, 0, False, 4.0),
        (33.0, 4.4, 0, True, 0.0),
    )
    assert sums([standing_head, moving_middle, standing_tail])[0, BACK_M] == 37.4
    assert sums([standing_head, standing_tail])[0, BACK_M] == 6.4
