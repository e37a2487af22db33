"""``nutgiao models export|quantize|train|bench``: makes engines for a site and its box, judges and times them."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from nutgiao.models.contracts.errors import ModelUnavailable

if TYPE_CHECKING:
    from nutgiao.edge.detect.store import WeightsStore

EXIT_OK = 0


def add_verbs(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the verbs that make and time engines."""
    export = verbs.add_parser(
        "export",
        help="make an engine for another size of picture, or out of .pt weights of your own",
        description="A picture of 16:9 fills nine sixteenths of a square input. The engine made here has the same "
        "weights for the size that is asked for, and looks only for road users. It needs nutgiao[engines]; "
        "--weights needs nutgiao[train] (ultralytics, AGPL-3.0).",
    )
    export.add_argument("name", nargs="?", help="name of a model (default: the first of 'models list')")
    export.add_argument(
        "--size", type=_size, required=True, metavar="WxH", help="input, such as 640x384 (multiples of 32)"
    )
    export.add_argument("--weights", type=Path, metavar="FILE.pt", help="export these weights of yours instead")
    export.add_argument("--yes", action="store_true", help="accept the licence of weights that have to be pulled first")
    quantize = verbs.add_parser(
        "quantize",
        help="make an 8-bit engine with pictures of the site; kept only if it loses no more than 1 point",
        description="Half of the pictures say how large the numbers of each layer get, the other half judge the engine "
        "beside the weights that it was made from: average precision of road users at IoU 0.5, and by labels where "
        "each picture has a YOLO text file beside it or in labels/. One that loses more than 1 point is not kept.",
    )
    quantize.add_argument("name", help="name of a model or engine in full precision")
    quantize.add_argument(
        "--pictures", type=Path, required=True, metavar="FOLDER", help="20 or more of the site's camera"
    )
    quantize.add_argument(
        "--yes", action="store_true", help="accept the licence of weights that have to be pulled first"
    )
    train = verbs.add_parser(
        "train",
        help="fine-tune .pt weights on labelled pictures and export them (nutgiao[train])",
        description="Trains through ultralytics (AGPL-3.0) and exports the result, if it finds the labelled road users "
        "of --pictures no worse than the weights that it began with, less 1 point.",
    )
    train.add_argument("--weights", type=Path, required=True, metavar="FILE.pt", help="weights to begin with")
    train.add_argument(
        "--data", type=Path, required=True, metavar="FILE.yaml", help="ultralytics' description of the data"
    )
    train.add_argument(
        "--pictures", type=Path, required=True, metavar="FOLDER", help="labelled pictures kept out of --data"
    )
    train.add_argument("--size", type=_size, default=(640, 640), metavar="WxH", help="input (default 640x640)")
    train.add_argument("--epochs", type=int, default=50, metavar="N", help="rounds through the data (default 50)")
    bench = verbs.add_parser("bench", help="time models on everything that this box has, and print a table")
    bench.add_argument("names", nargs="*", help="models and engines (default: all that are here)")
    bench.add_argument(
        "--threads", type=int, nargs="*", default=[1, 2], metavar="N", help="threads of a call (default 1 2)"
    )
    bench.add_argument("--calls", type=int, default=20, metavar="N", help="calls that are timed (default 20)")


def run(store: WeightsStore, args: argparse.Namespace) -> int:
    """Runs one of these verbs.

    Raises:
        ModelUnavailable: for anything that is missing, or an engine that did not pass.
    """
    if args.verb == "export":
        return _export(store, args)
    if args.verb == "quantize":
        return _quantize(store, args)
    if args.verb == "train":
        from nutgiao.cli.models_train import train

        return train(store, args)
    return _bench(store, args)


def _size(text: str) -> tuple[int, int]:
    from nutgiao.edge.detect.engines import parse_size

    try:
        return parse_size(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _export(store: WeightsStore, args: argparse.Namespace) -> int:
    from nutgiao.cli.models import card_named, pull_with_bar
    from nutgiao.edge.detect.engines import resized

    if args.weights is not None:
        from nutgiao.cli.models_train import export_weights

        made = export_weights(store, args.weights, args.size)
    else:
        card = card_named(args.name)
        pull_with_bar(store, card, yes=args.yes)
        made = resized(store, card, args.size)
    print(f"{made.name} ({made.licence}): {store.path(made)}. Use it with --model {made.name}")
    return EXIT_OK


def _quantize(store: WeightsStore, args: argparse.Namespace) -> int:
    from nutgiao.cli.models import card_named, pull_with_bar
    from nutgiao.edge.detect.engines import quantized
    from nutgiao.edge.detect.gate import pictures_in

    made_with, judged_by = pictures_in(args.pictures)
    card = card_named(args.name)
    pull_with_bar(store, card, yes=args.yes)
    made = quantized(store, card, made_with, judged_by)
    print(f"{made.name} ({made.licence}): {store.path(made)}\npassed: {made.verdict}")
    return EXIT_OK


def _bench(store: WeightsStore, args: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.table import Table

    from nutgiao.cli.models import card_named
    from nutgiao.edge.detect.runtimes import Device, available
    from nutgiao.edge.detect.timing import time_calls
    from nutgiao.models.vision.cards import CARDS

    cards = [card_named(name) for name in args.names]
    cards = cards or [card for card in (*CARDS.values(), *store.engines().values()) if store.has(card)]
    if not cards:
        raise ModelUnavailable("there are no weights to time here: 'nutgiao models pull' fetches the default ones")
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    table = Table(title=f"one picture at a time; {os.cpu_count()} cores, load {load:.1f} before", title_justify="left")
    for heading in ("model", "input", "runs on", "threads"):
        table.add_column(heading)
    for heading in ("wall ms", "CPU ms", "pictures/s"):
        table.add_column(heading, justify="right")
    for card in cards:
        for device in available():
            for threads in args.threads if device in (Device.CPU, Device.OPENVINO) else [0]:
                size = f"{card.input_px[0]}x{card.input_px[1]}"
                try:
                    timed = time_calls(store.verified(card), card, device, threads, args.calls)
                except ModelUnavailable as error:
                    table.add_row(card.name, size, device, str(threads), "-", "-", str(error)[:60])
                    continue
                cells = (f"{timed.wall_ms:.1f}", f"{timed.cpu_ms:.1f}", f"{1000 / timed.wall_ms:.1f}")
                table.add_row(card.name, size, timed.name, str(threads or "all"), *cells)
    Console().print(table)
    return EXIT_OK
