"""What is known of a stream's discharge before, between and after departures: prior, state and report."""

from __future__ import annotations

import msgspec
import numpy as np

from nutgiao.models.contracts.words import CLASSES, VehicleClass
from nutgiao.models.queueing.mcu import MCU
from nutgiao.models.queueing.saturation_belief import Belief, Estimate, Prior
from nutgiao.models.queueing.saturation_regression import Regression
from nutgiao.models.queueing.webster import SATURATION_MCU_H_M

COUNTED: tuple[VehicleClass, ...] = tuple(name for name in CLASSES if name is not VehicleClass.PEDESTRIAN)
"""Classes that discharge; the motorcycle is the first and the unit."""

PIECE_S = 8.0
"""A piece is so long at the prior's rate: long enough to blur who crossed first of two abreast."""


class StreamPrior(msgspec.Struct, frozen=True):
    """What is known of a stream before anything was seen there.

    Attributes:
        saturation_mcu_h_m: discharge per metre of width.
        saturation_spread: its standard deviation between sites, as a share.
        weights: MCU of each class.
        weight_spread: standard deviation between sites, as a share.
        lost_s: mean and spread of the start-up lost time; it can be negative where a crowd waits ahead of the line.
        end_gain_s: mean and spread of the seconds of amber that are used.
        noise_s: standard deviation of a piece of 8 seconds.
    """

    saturation_mcu_h_m: float = SATURATION_MCU_H_M
    saturation_spread: float = 0.2
    weights: dict[VehicleClass, float] = msgspec.field(default_factory=lambda: dict(MCU))
    weight_spread: float = 0.4
    lost_s: tuple[float, float] = (1.5, 1.5)
    end_gain_s: tuple[float, float] = (1.0, 1.0)
    noise_s: float = 0.8


class StreamState(msgspec.Struct):
    """All that is kept of a stream between two departures; plain numbers, ready to be stored.

    Attributes:
        regression: lost time in seconds, then metre-seconds of each class.
        seen: saturated departures of each class.
        dropped: departures not used, by reason.
        end_gain: seconds of amber used.
    """

    regression: Regression
    end_gain: Belief
    seen: list[float]
    dropped: dict[str, int] = msgspec.field(default_factory=dict)


class StreamReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was learnt.

    Attributes:
        saturation_mcu_h_m: discharge per metre of width.
        mcu: what each class counts; the motorcycle is 1.
        lost_s: start-up lost time.
        end_gain_s: seconds of amber used.
        departures: departures behind the figures.
        dropped: departures that tell nothing of saturation, by reason.
    """

    saturation_mcu_h_m: Estimate
    mcu: dict[VehicleClass, Estimate]
    lost_s: Estimate
    end_gain_s: Estimate
    departures: int
    dropped: dict[str, int]


def area_ms(prior: StreamPrior, name: VehicleClass) -> float:
    """Metre-seconds that one of a class takes, before anything was seen."""
    return prior.weights[name] * 3600.0 / prior.saturation_mcu_h_m


def initial(prior: StreamPrior, width_m: float) -> StreamState:
    """The prior as a state: the discharge is uncertain for all classes together, each weight for itself."""
    area = np.array([area_ms(prior, name) for name in COUNTED])
    own = np.full(len(COUNTED), prior.weight_spread)
    own[0] = 0.0
    spread = np.zeros((len(COUNTED) + 1, len(COUNTED) + 1))
    spread[0, 0] = prior.lost_s[1] ** 2
    spread[1:, 1:] = np.outer(area, area) * prior.saturation_spread**2 + np.diag((area * own) ** 2)
    noise = prior.noise_s**2 * width_m / PIECE_S  # variance per metre-second of discharge
    mean = np.concatenate([[prior.lost_s[0]], area])
    return StreamState(
        regression=Regression.of(mean, spread, noise),
        end_gain=Belief.of(Prior(prior.end_gain_s[0], prior.end_gain_s[1], prior.end_gain_s[1])),
        seen=[0.0] * len(COUNTED),
    )
