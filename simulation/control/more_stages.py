"""Further green stages of a light: all links together that never meet, as far as the shipped ones do not have them."""

from __future__ import annotations

from collections.abc import Iterator

from nutgiao.simulation.stage_order import Light


def further_states(light: Light, most: int) -> tuple[str, ...]:
    """States in which nobody gives way to anybody, those with most greens first.

    Args:
        light: with its shipped states and the links' conflicts; walkers' links stay red.
        most: how many.
    """
    shipped = light.shipped.states
    letters = len(shipped[0])
    served = [i for i in range(letters) if any(state[i] in "Gg" for state in shipped) and i not in light.walk_clear_s]
    friends = {i: {j for j in served if j != i and j not in light.conflicts.foes.get(i, frozenset())} for i in served}
    found = ["".join("G" if i in chosen else "r" for i in range(letters)) for chosen in _cliques(friends)]
    new = [state for state in dict.fromkeys(found) if state not in light.states]
    return tuple(sorted(new, key=lambda state: (-state.count("G"), state))[:most])


def _cliques(friends: dict[int, set[int]]) -> Iterator[frozenset[int]]:
    """Maximal sets of mutual friends (Bron and Kerbosch, 1973, with pivots)."""
    stack: list[tuple[frozenset[int], set[int], set[int]]] = [(frozenset(), set(friends), set())]
    while stack:
        chosen, open_, closed = stack.pop()
        if not open_ and not closed:
            yield chosen
            continue
        pivot = max(sorted(open_ | closed), key=lambda one: len(friends[one] & open_))
        for one in sorted(open_ - friends[pivot]):
            stack.append((chosen | {one}, open_ & friends[one], closed & friends[one]))
            open_.discard(one)
            closed.add(one)
