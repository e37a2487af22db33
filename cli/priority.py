"""`nutgiao priority`: asks a junction for priority, cancels a request, or watches what becomes of requests."""

from __future__ import annotations

import argparse
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from nutgiao.models.contracts.errors import ConfigError, UplinkDown
from nutgiao.models.contracts.priority import (
    MOST_ETA_S,
    MOST_LEVEL,
    PriorityAsk,
    PriorityItem,
    PriorityState,
    PriorityVehicle,
    RequestType,
)
from nutgiao.models.contracts.priority_desk import OPEN

if TYPE_CHECKING:
    from nutgiao.cli.priority_link import PriorityLink, PriorityMessages

AGAIN_S = 5.0
"""A request is said again after so many seconds: a box forgets who is silent for 15 s."""

ANSWER_S = 10.0
"""A box that takes part answers sooner."""

FAILED = 1


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds ``priority`` with its verbs."""
    parser = subparsers.add_parser(
        "priority",
        help="ask a junction for priority, cancel a request, watch what becomes of requests",
        description="Asks a box for priority as a bus or an ambulance does. docs/priority.md tells how.",
    )
    verbs = parser.add_subparsers(dest="verb", metavar="key|request|cancel|watch", required=True)
    key = verbs.add_parser("key", help="make a key for a sender, and show what the site file must say")
    key.add_argument("file", type=Path, help="PEM file; made if it is not there")
    request = verbs.add_parser("request", help="ask until the vehicle has passed, and tell every state")
    _connect(request)
    _sign(request)
    request.add_argument("--vehicle", default="bus", choices=list(PriorityVehicle), help="who (default: %(default)s)")
    request.add_argument("--approach", help="that it comes by")
    request.add_argument("--connection", metavar="APPROACH>TURN", help="movement, such as 'west>left'")
    request.add_argument("--group", help="signal group that it needs")
    request.add_argument("--lane", help="lane that it comes on")
    request.add_argument("--eta", type=int, default=20, metavar="S", help="seconds to the line (default: %(default)s)")
    request.add_argument("--level", type=int, default=0, help=f"urgency, 0 to {MOST_LEVEL} (default: %(default)s)")
    request.add_argument("--id", help="name of the request (default: a random one)")
    request.add_argument(
        "--for", type=float, metavar="S", dest="for_s", help="cancel after so long (default: 10 s after the arrival)"
    )
    cancel = verbs.add_parser("cancel", help="say that the vehicle has passed, or does not come")
    _connect(cancel)
    _sign(cancel)
    cancel.add_argument("id", help="name of the request")
    watch = verbs.add_parser("watch", help="tell what a junction says about requests, until Ctrl-C")
    _connect(watch)


def run(args: argparse.Namespace) -> int:
    """Runs the verb.

    Returns:
        0, or 1 if the request was not granted.

    Raises:
        NutgiaoError: if the broker or the junction does not answer, or the key cannot be used.
    """
    from nutgiao.cli.priority_link import PriorityLink, PriorityMessages
    from nutgiao.configs.keys import load_or_create_key
    from nutgiao.models.contracts.broker_url import parse_broker_url

    if args.verb == "key":
        public = load_or_create_key(args.file).public_key().public_bytes_raw().hex()
        print(f"priority:\n  - id: NAME\n    key: {public}\n    vehicles: [bus]")
        return 0
    ask = _ask(args) if args.verb == "request" else None
    if args.verb != "watch" and not args.key.exists():
        raise ConfigError(str(args.key), None, "", "there is no such key.", "Make one with `nutgiao priority key`.")
    link = PriorityLink(parse_broker_url(args.broker), args.city, args.node)
    link.open()
    try:
        if args.verb == "watch":
            for line in _lines(link, ""):
                print(line, flush=True)
            return 0
        now_s = _now(link, args.simulated)
        messages = PriorityMessages(args.sender, args.node, load_or_create_key(args.key), secrets.token_hex(4))
        if ask is None:
            link.say(messages.make(PriorityAsk(request=args.id, type=RequestType.CANCEL), now_s))
            return 0
        return _ride(link, messages, args, ask)
    finally:
        link.close()


def _connect(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("node", help="id of the junction")
    parser.add_argument("--broker", required=True, help="mqtt://[user:password@]host[:port], mqtts:// for TLS")
    parser.add_argument("--city", default="city", help="name of the city in the topics (default: %(default)s)")


def _sign(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--as", required=True, dest="sender", metavar="NAME", help="sender, as the site file names it")
    parser.add_argument("--key", required=True, type=Path, help="PEM file of the sender's Ed25519 key")
    parser.add_argument(
        "--simulated", action="store_true", help="take the time from the junction, whose street is a simulated one"
    )


def _ask(args: argparse.Namespace) -> PriorityAsk:
    if not (0 <= args.eta <= MOST_ETA_S and 0 <= args.level <= MOST_LEVEL):
        cure = f"Give 0 to {MOST_ETA_S} s and a level of 0 to {MOST_LEVEL}."
        raise ConfigError("priority request", None, "--eta, --level", "that cannot be said.", cure)
    ask = PriorityAsk(
        request=args.id or secrets.token_hex(3), type=RequestType.NEW, level=args.level, eta_s=args.eta,
        vehicle_type=PriorityVehicle(args.vehicle), signal_group=args.group, connection=args.connection,
        approach=args.approach, lane_in=args.lane,
    )  # fmt: skip
    flaw = ask.flaw()
    if flaw:
        raise ConfigError("priority request", None, "--approach", f"{flaw}.", "Say where the vehicle comes from.")
    return ask


def _now(link: PriorityLink, simulated: bool) -> float:
    """Time now, by this computer's clock or by the junction's."""
    if not simulated:
        return time.time()
    give_up = time.monotonic() + ANSWER_S
    while link.box_s is None:
        link.heard(0.2)
        if time.monotonic() > give_up:
            raise UplinkDown("the junction says nothing, so its time is not known")
    return link.box_s


def _ride(link: PriorityLink, messages: PriorityMessages, args: argparse.Namespace, ask: PriorityAsk) -> int:
    """Asks, says so again, and cancels; tells every state."""
    begin_s = said_s = _now(link, args.simulated)
    waits_s = time.monotonic()  # a simulated clock may stand still
    for_s = args.eta + 10.0 if args.for_s is None else args.for_s
    name, last, cancelled = f"{args.sender}/{ask.request}", "", False
    link.say(messages.make(ask, begin_s))
    try:
        while True:
            for status in link.heard(0.2):
                mine = [item for item in status.requests if item.request == name]
                line = _line(mine[0]) if mine else f"{name}: refused, {status.refused.get(name, '')}"
                if (mine or name in status.refused) and line != last:
                    print(line, flush=True)
                    last = line
                if mine and mine[0].state not in OPEN:
                    return 0 if mine[0].state is PriorityState.COMPLETED else FAILED
                if not mine and name in status.refused:
                    return FAILED
            now_s = _now(link, args.simulated)
            waited_s = time.monotonic() - waits_s
            if not last and waited_s > ANSWER_S:
                raise UplinkDown(f"{args.node} does not answer; does its box run, and is --city right?")
            if cancelled and waited_s > ANSWER_S:
                raise UplinkDown(f"{args.node} does not say that {name} has ended")
            if not cancelled and now_s - begin_s >= for_s:
                link.say(messages.make(PriorityAsk(request=ask.request, type=RequestType.CANCEL), now_s))
                waits_s, cancelled = time.monotonic(), True
            elif not cancelled and now_s - said_s >= AGAIN_S:
                eta_s = max(0, round(args.eta - (now_s - begin_s)))
                again = PriorityAsk(request=ask.request, type=RequestType.UPDATE, level=ask.level, eta_s=eta_s)
                link.say(messages.make(again, now_s))
                said_s = now_s
    except KeyboardInterrupt:
        link.say(messages.make(PriorityAsk(request=ask.request, type=RequestType.CANCEL), _now(link, args.simulated)))
        raise


def _lines(link: PriorityLink, last: str) -> Iterator[str]:
    """What a junction says, a line each, when it is new."""
    while True:
        for status in link.heard(1.0):
            lines = [_line(item) for item in status.requests]
            lines += [f"{name}: refused, {reason}" for name, reason in status.refused.items()]
            if "\n".join(lines) != last:
                last = "\n".join(lines)
                yield from lines


def _line(item: PriorityItem) -> str:
    return f"{item.request}: {item.state}{f', {item.reason}' if item.reason else ''}"
