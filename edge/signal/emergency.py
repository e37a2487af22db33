"""Emergency vehicles on their way: approaches where one has asked for priority, and for how long that counts."""

from __future__ import annotations

from nutgiao.models.contracts.priority import PriorityAsk, PriorityVehicle, RequestType
from nutgiao.models.contracts.site import Site

KEPT_S = 60.0
"""A request that is not heard of any more is over after this, whatever became of it at the lights."""


class Emergencies:
    """Open requests of emergency vehicles, whether the lights can serve them or not.

    Args:
        site: with its approaches.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._open: dict[str, tuple[frozenset[str], float]] = {}  # approaches and last message of each request

    def hear(self, request: str, ask: PriorityAsk, now_s: float) -> None:
        """Takes in a message that was admitted.

        Args:
            request: its id, with its sender's.
            ask: what it says.
            now_s: by the box's clock.
        """
        if ask.type is RequestType.CANCEL:
            self._open.pop(request, None)
        elif request in self._open:
            self._open[request] = (self._open[request][0], now_s)
        elif ask.type is RequestType.NEW and ask.vehicle_type is PriorityVehicle.EMERGENCY:
            self._open[request] = (self._approaches(ask), now_s)

    def approaches(self, now_s: float) -> frozenset[str]:
        """Approaches by which one may be coming now."""
        self._open = {name: one for name, one in self._open.items() if 0.0 <= now_s - one[1] <= KEPT_S}
        return frozenset().union(*(names for names, _ in self._open.values()))

    def _approaches(self, ask: PriorityAsk) -> frozenset[str]:
        """Approaches that a request can mean; all of them where it names none that we know."""
        named = frozenset(
            one.id
            for one in self._site.approaches
            if one.id == ask.approach
            or (ask.connection is not None and ask.connection.partition(">")[0] == one.id)
            or (ask.signal_group is not None and ask.signal_group in (one.signal_group, one.left_signal_group))
            or any(lane.id == ask.lane_in for lane in one.lanes)
        )
        return named or frozenset(one.id for one in self._site.approaches)
