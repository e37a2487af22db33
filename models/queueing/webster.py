"""Webster's fixed-time formulas with flows in motorcycle-equivalent units: cycle, splits and delay.

Source: F. V. Webster, Traffic Signal Settings, Road Research Technical Paper 39, HMSO 1958.
"""

from __future__ import annotations

from collections.abc import Sequence

SATURATION_MCU_H_M = 1900.0
"""Discharge per metre of width, MCU/h/m, 4 to 16 s into green: measured on the demo corridor, 1,900 to 1,950 at 80 %
motorcycles. Other driver parameters gave 1,750 to 2,640: a site with its own figure should use it."""


def cycle_s(lost_s: float, flow_ratios: Sequence[float]) -> float:
    """Cycle of least delay, (1.5 L + 5) / (1 - Y), seconds.

    Args:
        lost_s: interstages of the cycle, seconds.
        flow_ratios: critical flow over saturation flow of each stage.

    Returns:
        The cycle; infinite if the stages together are saturated.
    """
    total = sum(flow_ratios)
    return (1.5 * lost_s + 5.0) / (1.0 - total) if total < 1.0 else float("inf")


def splits_s(
    green_s: int, flow_ratios: Sequence[float], least_s: Sequence[int], most_s: Sequence[int]
) -> tuple[int, ...] | None:
    """Shares green among stages by their flow ratios, none outside its bounds.

    Equal degrees of saturation mean greens in proportion to the flow ratios; a stage that would leave its bounds stays
    at the bound, and the others share the rest.

    Args:
        green_s: displayed green of the whole cycle.
        flow_ratios: critical flow over saturation flow of each stage, all above 0.
        least_s: least green of each stage.
        most_s: longest green of each stage.

    Returns:
        Whole seconds that add up to `green_s`, or None if the bounds do not allow that.
    """
    if not sum(least_s) <= green_s <= sum(most_s):
        return None

    def shares(scale: float) -> list[float]:
        return [
            min(max(scale * ratio, low), high) for ratio, low, high in zip(flow_ratios, least_s, most_s, strict=True)
        ]

    low, high = 0.0, green_s / min(flow_ratios)
    for _ in range(60):  # the sum grows with the scale: halving finds it to the last bit
        middle = (low + high) / 2
        low, high = (middle, high) if sum(shares(middle)) < green_s else (low, middle)
    found = shares(high)
    whole = [int(share + 1e-9) for share in found]
    order = sorted(range(len(whole)), key=lambda k: (whole[k] - found[k], k))
    missing = green_s - sum(whole)
    for k in [k for k in order if whole[k] < most_s[k]][:missing]:
        whole[k] += 1
    return tuple(whole)


def random_delay_s(flow_mcu_h: float, saturation: float, vehicle_mcu: float = 1.0) -> float:
    """Webster's second term, the mean wait from random arrivals, x^2 / (2 q (1 - x)), seconds.

    Near and above saturation the formula has no value; there the queue that an hour of this demand leaves is used.

    Args:
        flow_mcu_h: demand.
        saturation: degree of saturation x.
        vehicle_mcu: size of a unit that arrives at random; platoons of motorcycles arrive smoother than cars.
    """
    flow_per_s = max(flow_mcu_h, 1.0) / 3600.0 / vehicle_mcu
    bounded = min(saturation, 0.98)
    steady = bounded**2 / (2.0 * flow_per_s * (1.0 - bounded))
    growing = max(0.0, saturation - 0.98) * 900.0  # mean wait over half an hour of a queue that grows by x - 1
    return steady + growing
