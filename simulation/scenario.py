"""A SUMO scenario as files: network, demand, additional files and the period, looked at before SUMO gets them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import sumolib

from nutgiao.models.contracts.errors import ConfigError
from nutgiao.simulation.xml_elements import elements

VEHICLES = frozenset({"vehicle", "trip", "flow"})
"""Elements of a demand file that put vehicles on the road."""

WALKERS = frozenset({"person", "personFlow", "container", "containerFlow"})
"""Elements that put others there."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """What SUMO is given. `make_scenario` and `sumocfg.read_scenario` look at the files first.

    Attributes:
        name: for messages and names of files.
        net: network file.
        routes: demand files, in the order in which SUMO reads them.
        begin_s: start; vehicles that were to set out earlier do not take part.
        end_s: end.
        additional: additional files.
        step_s: length of a SUMO step.
        options: further options that change the traffic, as SUMO's command line has them.
    """

    name: str
    net: Path
    routes: tuple[Path, ...]
    begin_s: float
    end_s: float
    additional: tuple[Path, ...] = ()
    step_s: float = 1.0
    options: tuple[str, ...] = ()


def make_scenario(
    name: str,
    net: Path,
    routes: Sequence[Path],
    begin_s: float,
    end_s: float,
    additional: Sequence[Path] = (),
    step_s: float = 1.0,
    options: Sequence[str] = (),
) -> Scenario:
    """Makes a scenario after a look at its files; arguments as in `Scenario`.

    Raises:
        ConfigError: as `check`.
    """
    scenario = Scenario(name, net, tuple(routes), begin_s, end_s, tuple(additional), step_s, tuple(options))
    check(scenario, name)
    return scenario


def check(scenario: Scenario, source: str, line_of: Callable[[str], int | None] = lambda _: None) -> None:
    """Looks at a scenario's files and period.

    Args:
        scenario: to be checked.
        source: the file that names the others, for messages.
        line_of: line of that file at which an option stands.

    Raises:
        ConfigError: if a file is missing, broken or of another kind, if the period is empty, if the step does not fit,
            or if no vehicle departs in the period.
    """

    def wrong(key: str, problem: str, cure: str) -> ConfigError:
        return ConfigError(source, line_of(key), key, problem, cure)

    if scenario.end_s <= scenario.begin_s:
        raise wrong("end", f"{scenario.end_s:.10g} is not after begin, {scenario.begin_s:.10g}.", "Set a later end.")
    if not 0.001 <= scenario.step_s <= 1.0 or abs(1.0 / scenario.step_s - round(1.0 / scenario.step_s)) > 1e-6:
        raise wrong("step-length", f"a second is no whole number of steps of {scenario.step_s:g} s.", "Set 1 or 0.5.")
    files = [("net-file", scenario.net), *(("route-files", path) for path in scenario.routes)]
    files += [("additional-files", path) for path in scenario.additional]
    for key, path in files:
        if not path.is_file():
            raise wrong(key, f"{path} does not exist.", "Paths are relative to the file that names them.")
    if next(elements(scenario.net, "net"), None) is None:
        raise ConfigError(str(scenario.net), None, "net", "the network is empty.", "Build it with netconvert.")
    vehicles = departing = walkers = 0
    for path in (*scenario.additional, *scenario.routes):
        for element in elements(path):
            walkers += element.tag in WALKERS
            if element.tag in VEHICLES:
                vehicles += 1
                departing += _sets_out(path, element.tag, dict(element.attrib), scenario)
    if departing == 0:
        key = "begin" if vehicles else "route-files"
        problem = f"no vehicle departs from {scenario.begin_s:.10g} to {scenario.end_s:.10g} s"
        only = f" ({vehicles} depart at other times)." if vehicles else " (there are only people)." if walkers else "."
        cure = "Mend begin and end." if vehicles else "Name a file with vehicles, trips or flows."
        raise wrong(key, problem + only, cure)


def parse_time_s(text: str) -> float:
    """Seconds from SUMO's time: seconds, or ``HH:MM:SS``, or ``DD:HH:MM:SS``.

    Raises:
        ValueError: if the text is no time.
    """
    try:
        seconds = sumolib.miscutils.parseTime(text)
    except ValueError:
        seconds = None
    if seconds is None:  # SUMO's words for other moments: triggered, now
        raise ValueError(f"'{text}' is no time")
    return float(seconds)


def _sets_out(path: Path, tag: str, attributes: dict[str, str], scenario: Scenario) -> bool:
    try:
        if tag == "flow":
            begin_s = parse_time_s(attributes.get("begin", str(scenario.begin_s)))
            return begin_s < scenario.end_s and parse_time_s(attributes.get("end", "1e9")) > scenario.begin_s
        return scenario.begin_s <= parse_time_s(attributes["depart"]) < scenario.end_s
    except KeyError as error:
        raise ConfigError(
            str(path), None, f"{tag} {attributes.get('id', '')}", "has no depart.", 'Add depart="0".'
        ) from error
    except ValueError as error:
        raise ConfigError(
            str(path),
            None,
            f"{tag} {attributes.get('id', '')}",
            f"{error}; departures need fixed times.",
            "Set seconds.",
        ) from error
