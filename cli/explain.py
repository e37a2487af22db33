"""`nutgiao control explain`: what a light saw, considered and did at a second of a controlled run, and why."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING

from nutgiao.cli.arguments import clock, moment, natural
from nutgiao.models.contracts.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nutgiao.models.contracts.decision import LogHeader, Second

_MOST_NAMES = 12


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the subcommand."""
    parser = subparsers.add_parser(
        "control explain",
        help="say what a light saw, considered and did at a second of a controlled run",
        description="Tells from the log of `nutgiao control SCENARIO --out OUT` what a light showed at a second, who "
        "was seen on the way to it, which ways to go on were considered and what each would have cost, what the safety "
        "code did to the wish, and what was shown then. Without --light all lights are listed. `nutgiao control` "
        "keeps the log of its first seed, and with --explain those of all.",
    )
    parser.add_argument("out", type=Path, metavar="OUT", help="the folder that was given to `nutgiao control --out`")
    parser.add_argument(
        "--at", type=moment, required=True, metavar="TIME", help="08:12:30, or seconds by the scenario's clock"
    )
    parser.add_argument(
        "--light", metavar="ID", help="which light; the beginning of its name will do (default: a line for each)"
    )
    parser.add_argument("--seed", type=natural, metavar="N", help="of which run (default: the lowest that has a log)")
    parser.add_argument("--around", type=natural, default=0, metavar="S", help="also list S seconds before and after")
    parser.add_argument("--lang", choices=("en", "vi"), default="en", help="English or Vietnamese (en)")
    parser.add_argument("--json", action="store_true", help="print JSON for programs")


def run(args: argparse.Namespace) -> int:
    """Prints the explanation.

    Raises:
        ConfigError: if there is no such log, light or second.
    """
    from nutgiao.cli.explain_json import as_json
    from nutgiao.cli.explain_tell import Teller
    from nutgiao.cli.explain_words import Words
    from nutgiao.simulation.control.decision_log import read_log

    path = find_log(args.out, args.seed)
    header, seconds = read_log(path)
    light = None if args.light is None else _number(header, args.light)
    first_s, last_s = args.at - args.around, args.at + args.around
    found: list[Second] = []
    begin_s = end_s = None
    for second in seconds:
        begin_s = second.at_s if begin_s is None else begin_s
        end_s = second.at_s + 1.0
        if first_s < end_s and second.at_s <= last_s:
            found.append(second)
        ends_unknown = path.suffix == ".part" or args.at < begin_s  # then the end is told, so it is read
        if second.at_s > last_s and not ends_unknown:
            break
    here = next((one for one in found if one.at_s <= args.at < one.at_s + 1.0), None)
    if here is None:
        raise _outside(path, args.at, begin_s, end_s)
    if args.json:
        print(as_json(header, found, light))
        return 0
    teller = Teller(header, Words(args.lang))
    teller.title(end_s if path.suffix == ".part" else None)
    if light is None:
        for one in found:
            teller.lights(one)
        return 0
    teller.explain(here.at_s, here.lights[light])
    if args.around:
        teller.moments([(one.at_s, one.lights[light]) for one in found], here.at_s)
    return 0


def find_log(folder: Path, seed: int | None) -> Path:
    """The log of a seed, an unfinished one if there is no other; of the lowest seed if none is given.

    Raises:
        ConfigError: if there is none.
    """
    there: dict[int, Path] = {}
    for path in sorted((folder / "decisions").glob("seed-*.jsonl.gz*"), reverse=True):  # .part before whole ones
        if match := re.fullmatch(r"seed-(\d+)\.jsonl\.gz(\.part)?", path.name):
            there[int(match[1])] = path
    if not there:
        cure = f"Run `nutgiao control SCENARIO --out {folder}` once more; it keeps the log of its first seed."
        raise ConfigError(str(folder), None, "", "holds no log of decisions.", cure)
    if seed is None:
        return there[min(there)]
    if seed not in there:
        names = ", ".join(map(str, sorted(there)))
        cure = f"Take one of those there are ({names}), or run `nutgiao control` once more with --explain."
        raise ConfigError(str(folder / "decisions"), None, "--seed", f"holds no log of seed {seed}.", cure)
    return there[seed]


def _number(header: LogHeader, name: str) -> int:
    import difflib

    ids = [light.id for light in header.lights]
    if name in ids:
        return ids.index(name)
    begins = [one for one in ids if name and one.startswith(name)]
    if len(begins) == 1:
        return ids.index(begins[0])
    near = difflib.get_close_matches(name, ids, 3, 0.4) or [one for one in ids if name.lower() in one.lower()][:3]
    cure = f"Did you mean {_either(near)}?" if near else f"It has {_some(ids)}."
    raise ConfigError(header.scenario, None, "--light", f"has no light '{name}' that is set second by second.", cure)


def _either(names: Sequence[str]) -> str:
    return " or ".join(f"'{name}'" for name in names)


def _some(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _outside(path: Path, at_s: float, begin_s: float | None, end_s: float | None) -> ConfigError:
    if begin_s is None or end_s is None:
        problem = "holds no second yet: the run has just begun, or broke off in its first minute."
        return ConfigError(str(path), None, "", problem, "Wait a little, or run `nutgiao control` once more.")
    problem = f"does not hold {clock(at_s)} ({at_s:g} s)."
    cure = f"It goes from {clock(begin_s)} ({begin_s:g} s) to {clock(end_s - 1.0)} ({end_s - 1.0:g} s)."
    return ConfigError(str(path), None, "--at", problem, cure)
