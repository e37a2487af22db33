"""The plate grammar and the beam: what may stand on a plate, and nothing else, is what comes out."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from nutgiao.configs.plates import load_plate_law, plate_law_path
from nutgiao.models.contracts.errors import ConfigError
from nutgiao.models.vision.plates.ctc import LineString, read_line
from nutgiao.models.vision.plates.grammar import LineAutomaton, PlateGrammar
from nutgiao.models.vision.plates.posterior import plate_belief, pooled

LAW = load_plate_law()
TODAY = PlateGrammar(LAW, "2026-11-22")
OLD = PlateGrammar(LAW, "2022-01-01")


@pytest.mark.parametrize(
    ("parts", "shown"),
    [
        (("30A12345",), "30A-123.45"),
        (("30A", "12345"), "30A-123.45"),
        (("50Z1630",), "50Z-1630"),
        (("29B1", "12345"), "29-B1 123.45"),
        (("29V5", "2108"), "29-V5 2108"),
        (("29AA", "12345"), "29-AA 123.45"),
        (("29MĐ", "12345"), "29-MĐ 123.45"),
        (("29TĐ12345",), "29TĐ-123.45"),
        (("80123NG01",), "80-123-NG-01"),
    ],
)
def test_plates_are_written_as_people_write_them(parts: tuple[str, ...], shown: str) -> None:
    forms = TODAY.forms_of(parts)
    assert shown in {TODAY.shown(form, "".join(parts)) for form in forms}


@pytest.mark.parametrize(
    "parts",
    [
        ("13A12345",),  # code 13 was never given out
        ("30I12345",),
        ("30O12345",),
        ("30W12345",),
        ("29G1", "123"),
        ("29AG", "12345"),  # G is no second letter
        ("29B112345",),  # a motorcycle's plate has two lines
        ("",),
        ("HOTLINE",),
    ],
)
def test_what_is_no_plate_has_no_form(parts: tuple[str, ...]) -> None:
    assert TODAY.forms_of(parts) == ()


def test_the_form_valid_on_the_day_counts() -> None:
    assert [form.id for form in TODAY.forms_of(("29AB", "12345"))] == ["motorcycle-two-letters"]
    assert OLD.forms_of(("29AB", "12345")) == ()


@given(st.data())
def test_every_string_that_the_automaton_ends_in_has_a_form_and_can_be_written(data: st.DataObject) -> None:
    lines = data.draw(st.sampled_from((1, 2)))
    parts = []
    for line in range(lines):
        automaton, state, text = TODAY.automata[lines, line], 0, ""
        while True:
            onward = [i for i in range(len(TODAY.letters)) if automaton.following[state, i] >= 0]
            if not onward or (automaton.forms[state] and data.draw(st.booleans())):
                break
            letter = data.draw(st.sampled_from(onward))
            state, text = int(automaton.following[state, letter]), text + TODAY.letters[letter]
        assert automaton.forms[state]
        parts.append(text)
    for form in TODAY.forms_of(tuple(parts)):
        shown = TODAY.shown(form, "".join(parts))
        assert "".join(letter for letter in shown if letter not in "-. ") == "".join(parts)
        assert not set(shown) & set("IJOW")
        assert lines in form.lines


def small_automaton() -> LineAutomaton:
    """Over the letters 0 and 1: 0 (01|1) with a dot after the first, or 00 without one."""
    following = np.full((5, 2), -1, np.int64)
    following[0, 0] = 1
    following[1, 0], following[1, 1] = 2, 4
    following[2, 1] = 4
    following[3, 0], following[3, 1] = 3, 4  # after the dot: any noughts, then a one
    after_dot = np.array([-1, 3, -1, 3, 4], np.int64)
    return LineAutomaton(following, after_dot, np.array([0, 0, 2, 0, 1], np.int64))


def by_brute_force(frames: NDArray[np.float64], automaton: LineAutomaton) -> dict[str, float]:
    """Sums over all paths: at each step nothing (0), a letter (1, 2) or a dot (3)."""
    total: dict[str, float] = {}
    for path in itertools.product(range(4), repeat=len(frames)):
        state, text, before = 0, "", 0
        for symbol in path:
            if symbol == 3:
                state = int(automaton.after_dot[state])
            elif symbol and symbol != before:
                state = int(automaton.following[state, symbol - 1])
                text += "01"[symbol - 1]
            if state < 0:
                break
            before = symbol
        if state >= 0 and automaton.forms[state]:
            chance = float(np.prod([frames[t, symbol] for t, symbol in enumerate(path)]))
            total[text] = total.get(text, 0.0) + chance
    return total


@given(st.lists(st.lists(st.floats(0.01, 1.0), min_size=4, max_size=4), min_size=1, max_size=6))
def test_the_beam_finds_what_summing_over_all_paths_finds(rows: list[list[float]]) -> None:
    frames = np.array(rows)
    frames /= frames.sum(1, keepdims=True)
    automaton = small_automaton()
    found = {string.text: string.likelihood for string in read_line(frames, automaton, "01", width=64)}
    expected = {text: chance for text, chance in by_brute_force(frames, automaton).items() if chance > 0}
    assert found.keys() == expected.keys()
    for text, chance in expected.items():
        assert found[text] == pytest.approx(chance, rel=1e-9)


def frames_of(symbols: str) -> NDArray[np.float64]:
    """A recogniser that is quite sure of these symbols; '_' is nothing, 'w' something that stands on no plate."""
    frames = np.full((len(symbols), len(TODAY.letters) + 2), 1e-9)
    for row, symbol in zip(frames, symbols, strict=True):
        if symbol != "w":
            row["_.".find(symbol) * (len(TODAY.letters) + 1) if symbol in "_." else 1 + TODAY.letters.index(symbol)] = (
                0.99
            )
    return frames


def test_a_digit_that_was_cut_off_makes_no_old_plate_of_four_digits() -> None:
    whole = read_line(frames_of("_2_5_6_._6_2_"), TODAY.automata[2, 1], TODAY.letters)
    assert whole[0].text == "25662"
    assert whole[0].likelihood > 0.8
    cut = read_line(frames_of("_2_5_6_._6_"), TODAY.automata[2, 1], TODAY.letters)
    assert sum(string.likelihood for string in cut) < 1e-3


def test_letters_of_other_words_do_not_pass_for_gaps() -> None:
    strings = read_line(frames_of("_3_0_A_w_w_1_2_3_4_5_"), TODAY.automata[1, 0], TODAY.letters)
    assert sum(string.likelihood for string in strings) < 1e-9


def test_lines_of_different_forms_make_no_plate() -> None:
    upper = [LineString("29B1", 0.9, 0b01)]
    assert plate_belief([upper, [LineString("12345", 0.9, 0b10)]]).parts == ()
    belief = plate_belief([upper, [LineString("12345", 0.6, 0b01), LineString("12346", 0.3, 0b11)]])
    assert belief.texts == ("29B112345", "29B112346")
    assert belief.second()[0] == "29B112346"
    assert belief.characters()[-1] == pytest.approx(2 / 3)
    assert belief.characters()[0] == 1.0


def test_a_view_that_read_nothing_lowers_the_mean() -> None:
    view = (LineString("12345", 0.8, 1),)
    assert pooled([view, ()])[0].likelihood == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('shown: "PPA/-###.##"', 'shown: "PPX/-###.##"', "'X' in the pattern has no meaning"),
        ('shown: "PP-A# /####"', 'shown: "PP-A# ####"', "where line 2 begins"),
        ("    series: [NG, QT]\n", "", "has no series"),
        ("id: car-four-digits", "id: car", "given twice"),
        ('"2023-08-15"', "yesterday", "valid_from"),
        ('"2023-08-15"', '"2023-02-30"', "there is no day 2023-02-30"),
        ('["13", "42"', '["29", "42"', "also the code of a province"),
        ("nutgiao/plates/1", "nutgiao/plates/9", "is not known"),
    ],
)
def test_a_city_s_own_file_is_checked_with_line_and_cure(tmp_path: Path, old: str, new: str, told: str) -> None:
    text = plate_law_path().read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "plates.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError, match=told) as caught:
        load_plate_law(path)
    assert caught.value.line is not None
