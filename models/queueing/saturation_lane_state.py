"""What is known of a lane's discharge before, between and after departures: prior, state and report."""

from __future__ import annotations

import msgspec

from nutgiao.models.contracts.words import VehicleClass
from nutgiao.models.queueing.mcu import MCU
from nutgiao.models.queueing.saturation_belief import Belief, Estimate, Prior


class LanePrior(msgspec.Struct, frozen=True):
    """What is known of a lane before anything was seen there.

    Attributes:
        first_s: headways of the places before the settled one.
        first_spread_s: their standard deviation between sites.
        saturation_s: saturation headway of cars.
        saturation_spread_s: its standard deviation between sites.
        noise_s: standard deviation of one headway.
        end_gain_s: mean and spread of the seconds of amber that are used.
        missed: share of departures that the tracker misses.
        missed_strength: departures that this share is worth.
    """

    first_s: tuple[float, ...] = (1.8, 2.8, 2.4, 2.2)
    first_spread_s: float = 0.5
    saturation_s: float = 2.0
    saturation_spread_s: float = 0.25
    noise_s: float = 0.5
    end_gain_s: tuple[float, float] = (1.0, 1.0)
    missed: float = 0.03
    missed_strength: float = 50.0

    @property
    def settled_place(self) -> int:
        """First place whose headway counts as saturated."""
        return len(self.first_s) + 1


class LaneState(msgspec.Struct):
    """All that is kept of a lane between two departures; plain numbers, ready to be stored.

    Attributes:
        first: headway of each place before the settled one, seconds.
        saturation: saturation headway of a car behind a car.
        mixed: headway of a pair with one that is no car, by its class.
        end_gain: seconds of amber used.
        seen: departures that were seen, prior included.
        missed: departures that were missed, prior included.
        used: departures behind the figures.
        dropped: departures not used, by reason.
    """

    first: list[Belief]
    saturation: Belief
    mixed: dict[VehicleClass, Belief]
    end_gain: Belief
    seen: float
    missed: float
    used: int = 0
    dropped: dict[str, int] = msgspec.field(default_factory=dict)


class LaneReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was learnt.

    Attributes:
        headway_s: by place in the queue, up to the first settled one, which is the saturation headway.
        start_up_lost_s: what the first places take longer than saturated ones.
        saturation_veh_h: saturation flow of cars.
        car_units: cars that take as long as one of a class.
        end_gain_s: seconds of amber used.
        missed: share of departures that the tracker misses, as the headways tell.
        departures: departures behind the figures.
        dropped: departures that tell nothing of saturation, by reason.
    """

    headway_s: tuple[Estimate, ...]
    start_up_lost_s: Estimate
    saturation_veh_h: Estimate
    car_units: dict[VehicleClass, Estimate]
    end_gain_s: Estimate
    missed: float
    departures: int
    dropped: dict[str, int]


def initial(prior: LanePrior) -> LaneState:
    """The prior as a state."""
    noise = prior.noise_s
    mixed = {
        # what takes twice as long as a car makes each of its two pairs half a headway longer
        name: Prior(
            prior.saturation_s * (1.0 + MCU[name] / MCU[VehicleClass.CAR]) / 2.0,
            2.0 * prior.saturation_spread_s,
            1.5 * noise,
        )
        for name in VehicleClass
        if name not in (VehicleClass.CAR, VehicleClass.PEDESTRIAN)
    }
    return LaneState(
        first=[Belief.of(Prior(mean, prior.first_spread_s, noise)) for mean in prior.first_s],
        saturation=Belief.of(Prior(prior.saturation_s, prior.saturation_spread_s, noise)),
        mixed={name: Belief.of(one) for name, one in mixed.items()},
        end_gain=Belief.of(Prior(prior.end_gain_s[0], prior.end_gain_s[1], prior.saturation_s)),
        seen=prior.missed_strength * (1.0 - prior.missed),
        missed=prior.missed_strength * prior.missed,
    )
