"""`nutgiao plan`: checks a signal plan with the same safety rules as the junction's box and explains every refusal."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nutgiao.configs.document import Document
    from nutgiao.models.contracts.plan import SignalPlan
    from nutgiao.models.contracts.safety import Refusal
    from nutgiao.models.contracts.site import Signals, Site


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the subcommand."""
    parser = subparsers.add_parser("plan", help="check a signal plan against a site and explain every refusal")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    check = verbs.add_parser(
        "check",
        help="check a plan",
        description="Checks a plan second by second. Exit code 0: it may run; 1: refused; 2: the input is wrong.",
    )
    check.add_argument("plan", type=Path, help="JSON or YAML: a whole plan, or only {offset_s: …, green_s: […]}")
    check.add_argument("--site", required=True, help="site file, or the name of a shipped site")
    check.add_argument("--running", type=Path, help="the plan that runs now: checks how far the new one moves from it")
    check.add_argument("--lamps", action="store_true", help="draw one cycle, a column for each second")


def run(args: argparse.Namespace) -> int:
    """Checks the plan and prints the verdict.

    Returns:
        0 if it may run, 1 if it is refused.

    Raises:
        ConfigError: if a file is wrong or the site has no signals.
    """
    from nutgiao.configs.loader import load_site
    from nutgiao.models.contracts.errors import ConfigError
    from nutgiao.models.contracts.safety import Rule, check_plan
    from nutgiao.models.contracts.site import site_hash

    site = load_site(args.site)
    signals = site.signals
    if signals is None:
        raise ConfigError(args.site, None, "signals", "the site has no signals.", "Name a site with a signal side.")
    now_s = time.time()
    plan = _read(args.plan, site, signals, now_s)
    running = _read(args.running, site, signals, now_s) if args.running else None
    if running and len(running.green_s) != len(signals.stages):
        cure = f"Name the plan that runs at {site.id}."
        raise ConfigError(
            str(args.running), None, "green_s", f"not one green for each of {len(signals.stages)} stages.", cure
        )
    refusals = check_plan(signals, site.id, site_hash(site), plan, now_s=now_s, running=running)
    print(
        f"plan {plan.id} for {site.id}: cycle {plan.cycle_s} s, offset {plan.offset_s} s, greens {list(plan.green_s)} s"
    )
    if args.lamps and not any(refusal.rule is Rule.SHAPE for refusal in refusals):
        print(drawing(signals, plan.green_s))
    for number, refusal in enumerate(refusals, start=1):
        print(explanation(number, refusal, plan.cycle_s))
    print("refused" if refusals else "it may run")
    return 1 if refusals else 0


def explanation(number: int, refusal: Refusal, cycle_s: int) -> str:
    """A refusal in lines for a person: rule, reason, second, groups and cure."""
    lines = [f"{number}. rule {refusal.rule}: {refusal.reason}"]
    if refusal.second is not None:
        lines.append(f"   second:  {refusal.second} of the check (a cycle lasts {cycle_s} s)")
    if refusal.groups:
        lines.append(f"   groups:  {', '.join(refusal.groups)}")
    return "\n".join([*lines, f"   instead: {refusal.cure}"])


def drawing(signals: Signals, green_s: tuple[int, ...]) -> str:
    """One cycle as text: ``━`` green, ``~`` amber, space red; a column for each second."""
    from nutgiao.models.contracts.timeline import AMBER, GREEN, expand_cycle

    lamps = expand_cycle(signals, green_s)
    marks = {GREEN: "━", AMBER: "~"}
    width = max(len(group.id) for group in signals.groups)
    rows = [
        f"{group.id:>{width}} │{''.join(marks.get(int(lamp), ' ') for lamp in lamps[:, column])}│"
        for column, group in enumerate(signals.groups)
    ]
    ruler = "".join(f"{second:<10}" for second in range(0, len(lamps), 10))
    return "\n".join([*rows, f"{'s':>{width}}  {ruler}"])


def _read(path: Path, site: Site, signals: Signals, now_s: float) -> SignalPlan:
    """A plan file; what it does not say is filled in as the centre would send it now."""
    import msgspec

    from nutgiao.configs.document import Document
    from nutgiao.models.contracts.plan import SignalPlan

    document = Document(path, begins="offset_s: 0")
    body = document.data
    if set(body) <= {"offset_s", "green_s"}:
        body = {**_filled_in(path, site, signals, now_s, document), **body}
    try:
        return msgspec.convert(body, SignalPlan)
    except msgspec.ValidationError as error:
        cure = "Write the whole plan, or {offset_s: 0, green_s: [40, 25]}."
        raise document.error((), f"{error}.".replace("`", ""), cure) from error


def _filled_in(path: Path, site: Site, signals: Signals, now_s: float, document: Document) -> dict[str, Any]:
    from nutgiao.models.contracts.plan import cycle_of
    from nutgiao.models.contracts.site import site_hash

    green_s = document.data.get("green_s")
    fits = isinstance(green_s, list) and len(green_s) == len(signals.stages) and all(type(g) is int for g in green_s)
    return {
        "id": path.stem,
        "node": site.id,
        "site_hash": site_hash(site),
        "revision": 1,
        "cycle_s": cycle_of(signals, tuple(green_s)) if fits and green_s else 0,
        "valid_from_s": now_s,
        "expires_s": now_s + signals.limits.max_plan_life_s,
    }
