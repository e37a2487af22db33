"""The `nutgiao` command: finds the subcommand, loads only that one, and turns errors into messages and exit codes."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from itertools import pairwise
from types import ModuleType
from typing import NamedTuple

from nutgiao.models.contracts.errors import NutgiaoError


class Command(NamedTuple):
    """A subcommand: the module ``nutgiao.cli.<name>`` with ``add_parser(subparsers)`` and ``run(args) -> int``.

    Of a name of two words the last one names the module, a hyphen in it written as an underscore.
    """

    name: str
    summary: str


COMMANDS = (
    Command("demo", "a simulated street, its junction boxes, a broker and the control centre, all at once"),
    Command("watch", "watch a video, RTSP address or USB camera and say what happens in the picture"),
    Command("calibrate", "find a camera's map to the ground with its error, draw lanes, zones and lamps on a still"),
    Command("lamps", "check what the lamp boxes of a site read in a clip, before a rule rests on them"),
    Command("models", "list, fetch and check the weights that see and read, and show their licences"),
    Command("site", "check site files, list the shipped ones, print the schema"),
    Command("plan", "check signal plans and SUMO programs, explain every refusal, draw them and their green bands"),
    Command("optimize", "find better timings for a SUMO scenario and verify them in SUMO"),
    Command("whatif", "compare a changed SUMO scenario with the unchanged one on paired seeds"),
    Command("control", "set the lights of a SUMO scenario second by second and compare that with the shipped control"),
    Command("control explain", "say what a light saw, considered and did at a second of a controlled run"),
    Command("evidence", "verify an evidence bundle: files, hashes and signature"),
    Command("law", "show what the law says of violations on a day: articles, fines, points, and what is unsure"),
    Command("plates", "read number plates in pictures, or say why not"),
    Command("edge", "run one junction's box"),
    Command("edge plan-capacity", "what frame rate each camera gets on a box, and what that costs in accuracy"),
    Command("central", "run the control centre"),
    Command("cases", "list, show, move, hold, export and verify the centre's cases, under a person's name"),
    Command("priority", "ask a junction for priority as a bus does, cancel it, watch what becomes of it"),
)

EXTRA_OF = {
    **dict.fromkeys(("numba", "onnxruntime", "cv2", "paho", "cryptography"), "edge"),
    **dict.fromkeys(("fastapi", "starlette", "uvicorn", "iotcore", "matplotlib", "jinja2", "reportlab"), "central"),
    **dict.fromkeys(("libsumo", "traci", "sumolib", "sumo", "cma"), "sim"),
    **dict.fromkeys(("distributed", "dask"), "cluster"),
    **dict.fromkeys(("ultralytics", "torch"), "train"),
}
"""The extra that brings each module; the extras themselves are in pyproject.toml."""

OK, FAILED, WRONG_USE, INTERRUPTED = 0, 1, 2, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line.

    Args:
        argv: arguments without the programme's name; the process's own if None.

    Returns:
        Exit code: what the subcommand returns; 2 for wrong use or wrong input, 130 after Ctrl-C.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in words
    words = [word for word in words if word != "--debug"]
    words = _joined(words)
    name = next((word for word in words if not word.startswith("-")), "")
    try:
        module = _load(name)
        args = _parser(name, module).parse_args(words)
        code = int(module.run(args)) if module else WRONG_USE
        sys.stdout.flush()
    except NutgiaoError as error:
        if debug:
            raise
        _say(str(error), *getattr(error, "__notes__", ()))
        return WRONG_USE
    except ModuleNotFoundError as error:
        extra = EXTRA_OF.get((error.name or "").partition(".")[0])
        if debug or extra is None:
            raise
        _say(f"nutgiao {name} needs the {extra} extra ({error.name} is missing): pip install 'nutgiao[{extra}]'")
        return WRONG_USE
    except KeyboardInterrupt:
        if debug:
            raise
        return INTERRUPTED
    except BrokenPipeError:  # `nutgiao site schema | head`: the reader has what it wanted
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    return code


def _joined(words: list[str]) -> list[str]:
    """The words with a subcommand's name of two words as one of them."""
    for at, (one, other) in enumerate(pairwise(words)):
        if not one.startswith("-"):
            both = f"{one} {other}"
            return [*words[:at], both, *words[at + 2 :]] if both in {command.name for command in COMMANDS} else words
    return words


def _load(name: str) -> ModuleType | None:
    if name not in {command.name for command in COMMANDS}:
        return None
    return importlib.import_module(f"nutgiao.cli.{name.rpartition(' ')[2].replace('-', '_')}")


def _parser(chosen: str, module: ModuleType | None) -> argparse.ArgumentParser:
    """The parser; only the chosen subcommand is known in full, the others by their summary."""
    parser = argparse.ArgumentParser(
        prog="nutgiao",
        description="The open brain of signalised junctions.",
        epilog="`nutgiao COMMAND --help` tells more. Apache-2.0, but some weights are not: see `nutgiao models`.",
    )
    parser.add_argument("--version", action=_Version, help="show the version and end")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error, not only its message")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in COMMANDS:
        if module and command.name == chosen:
            module.add_parser(subparsers)
        else:
            subparsers.add_parser(command.name, help=command.summary)
    return parser


class _Version(argparse.Action):
    """Asks the installed distribution only when somebody wants to know: that costs 20 ms."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str | None = None) -> None:
        super().__init__(option_strings, dest, nargs=0, default=argparse.SUPPRESS, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(f"nutgiao {version('nutgiao')}")
        parser.exit()


def _say(*lines: str) -> None:
    for line in lines:
        print(f"nutgiao: {line}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
