"""Which links of the junction a request for priority means, and which of them its sender may ask for."""

from __future__ import annotations

from nutgiao.models.contracts.priority import PriorityAsk
from nutgiao.models.contracts.site import Requester, Site
from nutgiao.models.queueing.junction.site import Movement, SiteTables


class PriorityMovements:
    """Finds the movement that a request names by the words of the site file.

    M0022 leaves names to the light. Here a signal group, an approach and a lane have their ids; a connection is an
    approach and a turn, as in ``west>left``. Where a request names several of them, all must fit. Lanes out are not in
    the site file, so no request can name one; crossings are for those who walk, and cannot be asked for.

    Args:
        site: with a signal side.
        tables: of the site.
    """

    def __init__(self, site: Site, tables: SiteTables) -> None:
        self._site, self._tables = site, tables
        self._lane = {number: name for (_, name), number in tables.lanes.items()}
        self._group = [group.id for group in site.signals.groups] if site.signals is not None else []

    def links(self, ask: PriorityAsk, who: Requester) -> tuple[int, ...]:
        """Links of the movement that a new request names and its sender may ask for.

        Raises:
            LookupError: if the junction has no such movement.
            PermissionError: if it has, but not for this sender.
        """
        links = [k for k, one in enumerate(self._tables.movements) if one.turn is not None and self._is(one, ask)]
        if not links:
            raise LookupError(f"there is no movement with {', '.join(ask.way)}")
        allowed = tuple(k for k in links if self._may(self._tables.movements[k], who))
        if not allowed:
            raise PermissionError(f"{who.id} may not ask for {', '.join(ask.way)}")
        return allowed

    def _is(self, movement: Movement, ask: PriorityAsk) -> bool:
        approach = self._site.approaches[movement.approach].id
        named = (
            (ask.signal_group, self._group[movement.group]),
            (ask.connection, f"{approach}>{movement.turn}"),
            (ask.approach, approach),
            (ask.lane_in, self._lane[movement.lane]),
        )
        return ask.lane_out is None and all(name in (None, own) for name, own in named)

    def _may(self, movement: Movement, who: Requester) -> bool:
        by = not who.approaches or self._site.approaches[movement.approach].id in who.approaches
        return by and (not who.turns or movement.turn in who.turns)
