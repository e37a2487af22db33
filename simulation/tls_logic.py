"""Reads every ``tlLogic`` of a SUMO file into `LampProgram` and writes it back as the same XML, nothing left out."""

from __future__ import annotations

import gzip
import io
import math
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

from nutgiao.models.contracts.errors import ConfigError
from nutgiao.models.contracts.program import Element, LampProgram, LampStep
from nutgiao.simulation.scenario import Scenario, parse_time_s
from nutgiao.simulation.xml_elements import elements

SECONDS = {
    "duration": "duration_s",
    "minDur": "least_s",
    "maxDur": "most_s",
    "earliestEnd": "earliest_end_s",
    "latestEnd": "latest_end_s",
    "vehext": "extension_s",
    "yellow": "amber_s",
    "red": "all_red_s",
}
"""Attributes of ``phase`` that are times, and their fields."""

WORDS = {"state": "state", "earlyTarget": "early_target", "finalTarget": "final_target", "name": "name"}
"""Attributes of ``phase`` that are words, and their fields."""

KINDS = {"param": "parameter", "phase": "step"}
"""Children of ``tlLogic`` that have fields; every other one is a rule."""


def read_tls_logic(path: Path) -> list[LampProgram]:
    """Reads the programs of a network or additional file, in the file's order; one packed with gzip, too.

    Raises:
        ConfigError: if the file cannot be read, or a program has what cannot be kept: text between elements, a key
            given twice, a time or a step that is no number. Names file, light and cure.
    """
    return [_program(path, element) for element in elements(path) if element.tag == "tlLogic"]


def programs_in_force(scenario: Scenario) -> dict[str, LampProgram]:
    """The program that each light starts with, by light: of several the one that SUMO loads last.

    Raises:
        ConfigError: as `read_tls_logic`.
    """
    found: dict[str, LampProgram] = {}
    for path in (scenario.net, *scenario.additional):
        found.update({program.light: program for program in read_tls_logic(path) if program.steps})
    return found


def write_tls_logic(path: Path, programs: Iterable[LampProgram]) -> Path:
    """Writes programs as an additional file that SUMO loads; packed with gzip if its name ends in .gz."""
    root = ET.Element("additional")
    root.extend(tls_logic(program) for program in programs)
    ET.indent(root)
    text = io.BytesIO()
    ET.ElementTree(root).write(text, encoding="utf-8", xml_declaration=True)
    told = text.getvalue() + b"\n"
    path.write_bytes(gzip.compress(told, mtime=0) if path.suffix == ".gz" else told)
    return path


def tls_logic(program: LampProgram) -> ET.Element:
    """A program as SUMO's element.

    Raises:
        ValueError: if its `order` does not fit its children.
    """
    attributes = {"id": program.light, "programID": program.id}
    if program.kind is not None:
        attributes["type"] = program.kind
    if program.offset_s is not None:
        attributes["offset"] = program.offset_s if isinstance(program.offset_s, str) else _number(program.offset_s)
    logic = ET.Element("tlLogic", {**attributes, **program.more})
    children = {
        "parameter": [_parameter(key, value) for key, value in program.parameters.items()],
        "step": [_phase(step) for step in program.steps],
        "rule": [_xml(rule) for rule in program.rules],
    }
    usual = [kind for kind, found in children.items() for _ in found]
    order = list(program.order or usual)
    if sorted(order) != sorted(usual):
        raise ValueError(f"light {program.light}: order {order} is not one word for each of {usual}")
    waiting = {kind: iter(found) for kind, found in children.items()}
    logic.extend(next(waiting[kind]) for kind in order)
    return logic


def _program(path: Path, logic: ET.Element) -> LampProgram:
    light = logic.get("id")
    key = f"tlLogic {light}"
    if light is None or "programID" not in logic.attrib:
        raise ConfigError(str(path), None, key, "has no id or no programID.", "Give both.")
    _no_text(path, key, logic)
    parameters: dict[str, str | None] = {}
    steps: list[LampStep] = []
    rules: list[Element] = []
    order: list[str] = []
    for child in logic:
        kind = KINDS.get(child.tag, "rule")
        order.append(kind)
        if kind == "parameter":
            _no_text(path, key, child)
            name = child.get("key")
            if name is None or name in parameters or set(child.attrib) - {"key", "value"} or len(child):
                problem = f"a parameter {dict(child.attrib)} that has no key, one that stood before, or more than that."
                raise ConfigError(str(path), None, key, problem, "Leave one <param key= value=/> for each key.")
            parameters[name] = child.get("value")
        elif kind == "step":
            steps.append(_step(path, key, len(steps), child))
        else:
            rules.append(_element(path, key, child))
    usual = [kind for kind in ("parameter", "step", "rule") for one in order if one == kind]
    known = {"id", "programID", "type", "offset"}
    return LampProgram(
        light=light,
        id=logic.attrib["programID"],
        kind=logic.get("type"),
        offset_s=_offset(path, key, logic.get("offset")),
        parameters=parameters,
        steps=tuple(steps),
        rules=tuple(rules),
        order=() if order == usual else tuple(order),  # type: ignore[arg-type]  # the three words of KINDS and "rule"
        more=_others(logic.attrib, known),
    )


def _step(path: Path, key: str, number: int, phase: ET.Element) -> LampStep:
    at = f"{key} phase {number}"
    _no_text(path, at, phase)
    if "state" not in phase.attrib:
        raise ConfigError(str(path), None, at, "has no state.", "Give one letter for each link.")
    following = phase.get("next")
    try:
        to = None if following is None else tuple(int(word) for word in following.split())
    except ValueError as error:
        problem = f"next is '{following}'."
        raise ConfigError(str(path), None, at, problem, "Give indices of phases with spaces between.") from error
    words = {field: phase.attrib[name] for name, field in WORDS.items() if name in phase.attrib}
    times = {
        field: _time(path, at, name, phase.attrib[name]) for name, field in SECONDS.items() if name in phase.attrib
    }
    more = _others(phase.attrib, {*WORDS, *SECONDS, "next"})
    inside = tuple(_element(path, at, child) for child in phase)
    return LampStep(**words, **times, next=to, more=more, inside=inside)  # type: ignore[arg-type]  # fields by name


def _phase(step: LampStep) -> ET.Element:
    attributes = {}
    for name, field in (*SECONDS.items(), *WORDS.items()):
        value = getattr(step, field)
        if value is not None:
            attributes[name] = value if isinstance(value, str) else _number(value)
    if step.next is not None:
        attributes["next"] = " ".join(str(index) for index in step.next)
    phase = ET.Element("phase", {**attributes, **step.more})
    phase.extend(_xml(one) for one in step.inside)
    return phase


def _element(path: Path, key: str, element: ET.Element) -> Element:
    _no_text(path, key, element)
    inside = tuple(_element(path, key, child) for child in element)
    return Element(tag=element.tag, attributes=dict(element.attrib), inside=inside)


def _xml(one: Element) -> ET.Element:
    element = ET.Element(one.tag, one.attributes)
    element.extend(_xml(child) for child in one.inside)
    return element


def _parameter(key: str, value: str | None) -> ET.Element:
    return ET.Element("param", {"key": key} if value is None else {"key": key, "value": value})


def _others(attributes: Mapping[str, str], known: set[str]) -> dict[str, str]:
    return {name: value for name, value in attributes.items() if name not in known}


def _no_text(path: Path, key: str, element: ET.Element) -> None:
    """Text between elements has no meaning for SUMO and no place in a program."""
    told = [element.text, *(child.tail for child in element)]
    if any(text and text.strip() for text in told):
        raise ConfigError(
            str(path), None, key, f"text stands inside <{element.tag}>.", "Remove it or make it a comment."
        )


def _offset(path: Path, key: str, told: str | None) -> float | Literal["begin"] | None:
    if told is None or told == "begin":
        return None if told is None else "begin"
    return _time(path, key, "offset", told)


def _time(path: Path, key: str, name: str, told: str) -> float:
    try:
        seconds = float(told) if told.strip().startswith("-") else parse_time_s(told)
    except ValueError:
        seconds = math.nan
    if not math.isfinite(seconds):
        raise ConfigError(str(path), None, key, f"{name} is '{told}'.", "Give seconds, or HH:MM:SS.")
    return seconds


def _number(seconds: float) -> str:
    """The shortest text that reads back as the same number; whole seconds without a point."""
    return str(int(seconds)) if seconds == int(seconds) else repr(seconds)
