"""Reads a SUMO configuration file (.sumocfg) as a scenario."""

from __future__ import annotations

import os
import re
import xml.etree.ElementTree as ET
from pathlib import Path

from nutgiao.models.contracts.errors import ConfigError
from nutgiao.simulation.scenario import Scenario, check, parse_time_s

_SYNONYMS = {
    "n": "net-file", "net": "net-file", "r": "route-files", "routes": "route-files", "a": "additional-files",
    "additional": "additional-files", "b": "begin", "e": "end",
}  # fmt: skip
_READ_HERE = frozenset({"net-file", "route-files", "additional-files", "begin", "end", "step-length"})
_UNSUPPORTED = {
    "load-state": "a run from a saved state has vehicles that no demand file lists; this is not supported.",
    "mesosim": "the mesoscopic model has no lanes and no stop lines; this is not supported.",
}
_LEFT_OUT_SECTIONS = frozenset({"output", "report", "traci_server", "random_number", "gui_only"})
_LEFT_OUT = re.compile(
    r".*output.*|.*log|seed|random|verbose|no-warnings|xml-validation.*|remote-port|num-clients|start|quit-on-end|gui-.*"
    r"|time-to-teleport.*|max-depart-delay"  # both take vehicles out of the count of the delayed
)


def read_scenario(path: Path, begin_s: float | None = None, end_s: float | None = None) -> Scenario:
    """Reads a .sumocfg.

    Options that change the traffic are kept. Those about outputs, reports, the window, seeds, and those that take
    vehicles away (teleporting, a limit to waiting outside) are left out: who runs the scenario decides them.

    Args:
        path: the file.
        begin_s: start instead of the file's.
        end_s: end instead of the file's.

    Raises:
        ConfigError: if the file or one that it names is missing or broken, if it says no end, if no vehicle departs, or
            if it asks for something that is not supported.
    """
    if not path.is_file():
        raise ConfigError(str(path), None, "", "does not exist.", "Give the path of a .sumocfg.")
    try:
        text = path.read_text(encoding="utf-8-sig")
        root = ET.fromstring(text)  # noqa: S314 - a scenario that the user runs in SUMO anyway
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), None, "", f"is no text: {error}.", "Give the path of a .sumocfg.") from error
    except ET.ParseError as error:
        raise ConfigError(str(path), error.position[0], "", f"is no well-formed XML: {error}.", "Mend it.") from error
    config = _Config(path, text, root)
    scenario = config.scenario(begin_s, end_s)
    check(scenario, str(path), config.line_of)
    return scenario


class _Config:
    """A parsed .sumocfg."""

    def __init__(self, path: Path, text: str, root: ET.Element) -> None:
        self._path, self._lines = path, text.splitlines()
        self._values: dict[str, str] = {}
        options: list[str] = []
        for section in root:
            for option in section if len(section) else (section,):
                key = _SYNONYMS.get(option.tag, option.tag)
                value = option.get("value", option.get("v", "")).strip()
                if not value:
                    continue
                if key in _UNSUPPORTED and value != "false":
                    raise self._wrong(key, _UNSUPPORTED[key], "Remove the option.")
                if key in _READ_HERE:
                    self._values[key] = value
                elif section.tag not in _LEFT_OUT_SECTIONS and not _LEFT_OUT.fullmatch(key):
                    options.append(f"--{key}={value}")
        self._options = tuple(options)

    def scenario(self, begin_s: float | None, end_s: float | None) -> Scenario:
        """The scenario, its files not yet looked at."""
        begin_s = self._time_s("begin", 0.0) if begin_s is None else begin_s
        end_s = self._time_s("end", -1.0) if end_s is None else end_s
        if end_s < 0.0:
            raise self._wrong("end", "no end time, so a jam would run for ever.", 'Add <end value="3600"/> to <time>.')
        nets = self._files("net-file")
        if len(nets) != 1:
            raise self._wrong("net-file", f"{len(nets)} networks.", 'Add one <net-file value="…"/> to <input>.')
        return Scenario(
            name=self._path.name.removesuffix(".sumocfg"),
            net=nets[0],
            routes=self._files("route-files"),
            begin_s=begin_s,
            end_s=end_s,
            additional=self._files("additional-files"),
            step_s=self._time_s("step-length", 1.0),
            options=self._options,
        )

    def line_of(self, key: str) -> int | None:
        """Number of the line at which an option stands."""
        names = [key, *(short for short, long in _SYNONYMS.items() if long == key)]
        wanted = re.compile(f"<(?:{'|'.join(map(re.escape, names))})[\\s/>]")
        return next((number for number, text in enumerate(self._lines, 1) if wanted.search(text)), None)

    def _files(self, key: str) -> tuple[Path, ...]:
        value = os.path.expandvars(self._values.get(key, ""))
        return tuple(self._path.parent / name.strip() for name in value.split(",") if name.strip())

    def _time_s(self, key: str, default_s: float) -> float:
        if key not in self._values:
            return default_s
        try:
            return parse_time_s(self._values[key])
        except ValueError as error:
            raise self._wrong(key, f"{error}.", "Seconds, or HH:MM:SS.") from error

    def _wrong(self, key: str, problem: str, cure: str) -> ConfigError:
        return ConfigError(str(self._path), self.line_of(key), key, problem, cure)
