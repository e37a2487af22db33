"""``nutgiao models riders``: judges a network that counts riders and looks for helmets, and keeps it if it passed."""

from __future__ import annotations

import argparse
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from nutgiao.models.contracts.errors import ModelUnavailable

if TYPE_CHECKING:
    from nutgiao.edge.detect.store import WeightsStore

EXIT_OK, EXIT_FAILED = 0, 1


def add_verb(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the verb."""
    parser = verbs.add_parser(
        "riders",
        help="judge weights of yours that count riders and look for helmets; kept only if they passed",
        description="The rules on helmets and on more than two riders run only with weights that passed on labelled "
        "pictures of the site: --pictures holds pictures of single motorcycles and labels.csv with the columns file, "
        "riders (a number) and bare (yes or no: somebody has no helmet). No weights come with nutgiao.",
    )
    parser.add_argument("file", type=Path, metavar="FILE.onnx", help="takes one picture, answers four probabilities")
    parser.add_argument("--name", required=True, help="name for the site file's rider_model")
    parser.add_argument("--size", type=_size, required=True, metavar="WxH", help="input, such as 96x128")
    parser.add_argument("--pictures", type=Path, required=True, metavar="FOLDER", help="labelled, not used to make it")
    parser.add_argument("--licence", default="LicenseRef-unknown", help="SPDX identifier of the weights")
    parser.add_argument("--bgr", action="store_true", help="channels go in as blue, green, red")
    parser.add_argument("--scale", type=float, default=1.0 / 255.0, help="factor on the 0..255 values (default 1/255)")


def run(store: WeightsStore, args: argparse.Namespace) -> int:
    """Runs the verb.

    Returns:
        0 if at least one of the two rules may use the weights, else 1.

    Raises:
        ModelUnavailable: if the file or the pictures cannot be used.
    """
    from nutgiao.edge.detect.engines import keep
    from nutgiao.edge.detect.riders import OnnxRiders, judge_riders
    from nutgiao.models.vision.rider_card import RiderCard

    if not args.file.is_file():
        raise ModelUnavailable(f"{args.file}: no such file of weights")
    card = RiderCard(
        name=args.name,
        licence=args.licence,
        licence_note="This file was brought by the user: its licence is for the user to know.",
        sha256="",
        size_bytes=0,
        wheel=None,
        input_px=args.size,
        bgr=args.bgr,
        scale=args.scale,
    )
    verdict = judge_riders(OnnxRiders(args.file, card), args.pictures)
    print(f"{args.name}: {verdict}")
    for rule, passed in (("no_helmet", verdict.helmets_passed), ("overloaded", verdict.riders_passed)):
        print(f"  {rule}: {'may run' if passed else 'may not run'}")
    if not (verdict.helmets_passed or verdict.riders_passed):
        print("nothing was kept")
        return EXIT_FAILED
    store.folder.mkdir(parents=True, exist_ok=True)
    copy = store.folder / f".{args.file.stem}.making"
    try:
        shutil.copyfile(args.file, copy)
        kept = keep(store, msgspec.structs.replace(card, verdict=verdict), copy)
    finally:
        copy.unlink(missing_ok=True)
    print(f"kept as {store.path(kept)}: write 'rider_model: {kept.name}' into the site file")
    return EXIT_OK


def _size(text: str) -> tuple[int, int]:
    parts = re.fullmatch(r"(\d{1,4})x(\d{1,4})", text)
    if parts is None or not min(int(parts[1]), int(parts[2])):
        raise argparse.ArgumentTypeError(f"'{text}' is not WIDTHxHEIGHT, such as 96x128")
    return int(parts[1]), int(parts[2])
