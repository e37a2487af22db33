"""Translates what signal groups show into the state string of a SUMO junction."""

from __future__ import annotations

from collections.abc import Mapping

from nutgiao.models.contracts.errors import SimulationFailed
from nutgiao.models.contracts.words import Indication
from nutgiao.simulation.networks.network import SignalisedJunction

_LETTER = {
    Indication.RED: "r",
    Indication.RED_AMBER: "u",
    Indication.AMBER: "y",
    Indication.PERMISSIVE_GREEN: "g",
    Indication.FLASHING_AMBER: "o",
    Indication.DARK: "O",
}


def state_string(junction: SignalisedJunction, shown: Mapping[str, Indication]) -> str:
    """State string of a junction.

    A link with green gets ``G``, or ``g`` when another link with green has precedence over it (a left turn against
    oncoming traffic, a right turn over a crossing), so that SUMO's drivers give way. A crossing has walk or nothing.

    Args:
        junction: junction with its links.
        shown: what each signal group shows.

    Returns:
        One letter per link, in the order of SUMO's link indices.

    Raises:
        SimulationFailed: if a group is missing or shows something that a lamp cannot show.
    """
    green = [shown.get(link.group) in (Indication.GREEN, Indication.PERMISSIVE_GREEN) for link in junction.links]
    letters = []
    for link in junction.links:
        indication = shown.get(link.group)
        if indication is None or indication is Indication.UNKNOWN:
            raise SimulationFailed(f"junction {junction.id}: nothing known of what signal group {link.group!r} shows")
        if link.is_crossing:
            letters.append("G" if green[link.index] else "O" if indication is Indication.DARK else "r")
        elif indication is Indication.GREEN:
            gives_way = any(green[other] for other in junction.yields_to[link.index].nonzero()[0])
            letters.append("g" if gives_way else "G")
        else:
            letters.append(_LETTER[indication])
    return "".join(letters)
