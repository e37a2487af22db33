"""`nutgiao plan`: checks a plan or a SUMO program with the lamp rules, explains refusals, and draws what it shows."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nutgiao.models.contracts.plan import SignalPlan
    from nutgiao.models.contracts.safety import Refusal
    from nutgiao.models.contracts.site import Signals, Site

FORMATS = {".svg": "svg", ".png": "png", ".txt": "text", ".yaml": "yaml", ".yml": "yaml"}
"""What is written to a file of that ending."""

SITE = "site file, or the name of a shipped site; not needed for SUMO's programs"
NET = "SUMO network of a tlLogic file; not needed where the file is the network"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the subcommand."""
    from nutgiao.cli.plan_corridor import add_parser as add_corridor

    parser = subparsers.add_parser(
        "plan", help="check signal plans and SUMO programs, explain every refusal, draw them"
    )
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    check = verbs.add_parser(
        "check",
        help="check a plan, or the programs of a SUMO file",
        description="Checks a plan, or each program of a tlLogic file, second by second. Exit code 0: it may run; "
        "1: refused; 2: the input is wrong. Intergreens and change intervals below ITE's are warnings.",
    )
    check.add_argument(
        "plan",
        type=Path,
        help="JSON or YAML: a whole plan, or only {offset_s: …, green_s: […]}; or SUMO's tlLogic file",
    )
    check.add_argument("--site", help=SITE)
    check.add_argument("--running", type=Path, help="the plan that runs now: checks how far the new one moves from it")
    check.add_argument("--lamps", action="store_true", help="draw one cycle, a column for each second")
    show = verbs.add_parser(
        "show",
        help="draw a plan or program: one row a signal group over one cycle, or the rings of a NEMA program",
        description="Draws one cycle of a plan or program, or writes it as YAML that reads back unchanged. A plan that "
        "breaks rules is drawn too, and says so. Exit code 0: drawn; 2: the input is wrong.",
    )
    show.add_argument("plan", help="a file as for 'check', or the name of a row of the site's own table")
    show.add_argument("--site", help=SITE)
    show.add_argument("--out", type=Path, metavar="FILE", help="where to write it; without it, it is printed")
    show.add_argument(
        "--format",
        choices=tuple(dict.fromkeys(FORMATS.values())),
        help="default: what the ending of FILE says (.svg, .png, .txt, .yaml), otherwise text",
    )
    for verb in (check, show):
        verb.add_argument("--net", type=Path, help=NET)
        verb.add_argument("--light", metavar="ID", help="only this light of a tlLogic file")
    add_corridor(verbs)


def run(args: argparse.Namespace) -> int:
    """Runs the verb.

    Returns:
        0; for `check` 1 if a plan or program is refused.

    Raises:
        ConfigError: if a file is wrong or the site has no signals.
    """
    from nutgiao.models.contracts.errors import ConfigError

    if args.verb == "corridor":
        from nutgiao.cli.plan_corridor import run as run_corridor

        return run_corridor(args)
    if args.verb == "show":
        args.format = args.format or FORMATS.get(args.out.suffix.lower() if args.out else "", "text")
    if args.site is None:
        from nutgiao.cli.plan_program import check_programs, show_programs
        from nutgiao.cli.plan_program_file import is_program

        if not is_program(Path(args.plan)):
            raise ConfigError(str(args.plan), None, "", "is no SUMO program.", "Add --site SITE for a plan of a site.")
        return show_programs(args) if args.verb == "show" else check_programs(args)
    from nutgiao.configs.loader import load_site

    site = load_site(args.site)
    if site.signals is None:
        raise ConfigError(args.site, None, "signals", "the site has no signals.", "Name a site with a signal side.")
    return _show(args, site, site.signals) if args.verb == "show" else _check(args, site, site.signals)


def _check(args: argparse.Namespace, site: Site, signals: Signals) -> int:
    from nutgiao.cli.plan_file import read_plan
    from nutgiao.models.contracts.errors import ConfigError
    from nutgiao.models.contracts.safety import check_plan
    from nutgiao.models.contracts.shape_rules import SHAPE_RULES
    from nutgiao.models.contracts.site import site_hash
    from nutgiao.models.contracts.site_intervals import short_intergreens

    now_s = time.time()
    plan = read_plan(args.plan, site, signals, now_s)
    running = read_plan(args.running, site, signals, now_s) if args.running else None
    if running and len(running.green_s) != len(signals.stages):
        cure = f"Name the plan that runs at {site.id}."
        raise ConfigError(
            str(args.running), None, "green_s", f"not one green for each of {len(signals.stages)} stages.", cure
        )
    refusals = check_plan(signals, site.id, site_hash(site), plan, now_s=now_s, running=running)
    print(_headline(site, plan))
    if args.lamps and not any(refusal.rule in SHAPE_RULES for refusal in refusals):
        print(drawing(signals, plan))
    for number, refusal in enumerate(refusals, start=1):
        print(explanation(number, refusal, plan.cycle_s))
    for short in short_intergreens(site):
        print(f"warning: {short}", file=sys.stderr)
    print("refused" if refusals else "it may run")
    return 1 if refusals else 0


def _show(args: argparse.Namespace, site: Site, signals: Signals) -> int:
    from nutgiao.cli.plan_file import plan_yaml
    from nutgiao.cli.plan_picture import write_picture, write_text
    from nutgiao.cli.plan_svg import plan_picture

    plan, broken = _drawable(args.plan, site, signals)
    if args.format in ("svg", "png"):
        note = f"refused by the rules: {broken}" if broken else ""
        write_picture(args.out, args.format, plan_picture(signals, plan, note))
    elif args.format == "yaml":
        write_text(args.out, plan_yaml(plan, tuple(stage.id for stage in signals.stages)))
    else:
        told = f"{_headline(site, plan)}\n{stage_table(signals, plan)}\n{drawing(signals, plan)}\n"
        write_text(args.out, told)
    if args.out is not None:
        print(f"{args.out}: {_headline(site, plan)}")
    if broken and args.format not in ("svg", "png"):
        print(f"refused by the rules: {broken}; 'nutgiao plan check' explains them", file=sys.stderr)
    return 0


def _drawable(name: str, site: Site, signals: Signals) -> tuple[SignalPlan, str]:
    """A plan that has lamps, and the rules that it breaks besides time and number."""
    from nutgiao.cli.plan_file import read_plan
    from nutgiao.models.contracts.errors import ConfigError
    from nutgiao.models.contracts.plan import cycle_of, local_plan
    from nutgiao.models.contracts.safety import DRAWABLE_S, Rule, check_plan
    from nutgiao.models.contracts.shape_rules import SHAPE_RULES
    from nutgiao.models.contracts.site import site_hash

    now_s = time.time()
    row = next((row for row in signals.time_of_day if row.id == name and not Path(name).exists()), None)
    if row is not None:
        plan = local_plan(site.id, signals, site_hash(site), row)
    else:
        plan = read_plan(Path(name), site, signals, now_s)
    refusals = check_plan(signals, site.id, site_hash(site), plan, now_s=now_s)
    if any(refusal.rule is Rule.SHAPE for refusal in refusals):
        stages = ", ".join(stage.id for stage in signals.stages)
        cure = f"Give a second or more to each of {stages}."
        raise ConfigError(name, None, "green_s", f"{len(plan.green_s)} greens {list(plan.green_s)}.", cure)
    wrong = next((refusal for refusal in refusals if refusal.rule in SHAPE_RULES), None)
    if wrong is not None:
        raise ConfigError(name, None, "order", f"{wrong.reason}.", f"Instead: {wrong.cure}.")
    if cycle_of(signals, plan.green_s, plan.order) > DRAWABLE_S:
        raise ConfigError(name, None, "green_s", f"a cycle of more than {DRAWABLE_S} s.", "Give shorter greens.")
    rules = dict.fromkeys(str(refusal.rule) for refusal in refusals)
    return plan, ", ".join(rule for rule in rules if rule not in (Rule.REVISION, Rule.VALIDITY))


def _headline(site: Site, plan: SignalPlan) -> str:
    order = f", order {list(plan.order)}" if plan.order else ""
    return (
        f"plan {plan.id} for {site.id}: cycle {plan.cycle_s} s, offset {plan.offset_s} s, greens {list(plan.green_s)} s"
        f"{order}"
    )


def explanation(number: int, refusal: Refusal, cycle_s: int, who: str = "groups") -> str:
    """A refusal in lines for a person: rule, reason, second, groups or links (`who`) and cure."""
    lines = [f"{number}. rule {refusal.rule}: {refusal.reason}"]
    if refusal.second is not None:
        lines.append(f"   second:  {refusal.second} of the check (a cycle lasts {cycle_s} s)")
    if refusal.groups:
        lines.append(f"   {who + ':':<9}{', '.join(refusal.groups)}")
    return "\n".join([*lines, f"   instead: {refusal.cure}"])


def stage_table(signals: Signals, plan: SignalPlan) -> str:
    """Each stage's green within the cycle, a line each."""
    from nutgiao.models.contracts.timeline import stage_starts

    width = max(5, *(len(stage.id) for stage in signals.stages))
    rows = [f"{'stage':>{width}}  green  from    to  groups"]
    starts = stage_starts(signals, plan.green_s, plan.order)
    for stage, green, start in zip(signals.stages, plan.green_s, starts, strict=True):
        rows.append(f"{stage.id:>{width}}  {green:5d}  {start:4d}  {start + green:4d}  {', '.join(stage.groups)}")
    return "\n".join(rows)


def drawing(signals: Signals, plan: SignalPlan) -> str:
    """One cycle as text: ``━`` green, ``~`` amber, space red; a column for each second."""
    from nutgiao.models.contracts.timeline import AMBER, GREEN, expand_cycle

    lamps = expand_cycle(signals, plan.green_s, plan.order)
    marks = {GREEN: "━", AMBER: "~"}
    width = max(len(group.id) for group in signals.groups)
    rows = [
        f"{group.id:>{width}} │{''.join(marks.get(int(lamp), ' ') for lamp in lamps[:, column])}│"
        for column, group in enumerate(signals.groups)
    ]
    ruler = "".join(f"{second:<10}" for second in range(0, len(lamps), 10))
    return "\n".join([*rows, f"{'s':>{width}}  {ruler}"])
