"""`nutgiao plan` for programs of a SUMO network: reads, checks, tells and draws what stands in ``tlLogic``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nutgiao.cli.plan_picture import Picture
    from nutgiao.models.contracts.program import LampProgram, LampStep
    from nutgiao.simulation.link_conflicts import ConflictMatrix
    from nutgiao.simulation.program_check import ShortInterval, Verdict

SHORT_ROWS = 5
"""Change intervals that are told of each light where several are checked; of one light all are told."""


def check_programs(args: argparse.Namespace) -> int:
    """`plan check` of a ``tlLogic`` file.

    Returns:
        0 if every program may run, 1 if one is refused.

    Raises:
        ConfigError: if a file is wrong or a light is not in the network.
    """
    from nutgiao.cli.plan_program_file import read_programs
    from nutgiao.models.contracts.errors import ConfigError, ContractError
    from nutgiao.simulation.link_conflicts import read_matrices
    from nutgiao.simulation.program_check import check_program

    net = _net_of(args)
    programs = read_programs(args.plan, args.light)
    matrices = read_matrices(net)
    refused, short = [], 0
    for program in programs:
        matrix = matrices.get(program.light)
        if matrix is None:
            raise ConfigError(
                str(args.plan), None, f"tlLogic {program.light}", f"{net} has no such light.", "Name its net."
            )
        try:
            verdict = check_program(program, matrix)
        except ContractError as error:
            key = f"tlLogic {program.light}"
            raise ConfigError(
                str(args.plan), None, key, f"{error}.", f"Name the network that fits, not {net}."
            ) from error
        refused += [program.light] if verdict.refusals else []
        short += len(verdict.short)
        if verdict.refusals or len(programs) == 1 or verdict.short or verdict.not_drawn:
            print(_told(args.plan, program, verdict, all_rows=len(programs) == 1))
    lights = f"{len(programs)} program{'s' if len(programs) != 1 else ''} checked"
    warned = f"; {short} change intervals are shorter than ITE's (a warning)" if short else ""
    print(f"{lights}{warned}")
    print(
        f"refused: {', '.join(dict.fromkeys(refused))}"
        if refused
        else "it may run"
        if len(programs) == 1
        else "all may run"
    )
    return 1 if refused else 0


def show_programs(args: argparse.Namespace) -> int:
    """`plan show` of a ``tlLogic`` file.

    Raises:
        ConfigError: if a file is wrong, several lights are in it and none is named, or the program cannot be drawn.
    """
    from nutgiao.cli.plan_picture import write_picture, write_text
    from nutgiao.cli.plan_program_file import program_yaml, read_programs
    from nutgiao.models.contracts.errors import ConfigError

    path = Path(args.plan)
    programs = read_programs(path, args.light)
    if len({program.light for program in programs}) > 1:
        lights = ", ".join(dict.fromkeys(program.light for program in programs))
        raise ConfigError(str(path), None, "tlLogic", "it has several lights.", f"Name one with --light: {lights}.")
    program = programs[-1]  # of several SUMO runs the one that it reads last
    if args.format in ("svg", "png"):
        write_picture(args.out, args.format, program_drawing(path, program, _names(args, program)))
    else:
        write_text(args.out, program_yaml(program) if args.format == "yaml" else steps_table(program) + "\n")
    if args.out is not None:
        print(f"{args.out}: {_headline(program)}")
    return 0


def program_drawing(path: Path, program: LampProgram, names: Sequence[str]) -> Picture:
    """Bars of a program in steps, or the rings of a NEMA one.

    Raises:
        ConfigError: if it has no durations, or its rings are wrong.
    """
    from nutgiao.cli.plan_rings import rings_picture
    from nutgiao.cli.plan_svg import program_picture
    from nutgiao.models.contracts.errors import ConfigError, ContractError
    from nutgiao.models.contracts.program import NEMA, STATIC

    key = f"tlLogic {program.light}"
    if program.kind == NEMA:
        try:
            return rings_picture(program, names)
        except ContractError as error:
            raise ConfigError(str(path), None, key, f"{error}.", "Mend its parameters.") from error
    if not program.cycle_s > 0:
        raise ConfigError(str(path), None, key, "its steps have no durations.", "Give each phase a duration.")
    follows = program.kind not in (None, STATIC)
    return program_picture(program, names, "its times follow traffic: these are the usual ones" if follows else "")


def steps_table(program: LampProgram) -> str:
    """Each step, a line each."""
    rows = [_headline(program), f"{'step':>4}  {'seconds':>7}  {'least':>6}  {'most':>6}  state"]
    for k, step in enumerate(program.steps):
        times = [_cell(step.duration_s, 7), _cell(step.least_s, 6), _cell(step.most_s, 6)]
        rows.append(f"{k:>4}  {'  '.join(times)}  {step.state}{_tail(step)}")
    return "\n".join(rows)


def _cell(seconds: float | None, width: int) -> str:
    return f"{'' if seconds is None else f'{seconds:g}':>{width}}"


def _tail(step: LampStep) -> str:
    return f"  {step.name}" if step.name else ""


def _headline(program: LampProgram) -> str:
    offset = "" if program.offset_s is None else f", offset {program.offset_s} s".replace(".0 s", " s")
    return (
        f"program {program.id} of light {program.light}: {program.kind or 'static'}, {len(program.steps)} steps{offset}"
    )


def _net_of(args: argparse.Namespace) -> Path:
    from nutgiao.models.contracts.errors import ConfigError
    from nutgiao.simulation.xml_elements import elements

    if args.net is not None:
        return Path(args.net)
    path = Path(args.plan)
    if ".xml" not in path.suffixes or not any(element.tag == "junction" for element in elements(path)):
        raise ConfigError(str(path), None, "", "is no network, and none is named.", "Add --net NET.net.xml.")
    return path


def _names(args: argparse.Namespace, program: LampProgram) -> list[str]:
    """Edges that the links come from, where a network is at hand."""
    from nutgiao.models.contracts.errors import ConfigError
    from nutgiao.simulation.link_conflicts import read_matrices

    try:
        net = _net_of(args)
    except ConfigError:
        return []
    matrix: ConflictMatrix | None = read_matrices(net).get(program.light)
    if matrix is None:
        return []
    return ["" if link is None else "walkers" if link.is_crossing else link.ways[0][0] for link in matrix.links]


def _told(path: Path, program: LampProgram, verdict: Verdict, all_rows: bool) -> str:
    """What was found in one program, in lines for a person."""
    from nutgiao.cli.plan import explanation
    from nutgiao.models.contracts.program import NEMA, rings_of

    lines = [f"{path}: {_headline(program)}"]
    if verdict.not_drawn:
        lines.append(f"   not drawn second by second, only its states were looked at ({verdict.not_drawn})")
    cycle = round(program.cycle_s if program.kind != NEMA else rings_of(program).cycle_s)
    lines += [explanation(k, refusal, cycle, "links") for k, refusal in enumerate(verdict.refusals, start=1)]
    rows = verdict.short if all_rows else verdict.short[:SHORT_ROWS]
    if rows:
        lines.append("   change intervals shorter than ITE's (s):")
        lines.append("   shown   ITE = amber + all-red   second   ends → starts")
        lines += [_row(one) for one in rows]
    if len(rows) < len(verdict.short):
        lines.append(f"   and {len(verdict.short) - len(rows)} more; --light {program.light} tells all")
    return "\n".join(lines)


def _row(one: ShortInterval) -> str:
    ite = f"{one.ite_s:>3} = {one.amber_s} + {one.all_red_s}"
    return f"   {one.shown_s:>5}   {ite:<21}   {one.second:>6}   {one.ends} → {one.starts}"
