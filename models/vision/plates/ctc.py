"""Reads a recogniser's output only along strings that the plate grammar allows: a CTC prefix beam in one kernel.

Source of the recursion: Graves, Fernandez, Gomez and Schmidhuber, "Connectionist Temporal Classification", ICML 2006,
section 3.2 (prefix search), in the beam form of Hannun et al., arXiv:1408.2873. New here is only that a prefix carries
the state of the automaton that it has reached, and goes on in no other way than that state allows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.jit import kernel
from nutgiao.models.vision.plates.grammar import LineAutomaton

BEAM_WIDTH = 24
"""Prefixes that are kept after each step; the third best string of a plate was never lost with 24."""

NEGLIGIBLE = 1e-7
"""A character with less probability than this is not tried."""

_CODE_BASE = 40
"""Prefixes are numbers in this base, a digit per character, so that equal ones are found by comparing integers."""


@dataclass(frozen=True, slots=True)
class LineString:
    """One string that a line can be.

    Attributes:
        text: its characters.
        likelihood: probability that the recogniser's output spells exactly it, 0..1.
        forms: bits of the forms that it is a whole line of.
    """

    text: str
    likelihood: float
    forms: int


def read_line(
    frames: NDArray[np.float64], automaton: LineAutomaton, letters: str, width: int = BEAM_WIDTH
) -> tuple[LineString, ...]:
    """The likeliest strings of one line.

    Args:
        frames: probabilities by step of the recogniser, shape (steps, letters + 2): blank and separators first, then
            each letter, last the dot. Rows need not sum to 1: what is missing went to characters that are on no plate,
            and makes every plate less likely.
        automaton: what the line may be.
        letters: the characters, in the order of the columns.
        width: prefixes kept.

    Returns:
        Strings that the automaton ends in, the likeliest first.
    """
    codes, states, chances = beam(np.ascontiguousarray(frames), automaton.following, automaton.after_dot, width)
    found: dict[int, LineString] = {}
    for code, state, chance in zip(codes.tolist(), states.tolist(), chances.tolist(), strict=True):
        forms = int(automaton.forms[state])
        if chance > 0 and forms:  # the same string with and without a dot on the way is one
            text, other = _spelled(code, letters), found.get(code)
            found[code] = LineString(
                text, chance + (other.likelihood if other else 0.0), forms | (other.forms if other else 0)
            )
    return tuple(sorted(found.values(), key=lambda string: -string.likelihood))


def _spelled(code: int, letters: str) -> str:
    out = ""
    while code:
        code, digit = divmod(code, _CODE_BASE)
        out = letters[digit - 1] + out
    return out


@kernel("Tuple((i8[::1], i8[::1], f8[::1]))(f8[:, ::1], i8[:, ::1], i8[::1], i8)")
def beam(
    frames: NDArray[np.float64], following: NDArray[np.int64], after_dot: NDArray[np.int64], width: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Walks the beam.

    Args:
        frames: see `read_line`.
        following: next state by state and letter, -1 for none, shape (states, letters).
        after_dot: next state after a dot, -1 for none, shape (states,). A dot is no character: it parts like a blank.
        width: prefixes kept.

    Returns:
        Of each prefix at the end: its number (letters + 1 in base 40), its state, its probability.
    """
    letters = following.shape[1]
    most = width * (letters + 2)
    code, state = np.zeros(most, np.int64), np.zeros(most, np.int64)
    blank, letter = np.zeros(most), np.zeros(most)  # probability that the last step was blank, or the last letter
    new_code, new_state = np.zeros(most, np.int64), np.zeros(most, np.int64)
    new_blank, new_letter = np.zeros(most), np.zeros(most)
    blank[0], kept = 1.0, 1
    for t in range(frames.shape[0]):
        row = frames[t]
        for i in range(kept):
            last = code[i] % _CODE_BASE
            new_code[i], new_state[i] = code[i], state[i]
            new_blank[i] = (blank[i] + letter[i]) * row[0]
            new_letter[i] = letter[i] * row[last] if last > 0 else 0.0
        count = kept
        for i in range(kept):
            last = code[i] % _CODE_BASE
            for c in range(1, letters + 2):
                chance = row[c]
                dot = c > letters
                onward = after_dot[state[i]] if dot else following[state[i], c - 1]
                if chance < NEGLIGIBLE or onward < 0:
                    continue
                # a letter is doubled only over a blank
                gained = chance * (blank[i] if c == last else blank[i] + letter[i])
                grown = code[i] if dot else code[i] * _CODE_BASE + c
                place = count
                for j in range(count):
                    if new_code[j] == grown and new_state[j] == onward:
                        place = j
                        break
                if place == count:
                    new_code[count], new_state[count] = grown, onward
                    new_blank[count] = new_letter[count] = 0.0
                    count += 1
                if dot:
                    new_blank[place] += gained
                else:
                    new_letter[place] += gained
        order = np.argsort(-(new_blank[:count] + new_letter[:count]))
        kept = min(width, count)
        for i in range(kept):
            j = order[i]
            code[i], state[i], blank[i], letter[i] = new_code[j], new_state[j], new_blank[j], new_letter[j]
    return code[:kept].copy(), state[:kept].copy(), blank[:kept] + letter[:kept]
