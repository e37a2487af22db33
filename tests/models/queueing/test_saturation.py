"""A site learns its streams' discharge from the lane states and lamps that a node publishes each second."""

from __future__ import annotations

import math

import msgspec
import pytest

from nutgiao.models.contracts.messages import LaneState
from nutgiao.models.contracts.words import Indication
from nutgiao.models.queueing.saturation import SiteSaturation, SiteState
from tests.support.crossroads import crossroads

CYCLE_S, GREEN_S, AMBER_S = 60, 30, 3
RATE_MCU_S = 2000.0 / 3600.0 * 6.4  # of the main approach: two lanes of 3.2 m
LOST_S = 2


def lane(name: str, queue_mcu: float, departures_mcu: float, quality: float = 1.0) -> LaneState:
    return LaneState(
        lane=name,
        approach=name[0].upper(),
        queue_veh=math.ceil(queue_mcu),
        queue_mcu=queue_mcu,
        ahead_veh=0,
        back_of_queue_m=20.0,
        departures_veh=round(departures_mcu),
        departures_mcu=departures_mcu,
        arrivals_mcu=0.0,
        occupancy=0.4,
        speed_mps=3.0,
        beyond_view=False,
        quality=quality,
    )


def run(site: SiteSaturation, seconds: int, queue_mcu: float = 20.0, quality: float = 1.0) -> SiteSaturation:
    """The main road discharges at a steady rate `LOST_S` after green; the side road stays empty."""
    for second in range(seconds):
        position = second % CYCLE_S
        main, flow = Indication.RED, 0.0
        if 10 <= position < 10 + GREEN_S:
            main = Indication.GREEN
            flow = RATE_MCU_S if position >= 10 + LOST_S else 0.0
        elif 10 + GREEN_S <= position < 10 + GREEN_S + AMBER_S:
            main = Indication.AMBER
            flow = RATE_MCU_S if position == 10 + GREEN_S else 0.0
        lanes = [lane(f"m{k}", queue_mcu / 2, flow / 2, quality) for k in (0, 1)]
        lanes += [lane(f"s{k}", 0.0, 0.0, quality) for k in (0, 1)]
        shown = {"m": main, "s": Indication.RED, "pm": Indication.RED, "ps": Indication.RED}
        site.second(second + 1.0, lanes, shown)
    return site


def test_the_main_road_is_learnt_and_the_empty_side_road_stays_at_the_prior() -> None:
    reports = run(SiteSaturation(crossroads()), 40 * CYCLE_S).report()
    main, side = reports["M:m"], reports["S:s"]
    assert main.saturation_mcu_h_m.value == pytest.approx(2000.0, rel=0.02)
    assert main.lost_s.value == pytest.approx(LOST_S, abs=0.2)
    assert main.end_gain_s.value == pytest.approx(1.0, abs=0.05)
    assert main.departures > 4000
    assert side.departures == 0
    assert side.saturation_mcu_h_m.value == pytest.approx(1900.0)


def test_without_a_queue_nothing_is_learnt_however_much_flows() -> None:
    report = run(SiteSaturation(crossroads()), 5 * CYCLE_S, queue_mcu=1.0).report()["M:m"]
    assert report.departures == 0
    assert report.dropped["free"] > 0


def test_what_the_camera_hardly_saw_is_not_learnt() -> None:
    assert run(SiteSaturation(crossroads()), 5 * CYCLE_S, quality=0.3).report()["M:m"].departures == 0


def test_a_stored_site_goes_on() -> None:
    first = run(SiteSaturation(crossroads()), 3 * CYCLE_S)
    plain = msgspec.to_builtins(first.state)
    again = SiteSaturation(crossroads(), state=msgspec.convert(plain, SiteState))
    assert again.report() == first.report()
    assert run(again, 3 * CYCLE_S).report() == run(first, 3 * CYCLE_S).report()


def test_a_second_without_news_of_the_lamps_teaches_nothing_of_the_start() -> None:
    site = SiteSaturation(crossroads())
    states = [lane(f"m{k}", 10.0, RATE_MCU_S / 2) for k in (0, 1)]
    for second in range(20):
        site.second(second + 1.0, states, {} if second < 5 else {"m": Indication.GREEN})
    assert site.report()["M:m"].departures == 0
