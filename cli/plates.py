"""`nutgiao plates`: reads Vietnamese number plates in pictures, and says why where it does not."""

from __future__ import annotations

import argparse
import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from nutgiao.models.contracts.errors import CameraLost

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nutgiao.edge.plates.reader import SeenPlate

EXIT_READ, EXIT_NOT_ALL = 0, 1


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the subcommand."""
    parser = subparsers.add_parser("plates", help="read number plates in pictures")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    read = verbs.add_parser(
        "read",
        help="read the plates in pictures",
        description="Finds and reads Vietnamese number plates. What is not sure is told as unreadable with the reason; "
        "nothing is guessed. Exit code 0: each picture has at least one plate that was read; 1: one has none; 2: wrong "
        "input.",
    )
    read.add_argument("pictures", nargs="+", type=Path, metavar="PICTURE", help="JPEG, PNG or what OpenCV reads")
    read.add_argument("--crop", action="store_true", help="each picture shows one plate and little else")
    read.add_argument(
        "--day",
        type=_day,
        metavar="YYYY-MM-DD",
        help="day of the pictures: the forms valid on it count (default: today)",
    )
    read.add_argument("--law", type=Path, metavar="FILE", help="plate file of your own instead of Vietnam's")
    read.add_argument("--json", action="store_true", help="one line of JSON for each picture")
    read.add_argument("--yes", action="store_true", help="accept the weights' licence without being asked")


def _day(text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no day; write 2026-11-22") from None


def run(args: argparse.Namespace) -> int:
    """Reads the pictures.

    Returns:
        0 if a plate was read in each, else 1.

    Raises:
        CameraLost: if a file is missing or no picture.
        ConfigError: if the plate file is wrong.
        ModelUnavailable: if the weights are not here and cannot be fetched.
    """
    import msgspec

    from nutgiao.cli.models import open_store, pull_with_bar
    from nutgiao.configs.plates import load_plate_law
    from nutgiao.edge.plates.finder import TextFinder
    from nutgiao.edge.plates.reader import PlateReader
    from nutgiao.edge.plates.recogniser import TextRecogniser
    from nutgiao.models.vision.cards import TEXT_FINDER, TEXT_READER
    from nutgiao.models.vision.plates.grammar import PlateGrammar

    law = load_plate_law(args.law)
    grammar = PlateGrammar(law, (args.day or datetime.datetime.now().astimezone().date()).isoformat())
    pictures = [(path, load_picture(path)) for path in args.pictures]
    store = open_store()
    finder = TextFinder(pull_with_bar(store, TEXT_FINDER, yes=args.yes))
    recogniser = TextRecogniser(pull_with_bar(store, TEXT_READER, yes=args.yes), grammar.letters, law.read_as)
    reader = PlateReader(finder, recogniser, grammar)
    code = EXIT_READ
    for path, picture in pictures:
        seen = [reader.read_crop(picture)] if args.crop else reader.read_picture(picture)
        if args.json:
            plates = [{**msgspec.to_builtins(plate.reading), "at_px": _middle(plate)} for plate in seen]
            row = {"picture": str(path), "day": grammar.day, "plates": plates}
            print(msgspec.json.encode(row).decode())
        else:
            print("\n".join(_told(path, seen)))
        if not any(plate.reading.text for plate in seen):
            code = EXIT_NOT_ALL
    return code


def load_picture(path: Path) -> NDArray[np.uint8]:
    """A picture from a file.

    Raises:
        CameraLost: if it is missing or no picture.
    """
    import cv2
    import numpy as np

    try:
        body = path.read_bytes()
    except OSError as error:
        raise CameraLost(f"{path}: {error.strerror or 'cannot be read'}. Name a picture file.") from error
    try:
        picture = cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR) if body else None
    except cv2.error:  # OpenCV refuses pictures of more than 2^30 pixels this way
        picture = None
    if picture is None:
        raise CameraLost(f"{path} is no picture that OpenCV can read. Name a JPEG or PNG file.")
    return np.asarray(picture, np.uint8)


def _middle(plate: SeenPlate) -> list[int] | None:
    """Where the middle of its first line is, pixels of the picture."""
    return [round(plate.lines[0].x_px), round(plate.lines[0].y_px)] if plate.lines else None


def _told(path: Path, seen: list[SeenPlate]) -> list[str]:
    if not seen:
        return [f"{path}: no plate found"]
    out = []
    for plate in seen:
        reading = plate.reading
        if reading.text:
            lines = "one line" if reading.lines == 1 else "two lines"
            what = f"{reading.shown} ({', '.join(reading.forms)}; {lines}, {reading.colour.value})"
            out.append(f"{path}: {what}, likelihood {reading.likelihood:.2f}")
            continue
        why = reading.reason.value if reading.reason else "not read"
        if why == "ambiguous" and reading.second:
            why += f" between {plate.belief.texts[0]} and {reading.second}"
        out.append(f"{path}: unreadable ({why})")
    return out
